"""What must hold of alerts (I23 to I26): each thing found is counted in one of them, few are told of many, nobody is
told what somebody looks after, and the end is told once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.alerts.alert import AlertState, NotificationKind
from shared.model.alerts.rule import RuleKind
from shared.model.groups import is_reserved
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from shared.model.alerts.alert import Alert
    from shared.model.alerts.rule import AlertRule, StormCap
    from shared.model.job import Job
    from shared.ports.alerts import Mark

_LATE: Final = frozenset({"expired", "missed"})
_NOT_THE_END: Final = frozenset(NotificationKind) - {NotificationKind.RESOLVED}


class Told(NamedTuple):
    """That one channel was told of an alert: by the notification of that number, which says `kind`."""

    alert_id: str
    number: int
    kind: str
    channel_id: str


def i23_what_is_counted_is_what_was_found(before: Alert | None, after: Alert, marks: Sequence[Mark]) -> Iterator[str]:
    """And an alert that is there goes on being about the same."""
    count = 0 if before is None else before.count
    if after.count != count + len(set(marks)) or len(set(marks)) != len(marks):
        yield f"{count} were counted, and are {after.count} with {len(marks)} more"
    if before is not None and (before.key, before.rule_id, before.subject) != (after.key, after.rule_id, after.subject):
        yield f"it was about {before.subject}, and is about {after.subject}"


def i23_each_is_counted_in_one_alert(
    rules: Iterable[AlertRule], ended: Collection[Job], counted: Mapping[tuple[str, str], Counter[str]]
) -> Iterator[str]:
    """Of the kinds that need no more than one job: as often as it ended so. `counted`: of each tenant and rule, how
    often each job was. `rules` are all that a tenant has of these kinds; where it has none, the system has one."""
    by_kind: dict[tuple[str, RuleKind], list[AlertRule]] = {}
    for rule in rules:
        by_kind.setdefault((rule.tenant, rule.kind), []).append(rule)
    expected: dict[tuple[str, str], Counter[str]] = {}
    for job in ended:
        kind = _kind_of_end(job)
        if kind is None or is_reserved(job.group):
            continue
        for rule_id in _judging(by_kind.get((job.tenant, kind), ()), job, kind):
            expected.setdefault((job.tenant, rule_id), Counter())[job.id] += 1
    exact = {(rule.tenant, rule.id) for rule in rules if rule.kind in _EXACT} | expected.keys()
    for key in sorted(exact):
        wanted, found = expected.get(key, Counter()), counted.get(key, Counter())
        if wanted != found:
            yield f"rule {key} has not counted {dict(wanted - found)}, and too often {dict(found - wanted)}"


_EXACT: Final = frozenset({RuleKind.FAILED_FOR_GOOD, RuleKind.DEADLINE_MISSED})


def _kind_of_end(job: Job) -> RuleKind | None:
    if job.status is Status.FAILED:
        return RuleKind.FAILED_FOR_GOOD
    return RuleKind.DEADLINE_MISSED if job.status is Status.SKIPPED and job.reason in _LATE else None


def _judging(rules: Sequence[AlertRule], job: Job, kind: RuleKind) -> list[str]:
    if not rules:
        return ["built-in-failed-for-good"] if kind is RuleKind.FAILED_FOR_GOOD else []
    narrow = [one.id for one in rules if one.scope.group is not None and one.scope.group == job.group]
    return narrow or [one.id for one in rules if one.scope.group is None]


def i24_a_storm_opens_no_more_than_its_cap(
    opened: Sequence[Alert], cap: StormCap, by_hand: Collection[str] = ()
) -> Iterator[str]:
    """`opened`: all alerts of a rule, as they opened. In each window so many and one about all that is above them, and
    another for each of those that somebody has ended `by_hand`."""
    windows: dict[int, list[bool]] = {}
    for alert in opened:
        window = int(alert.opened_at.timestamp()) // cap.window_seconds
        if not (alert.is_overflow and alert.id in by_hand):
            windows.setdefault(window, []).append(alert.is_overflow)
    for window, overflows in windows.items():
        if overflows.count(False) > cap.alerts or overflows.count(True) > 1:
            yield f"{overflows.count(False)} alerts and {overflows.count(True)} overflows opened in window {window}"


def i24_one_of_a_kind_is_live(after: Alert, others: Iterable[Alert]) -> Iterator[str]:
    same = [one.id for one in others if (one.tenant, one.key) == (after.tenant, after.key) and one.id != after.id]
    live = [one.id for one in others if one.id in same and one.state.is_live]
    if after.state.is_live and live:
        yield f"beside {live}, which are about the same"


def i25_who_looks_after_it_is_left_alone(before: Alert | None, after: Alert) -> Iterator[str]:
    """Once it is acknowledged, nobody is told but that it is over; nor in silence."""
    if before is None:
        return
    new = [one.kind for one in after.pending if one.number > before.notified]
    goes_on = after.state is before.state or after.state is AlertState.RESOLVED
    is_left_alone = before.state in {AlertState.ACKNOWLEDGED, AlertState.SILENCED} and goes_on
    if is_left_alone and _NOT_THE_END & set(new):
        yield f"it was {before.state}, and {new} are told"
    if before.state is AlertState.ACKNOWLEDGED and after.state in {AlertState.OPEN, AlertState.ESCALATED}:
        yield f"it was acknowledged, and is {after.state}"
    if before.acknowledged_at is not None and before.state.is_live and after.steps_taken > before.steps_taken:
        yield f"it was acknowledged, and step {after.steps_taken} is taken"


def i26_what_is_decided_is_told_once(decided: Collection[Told], told: Sequence[Told]) -> Iterator[str]:
    """By one job for each channel."""
    jobs = Counter(told)
    yield from (f"{one} was decided, and not told" for one in sorted(set(decided) - jobs.keys()))
    yield from (f"{one} was told, and not decided" for one in sorted(jobs.keys() - set(decided)))
    yield from (f"{one} was told by {count} jobs" for one, count in jobs.items() if count > 1)


def i26_the_end_is_told_once_to_who_knows(alerts: Iterable[Alert], told: Collection[Told]) -> Iterator[str]:
    """What alerts are about is over: all are resolved, and each channel that was told of one was told so once, and no
    other."""
    for alert in alerts:
        if alert.state.is_live or alert.recover_at is not None or alert.is_news:
            yield f"alert {alert.id} about {alert.subject} is {alert.state}, to recover at {alert.recover_at}"
        knows = {one.channel_id for one in told if one.alert_id == alert.id and one.kind != "alert.resolved"}
        ends = Counter(one.channel_id for one in told if one.alert_id == alert.id and one.kind == "alert.resolved")
        if ends != Counter(knows):
            yield f"alert {alert.id} was told to {sorted(knows)}, and its end to {dict(ends)}"
