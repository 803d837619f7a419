"""What a rule has found becomes an alert, or is counted in the one that there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.alerts import moves
from shared.model.alerts.alert import Subject, SubjectKind, alert_key
from shared.model.alerts.errors import AlertChanged, AlreadyCounted, StormReached
from shared.model.errors import StoreUnavailable
from shared.model.job import from_epoch_ms
from shared.ports.alerts import MAX_MARKS, Mark, StormSlot
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.notify import Notify
    from shared.model.alerts.alert import Alert, Occurrence
    from shared.model.alerts.rule import AlertRule
    from shared.ports.alerts import AlertStore, Standing
    from shared.ports.clock import Clock, Ids
    from shared.ports.telemetry import Telemetry

MARKS_KEPT: Final = timedelta(days=2)
"""The stream tells a change again for a day at most."""

_TRIES: Final = 12
_PAUSE_SECONDS: Final = 0.1


@dataclass(slots=True)
class _Case:
    """What is to become an alert. `subject` turns into the storm when the rule has opened enough alerts."""

    rule: AlertRule
    subject: Subject
    found: list[Occurrence]
    silenced_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert:
    """Exact whatever comes twice: a finding about a job has a mark, which is written with the alert that counts it.

    A burst costs one write for each 90 findings and alert, and of alerts no more than the rule's storm cap lets open.
    """

    alerts: AlertStore
    known: KnownRules
    notify: Notify
    clock: Clock
    ids: Ids
    telemetry: Telemetry
    # Rules that have reached their cap, and in which window: what else they find is not tried to open.
    _stormy: dict[tuple[str, str], int] = field(default_factory=dict)

    def __call__(
        self,
        rule: AlertRule,
        subject: Subject,
        found: Sequence[Occurrence],
        *,
        silenced_until: datetime | None = None,
    ) -> None:
        """Without anything `found` about jobs the alert is only opened, unless it is.

        Raises:
            StoreUnavailable: some of it may not have been written. All of it may be given again.
        """
        # The same finding may be in one batch twice.
        distinct = list({(one.job_id, one.mark): one for one in found}.values())
        for start in range(0, max(len(distinct), 1), MAX_MARKS):
            self._raise(_Case(rule, subject, distinct[start : start + MAX_MARKS], silenced_until))

    def _raise(self, case: _Case) -> None:
        counts_jobs = bool(case.found)
        for attempt in range(_TRIES):
            if counts_jobs and not case.found:
                return
            now = self.clock.now()
            seen = self._standing(case, now)
            if seen.alert is not None and seen.alert.state.is_live and not counts_jobs:
                return
            alert, slot = self._decided(case, seen, now)
            marks = [Mark(case.rule.id, one.job_id, one.mark) for one in case.found]
            try:
                self.alerts.record(alert, seen=seen, marks=marks, marked_until=_whole(now + MARKS_KEPT), slot=slot)
            except AlreadyCounted as known:
                case.found = [one for place, one in enumerate(case.found) if place not in known.marks]
            except StormReached:
                self._stormy[case.rule.tenant, case.rule.id] = case.rule.storm_cap.window_of(now)
            except AlertChanged:
                # Another part of the same burst: each goes its own while before it tries again.
                self.clock.sleep(_PAUSE_SECONDS * (attempt + 1) * self.ids.chance())
            else:
                self._tell(alert, seen, case)
                return
        raise StoreUnavailable("an alert did not hold still", outcome_unknown=False)

    def _standing(self, case: _Case, now: datetime) -> Standing:
        """The latest alert about the subject; about the storm when a new one would be one too many.

        A storm lasts until its alert is over, which takes a quiet window: the next window alone ends no burst.
        """
        rule = case.rule
        seen = self.alerts.standing(rule.tenant, alert_key(rule.id, case.subject))
        if case.subject.kind is SubjectKind.STORM or _goes_on(seen.alert, now):
            return seen
        storm = Subject(SubjectKind.STORM, rule.id)
        standing = self.alerts.standing(rule.tenant, alert_key(rule.id, storm))
        is_full = self._stormy.get((rule.tenant, rule.id)) == rule.storm_cap.window_of(now)
        if not is_full and (standing.alert is None or not standing.alert.state.is_live):
            return seen
        case.subject = storm
        return standing

    def _decided(self, case: _Case, seen: Standing, now: datetime) -> tuple[Alert, StormSlot | None]:
        """The alert after what was found, and the slot that a new one takes."""
        rule, current = case.rule, seen.alert
        if current is not None and current.state.is_live:
            return moves.counted(current, case.found, now=now), None
        policy = self.known.of(rule.tenant).policy_of(rule.policy_id)
        if current is not None and moves.is_to_be_reopened(current, now):
            return moves.reopened(current, case.found, now=now, policy=policy), None
        alert = moves.opened(rule, case.subject, case.found, now=now, policy=policy, silenced_until=case.silenced_until)
        if alert.is_overflow:
            return alert, None
        window = rule.storm_cap.window_of(now)
        free_at = from_epoch_ms((window + 2) * rule.storm_cap.window_seconds * 1000)
        return alert, StormSlot(rule.id, window, rule.storm_cap.alerts, free_at)

    def _tell(self, alert: Alert, seen: Standing, case: _Case) -> None:
        before = seen.alert if seen.alert is not None and seen.alert.id == alert.id else None
        if before is None or not before.state.is_live:
            self.telemetry.note(
                "alert_opened" if before is None else "alert_reopened",
                tenant=alert.tenant,
                alert_id=alert.id,
                rule_id=alert.rule_id,
                subject=f"{alert.subject.kind}:{alert.subject.id}",
                severity=alert.severity,
                found=len(case.found),
            )
            self.telemetry.measure(Metric.ALERTS_OPENED)
        self.notify(alert)


def _goes_on(alert: Alert | None, now: datetime) -> bool:
    return alert is not None and (alert.state.is_live or moves.is_to_be_reopened(alert, now))


def _whole(time: datetime) -> datetime:
    return time + timedelta(microseconds=-time.microsecond % 1_000_000)
