"""Alert rules: what is worth an alert, of which jobs, and who is to be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from shared.model.job import from_epoch_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from shared.model.job import Job


class RuleKind(StrEnum):
    """What a rule finds. The comment says what makes its alert recover by itself."""

    FAILED_FOR_GOOD = "failed_for_good"  # a later success, or none of its dead letters is left
    FAILURES_IN_A_ROW = "failures_in_a_row"  # a later success
    DEADLINE_MISSED = "deadline_missed"  # a later success; for jobs without a template and a group: quiet
    LATE_START = "late_start"  # quiet: none for `resolve_after`
    RUNNING_LONG = "running_long"  # none of them runs any more, and quiet
    UNDELIVERABLE = "undeliverable"  # all of them have begun, and quiet
    DEAD_LETTER_COUNT = "dead_letter_count"  # there are fewer
    NOTHING_SUCCEEDED = "nothing_succeeded"  # a success
    BREAKER_OPEN = "breaker_open"  # it has closed

    @property
    def is_looked_at_each_minute(self) -> bool:
        """Whether a change of a job cannot tell: what did not happen has no change."""
        return self in _MINUTELY


_MINUTELY: Final = frozenset({RuleKind.RUNNING_LONG, RuleKind.NOTHING_SUCCEEDED, RuleKind.BREAKER_OPEN})


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"  # quiet hours do not hold its notifications


class Breadth(IntEnum):
    """How wide a scope is. Of the rules of one kind that cover a job, those with the narrowest scope decide."""

    TEMPLATES = 0
    GROUP = 1
    TAGS = 2
    TENANT = 3


@dataclass(frozen=True, slots=True)
class RuleScope:
    """Which of a tenant's jobs a rule is about: those of some templates, those of a group, or those with all of `tags`.
    One of the three is set, or none: then it is about all of them."""

    template_ids: tuple[str, ...] | None = None
    group: str | None = None
    tags: Mapping[str, str] | None = None

    @property
    def breadth(self) -> Breadth:
        if self.template_ids is not None:
            return Breadth.TEMPLATES
        if self.group is not None:
            return Breadth.GROUP
        return Breadth.TENANT if self.tags is None else Breadth.TAGS

    def covers(self, job: Job) -> bool:
        if self.template_ids is not None:
            return job.template_id in self.template_ids
        if self.group is not None:
            return job.group == self.group
        return all(job.tags.get(name) == value for name, value in (self.tags or {}).items())


ALL_JOBS: Final = RuleScope()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Each day from `starts` until `ends`, minutes after midnight in `timezone`; past midnight when it ends before it
    starts."""

    timezone: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class StormCap:
    """At most `alerts` alerts open in each `window_seconds`; the rest of that time is one overflow alert."""

    alerts: int = 20
    window_seconds: int = 600

    def window_of(self, now: datetime) -> int:
        """The number of the window in which `now` lies."""
        return int(now.timestamp()) // self.window_seconds


DEFAULT_STORM_CAP: Final = StormCap()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A rule as it is stored.

    `count`: how many failures in a row, or dead letters. `seconds`: how late, for how long nothing succeeded, for how
    long a job could not be delivered. `factor`, `min_samples`: how many times the usual 95th percentile a job runs, and
    of how many runs that must be known. Each is set for the kinds that need it.

    An alert that has recovered and comes back within `grace_seconds` is the same alert; its recovery is told when that
    time is over. `resolve_after_seconds`: for how long nothing more must be found where quiet means recovery. Without
    `policy_id` nobody is told. `fingerprint` is a digest of the request that created it under an Idempotency-Key.
    """

    tenant: str
    id: str
    name: str
    kind: RuleKind
    created_at: datetime
    changed_at: datetime
    changed_by: str
    scope: RuleScope = ALL_JOBS
    severity: Severity = Severity.WARNING
    is_enabled: bool = True
    count: int | None = None
    seconds: int | None = None
    factor: float | None = None
    min_samples: int | None = None
    policy_id: str | None = None
    quiet_hours: QuietHours | None = None
    storm_cap: StormCap = DEFAULT_STORM_CAP
    grace_seconds: int = 300
    resolve_after_seconds: int = 900
    version: int = 1
    fingerprint: str | None = None


UNDELIVERABLE_SECONDS: Final = 900


def built_in_rules(tenant: str) -> tuple[AlertRule, ...]:
    """What a tenant has of the kinds for which it has no rule of its own: nothing fails unseen, and nobody is told."""
    epoch = from_epoch_ms(0)
    known = {
        RuleKind.FAILED_FOR_GOOD: "failed for good (built in)",
        RuleKind.UNDELIVERABLE: "could not be delivered (built in)",
    }
    return tuple(
        AlertRule(
            tenant=tenant,
            id=f"built-in-{kind.replace('_', '-')}",
            name=name,
            kind=kind,
            seconds=UNDELIVERABLE_SECONDS if kind is RuleKind.UNDELIVERABLE else None,
            created_at=epoch,
            changed_at=epoch,
            changed_by="punctual",
        )
        for kind, name in known.items()
    )


def rules_in_force(tenant: str, rules: Sequence[AlertRule]) -> tuple[AlertRule, ...]:
    """The tenant's enabled rules, and the built-in ones of the kinds of which it has none, enabled or not."""
    kinds = {rule.kind for rule in rules}
    built_in = (rule for rule in built_in_rules(tenant) if rule.kind not in kinds)
    return (*(rule for rule in rules if rule.is_enabled), *built_in)


MOST_OF_A_KIND: Final = 10
"""So many rules of one kind judge a job, the oldest: each of them counts each of its failures in a write."""


def rules_about(job: Job, rules: Iterable[AlertRule]) -> list[AlertRule]:
    """Of each kind the rules that judge `job`: of those that cover it, the ones with the narrowest scope, so that what
    is said of all jobs and again of some is told once; and of these the first ten that were made."""
    covering: dict[RuleKind, list[AlertRule]] = {}
    for rule in rules:
        if rule.scope.covers(job):
            covering.setdefault(rule.kind, []).append(rule)
    chosen = []
    for same_kind in covering.values():
        narrowest = min(rule.scope.breadth for rule in same_kind)
        judging = [rule for rule in same_kind if rule.scope.breadth is narrowest]
        chosen += sorted(judging, key=lambda rule: (rule.created_at, rule.id))[:MOST_OF_A_KIND]
    return chosen
