"""What a rule has found becomes an alert, or is counted in the one that there is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from shared.model.alerts import moves
from shared.model.alerts.alert import Subject, SubjectKind, alert_key
from shared.model.alerts.errors import AlertChanged, AlreadyCounted, StormReached
from shared.model.errors import StoreUnavailable
from shared.model.job import from_epoch_ms
from shared.ports.alerts import MAX_MARKS, Mark, Standing, StormSlot
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.notify import Notify
    from functions.watcher.alerts.silences import Silences
    from shared.model.alerts.alert import Alert, Occurrence
    from shared.model.alerts.judgement import Finding
    from shared.model.alerts.rule import AlertRule
    from shared.ports.alerts import AlertStore
    from shared.ports.clock import Clock, Ids
    from shared.ports.telemetry import Telemetry

MARKS_KEPT: Final = timedelta(days=2)
"""The stream tells a change again for a day at most."""

_TRIES: Final = 12
_NO_END: Final = partial(float, "inf")
_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """What `rule` has found about one subject. Without anything `found` about jobs its alert is only opened, unless it
    is. `silenced_until`: when a maintenance window lies over all of it."""

    rule: AlertRule
    subject: Subject
    found: Sequence[Occurrence] = ()
    silenced_until: datetime | None = None

    @classmethod
    def of(cls, found: Sequence[Finding], silences: Silences) -> Case:
        """What was `found` of one rule and subject. Raises `StoreUnavailable`."""
        rule, subject = found[0].rule, found[0].subject
        silenced_until = silences.over_all(rule.tenant, [one.job for one in found])
        return cls(rule, subject, [one.occurrence for one in found], silenced_until)

    @property
    def key(self) -> str:
        return alert_key(self.rule.id, self.subject)

    def parts(self) -> list[Case]:
        """The same in parts of which each is one write; a finding that is there twice is one."""
        distinct = list({(one.job_id, one.mark): one for one in self.found}.values())
        starts = range(0, max(len(distinct), 1), MAX_MARKS)
        return [replace(self, found=distinct[start : start + MAX_MARKS]) for start in starts]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert:
    """Exact whatever comes twice: a finding about a job has a mark, which is written with the alert that counts it.

    A burst costs one write for each 90 findings and alert, and of alerts no more than the rule's storm cap lets open.
    What there is of all of a rule's cases, and its storm, is read at once.
    """

    alerts: AlertStore
    known: KnownRules
    notify: Notify
    clock: Clock
    ids: Ids
    telemetry: Telemetry
    # Rules that have reached their cap, and in which window: what else they find is not tried to open.
    _stormy: dict[tuple[str, str], int] = field(default_factory=dict)

    def __call__(self, *cases: Case, seconds_left: Callable[[], float] = _NO_END) -> list[Case]:
        """The cases that there was no time for; of these rules none is before one that was dealt with, by their ids.

        Raises:
            StoreUnavailable: some of it may not have been written. All of it may be given again.
        """
        rules: dict[tuple[str, str], list[Case]] = {}
        for case in cases:
            rules.setdefault((case.rule.id, case.rule.tenant), []).append(case)
        left: list[Case] = []
        for _, of_one_rule in sorted(rules.items(), key=itemgetter(0)):
            left += of_one_rule if seconds_left() <= 0 else self._raise_all(of_one_rule, seconds_left)
        return left

    def _raise_all(self, cases: Sequence[Case], seconds_left: Callable[[], float]) -> Sequence[Case]:
        """The same for the cases of one rule, of which the first is dealt with at any rate."""
        rule, storm = cases[0].rule, Case(cases[0].rule, Subject(SubjectKind.STORM, cases[0].rule.id))
        seen = dict(self.alerts.standings(rule.tenant, [case.key for case in (storm, *cases)]))
        above: list[Case] = []
        left: Sequence[Case] = ()
        for place, case in enumerate(cases):
            if place and seconds_left() <= 0:
                left = cases[place:]
                break
            above += [one for part in case.parts() if (one := self._raise(part, seen, storm)) is not None]
        if above:
            # All that is above the cap is counted together: the overflow alert is one item.
            found = [one for case in above for one in case.found]
            silent = [case.silenced_until for case in above if case.silenced_until is not None]
            silenced_until = max(silent) if len(silent) == len(above) else None
            for part in replace(storm, found=found, silenced_until=silenced_until).parts():
                self._raise(part, seen, storm)
        return left

    def _raise(self, case: Case, seen: dict[str, Standing], storm: Case) -> Case | None:
        """What of the case was left out as one alert too many; None when it was dealt with. `seen` are the alerts of
        its rule as they were last read or written."""
        found = case.found
        for attempt in range(_TRIES):
            if case.found and not found:
                return None
            now, latest = self.clock.now(), seen[case.key]
            if not found and case.key != storm.key and latest.alert is not None and latest.alert.state.is_live:
                return None
            if case.key != storm.key and self._is_one_too_many(case.rule, latest.alert, seen[storm.key].alert, now):
                return replace(case, found=found)
            alert, slot = self._decided(replace(case, found=found), latest, now)
            marks = [Mark(case.rule.id, one.job_id, one.mark) for one in found]
            try:
                self.alerts.record(alert, seen=latest, marks=marks, marked_until=_whole(now + MARKS_KEPT), slot=slot)
            except AlreadyCounted as known:
                found = [one for place, one in enumerate(found) if place not in known.marks]
            except StormReached:
                self._stormy[case.rule.tenant, case.rule.id] = case.rule.storm_cap.window_of(now)
            except AlertChanged:
                # Another part of the same burst: each goes its own while before it tries again.
                self.clock.sleep(_PAUSE_SECONDS * (attempt + 1) * self.ids.chance())
                seen[case.key] = self.alerts.standing(case.rule.tenant, case.key)
            else:
                seen[case.key] = Standing.of(self._tell(alert, latest, len(found)))
                return None
        raise StoreUnavailable("an alert did not hold still", outcome_unknown=False)

    def _is_one_too_many(self, rule: AlertRule, latest: Alert | None, storm: Alert | None, now: datetime) -> bool:
        """Whether a new alert would be above the rule's cap, as far as is known before it is tried.

        A storm lasts until its alert is over, which takes a quiet window: the next window alone ends no burst.
        """
        if _goes_on(latest, now):
            return False
        if self._stormy.get((rule.tenant, rule.id)) == rule.storm_cap.window_of(now):
            return True
        return storm is not None and storm.state.is_live

    def _decided(self, case: Case, seen: Standing, now: datetime) -> tuple[Alert, StormSlot | None]:
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

    def _tell(self, alert: Alert, seen: Standing, found: int) -> Alert:
        before = seen.alert if seen.alert is not None and seen.alert.id == alert.id else None
        if before is None or not before.state.is_live:
            self.telemetry.note(
                "alert_opened" if before is None else "alert_reopened",
                tenant=alert.tenant,
                alert_id=alert.id,
                rule_id=alert.rule_id,
                subject=f"{alert.subject.kind}:{alert.subject.id}",
                severity=alert.severity,
                found=found,
            )
            self.telemetry.measure(Metric.ALERTS_OPENED)
        return self.notify(alert)


def _goes_on(alert: Alert | None, now: datetime) -> bool:
    return alert is not None and (alert.state.is_live or moves.is_to_be_reopened(alert, now))


def _whole(time: datetime) -> datetime:
    return time + timedelta(microseconds=-time.microsecond % 1_000_000)
