"""The alert rules and escalation policies of each tenant, as this process knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.known import KnownPerTenant
from shared.model.alerts.rule import rules_in_force

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.alerts.escalation import EscalationPolicy
    from shared.model.alerts.rule import AlertRule
    from shared.ports.clock import Clock
    from shared.ports.versioned import VersionedStore

FRESH: Final = timedelta(seconds=10)
"""For so long what was read counts as known, so a change of a rule is seen at most so much later."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """What one tenant has: `rules` are those in force, the built-in ones among them."""

    rules: tuple[AlertRule, ...]
    policies: Mapping[str, EscalationPolicy]

    def policy_of(self, policy_id: str | None) -> EscalationPolicy | None:
        return None if policy_id is None else self.policies.get(policy_id)


class KnownRules:
    """Reads a tenant's rules once in ten seconds. When they cannot be read, what needs them is done later: an alert by
    old rules, or by none, would be a wrong one."""

    def __init__(
        self, rules: VersionedStore[AlertRule], policies: VersionedStore[EscalationPolicy], clock: Clock
    ) -> None:
        self._rules = rules
        self._policies = policies
        nothing = RuleBook((), {})
        self._known = KnownPerTenant(self._read, nothing, fresh=FRESH, clock=clock)

    def of(self, tenant: str) -> RuleBook:
        """Raises `StoreUnavailable`."""
        return self._known.of(tenant)

    def _read(self, tenant: str, _: RuleBook) -> RuleBook:
        rules = rules_in_force(tenant, self._rules.all_of(tenant))
        return RuleBook(rules, {one.id: one for one in self._policies.all_of(tenant)})
