"""What happened to jobs, judged by the tenants' alert rules."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from functions.watcher.alerts.evaluate_rule import next_minute
from functions.watcher.alerts.latest_jobs import INDEX_LAG
from functions.watcher.alerts.raise_alert import Case
from shared.model.alerts.judgement import findings, is_judged
from shared.model.alerts.rule import RuleKind
from shared.model.errors import StoreUnavailable
from shared.ports.alerts import DueKind, DueLook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from functions.watcher.alerts.confirmation import Confirmation
    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.raise_alert import RaiseAlert
    from functions.watcher.alerts.silences import Silences
    from shared.model.alerts.alert import Subject
    from shared.model.alerts.judgement import Finding
    from shared.model.job_change import JobChange
    from shared.ports.alerts import AlertStore
    from shared.ports.clock import Clock


_TENANT: Final = attrgetter("tenant")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeFailures:
    """A reader of the journal. `confirmation` is what looks at the jobs before those that a batch finds.

    What is found of one rule and subject is counted in as few writes as there can be: a burst is mostly one alert.
    """

    known: KnownRules
    alerts: AlertStore
    silences: Silences
    raise_alert: RaiseAlert
    confirmation: Callable[[], Confirmation]
    clock: Clock

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when something could not be read or written, after every tenant had its turn; what
        was, is not counted again."""
        unavailable: StoreUnavailable | None = None
        for tenant, theirs in groupby(sorted(filter(is_judged, changes), key=_TENANT), key=_TENANT):
            try:
                self._judge(tenant, theirs)
            except StoreUnavailable as error:
                unavailable = unavailable or error
        if unavailable is not None:
            raise unavailable

    def _judge(self, tenant: str, changes: Iterable[JobChange]) -> None:
        rules = self.known.of(tenant).rules
        cases: dict[tuple[str, Subject], list[Finding]] = {}
        for change in changes:
            for one in findings(change, rules):
                cases.setdefault((one.rule.id, one.subject), []).append(one)
        confirmation = self.confirmation()
        confirmed = [found for found in cases.values() if self._is_confirmed(found, confirmation)]
        self.raise_alert(*(Case.of(found, self.silences) for found in confirmed))

    def _is_confirmed(self, found: Sequence[Finding], confirmation: Confirmation) -> bool:
        if confirmation.confirms(found):
            return True
        rule = found[0].rule
        if rule.kind is RuleKind.DEAD_LETTER_COUNT:
            # The index may not show those that failed a moment ago, and no other change need follow.
            due_at = next_minute(self.clock.now() + INDEX_LAG)
            self.alerts.plan_look(DueLook(due_at, rule.tenant, DueKind.RULE, rule.id))
        return False
