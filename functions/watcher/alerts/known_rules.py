"""The alert rules and escalation policies of each tenant, as this process knows them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.model.alerts.rule import rules_in_force

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.alerts.escalation import EscalationPolicy
    from shared.model.alerts.rule import AlertRule
    from shared.ports.clock import Clock
    from shared.ports.versioned import VersionedStore

FRESH: Final = timedelta(seconds=10)
"""For so long what was read counts as known, so a change of a rule is seen at most so much later."""

_TENANTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class RuleBook:
    """What one tenant has: `rules` are those in force, the built-in ones among them."""

    rules: tuple[AlertRule, ...]
    policies: Mapping[str, EscalationPolicy]
    read_at: datetime

    def policy_of(self, policy_id: str | None) -> EscalationPolicy | None:
        return None if policy_id is None else self.policies.get(policy_id)


@dataclass(slots=True)
class KnownRules:
    """Reads a tenant's rules once in ten seconds. When they cannot be read, what needs them is done later: an alert by
    old rules, or by none, would be a wrong one."""

    rules: VersionedStore[AlertRule]
    policies: VersionedStore[EscalationPolicy]
    clock: Clock
    _books: OrderedDict[str, RuleBook] = field(default_factory=OrderedDict)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def of(self, tenant: str) -> RuleBook:
        """Raises `StoreUnavailable`."""
        with self._reading:
            now = self.clock.now()
            book = self._books.get(tenant)
            # Older than the future: a clock that was set back must not keep old news fresh.
            if book is None or not timedelta() <= now - book.read_at < FRESH:
                rules = rules_in_force(tenant, self.rules.all_of(tenant))
                book = RuleBook(rules, {one.id: one for one in self.policies.all_of(tenant)}, now)
                self._books[tenant] = book
                if len(self._books) > _TENANTS:
                    self._books.popitem(last=False)
            return book
