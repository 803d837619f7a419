"""An alert: one thing that is wrong, however often it is found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.job import encode_id, epoch_ms, hashed_id

if TYPE_CHECKING:
    from shared.model.alerts.rule import QuietHours, RuleKind, Severity

PUNCTUAL: Final = "punctual"
"""Who moved an alert that no person moved."""

SAMPLES_KEPT: Final = 10
HISTORY_KEPT: Final = 30
KEPT_SECONDS: Final = 90 * 86_400
"""How long an alert that is resolved can be read."""


class AlertState(StrEnum):
    """Where an alert stands. The comment says who moves it on."""

    OPEN = "open"  # the watcher, who escalates it; a person; its recovery
    ESCALATED = "escalated"  # the same: a further step of its policy has been taken
    ACKNOWLEDGED = "acknowledged"  # its recovery, or a person: nobody else is told meanwhile
    SILENCED = "silenced"  # the watcher, when the time is over; a person; its recovery
    RESOLVED = "resolved"  # the next finding, if it comes within the grace period; otherwise nobody

    @property
    def is_live(self) -> bool:
        return self is not AlertState.RESOLVED


class AlertMove(StrEnum):
    """What may happen to an alert."""

    OPEN = "open"
    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    RESOLVE = "resolve"
    REOPEN = "reopen"


class SubjectKind(StrEnum):
    """What an alert is about: failures with one subject under one rule are one alert."""

    TEMPLATE = "template"  # the jobs of a template
    GROUP = "group"  # the jobs of a group
    ERROR = "error"  # jobs with neither that failed by the same error, by its fingerprint
    JOBS = "jobs"  # jobs with neither, for rules that know no error
    TENANT = "tenant"  # all jobs
    TARGET = "target"  # what jobs call, by its identity
    STORM = "storm"  # everything above a rule's storm cap


class Subject(NamedTuple):
    kind: SubjectKind
    id: str


def alert_key(rule_id: str, subject: Subject) -> str:
    """The fingerprint of what is wrong: of alerts with one key, one at most is live."""
    return hashed_id(rule_id, subject.kind, subject.id)


def alert_id(tenant: str, key: str, opened_at: datetime) -> str:
    """The id of the alert with that key that opened then: sortable by time, like the ids of jobs."""
    digest = hashlib.sha256("\0".join((tenant, key)).encode()).digest()
    return encode_id(epoch_ms(opened_at).to_bytes(6, "big") + digest[:9])


class Occurrence(NamedTuple):
    """One thing found about one job. `mark` names it among the findings of a rule about that job, so that the same one,
    told again, is not counted again."""

    job_id: str
    mark: str
    at: datetime
    name: str | None = None
    error_type: str | None = None
    error_message: str | None = None


class Transition(NamedTuple):
    """A move of an alert as its history keeps it: `by` is an API key's id, or `punctual`."""

    move: AlertMove
    state: AlertState
    at: datetime
    by: str
    note: str | None


class NotificationKind(StrEnum):
    """Why somebody is told."""

    OPENED = "opened"  # the first step of the policy
    OVERFLOW = "overflow"  # the same of an overflow alert
    ESCALATED = "escalated"  # a further step
    REMINDER = "reminder"  # the first step of a further round
    RESOLVED = "resolved"  # it has recovered; to all that were told of it, once
    TEST = "test"  # somebody tries a channel


class Pending(NamedTuple):
    """Something that has to be told, from the write that decided it until the jobs that tell it exist."""

    number: int
    kind: NotificationKind
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as the store holds it. It is never mutated: a move makes a new one.

    `revision` rises with each write; `version` with what a client would want to have seen before it decides, and is the
    ETag. `count` is how much was found, of which `samples` are the latest. `rule_name`, `severity`, `policy_id`,
    `quiet_hours` and the two spans are those of the rule when it opened.

    `begun_at` is when its escalation began, later than it opened by what was spent in silence and quiet hours, and by
    what steps were taken too late; `steps_taken` and `step_at` say how far that has come. `told` are the channels that
    know of it, `pending` what is still to be told; `notified` counts the decisions to tell, and `announced` is the
    version up to which its moves have been told as events. `check_at` is when its recovery is looked for.
    """

    tenant: str
    id: str
    key: str
    rule_id: str
    rule_name: str
    kind: RuleKind
    subject: Subject
    severity: Severity
    opened_at: datetime
    last_at: datetime
    changed_at: datetime
    state: AlertState = AlertState.OPEN
    count: int = 0
    samples: tuple[Occurrence, ...] = ()
    history: tuple[Transition, ...] = ()
    policy_id: str | None = None
    quiet_hours: QuietHours | None = None
    grace_seconds: int = 300
    resolve_after_seconds: int = 900
    begun_at: datetime
    steps_taken: int = 0
    step_at: datetime | None = None
    told: tuple[str, ...] = ()
    pending: tuple[Pending, ...] = ()
    notified: int = 0
    announced: int = 0
    check_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    silenced_at: datetime | None = None
    silenced_until: datetime | None = None
    resolved_at: datetime | None = None
    recover_at: datetime | None = None
    version: int = 1
    revision: int = 1

    @property
    def is_overflow(self) -> bool:
        return self.subject.kind is SubjectKind.STORM

    @property
    def is_in_a_window(self) -> bool:
        """Whether it is a maintenance window that silences it: no person has."""
        return self.state is AlertState.SILENCED and self.history[-1].by == PUNCTUAL

    @property
    def is_news(self) -> bool:
        """Whether something about it is still to be told."""
        return bool(self.pending) or self.announced < self.version

    @property
    def due_at(self) -> datetime | None:
        """When somebody has to look at it; None when nobody has to any more."""
        times = [self.check_at, self.silenced_until, self.recover_at, self.changed_at if self.is_news else None]
        if self.state in _ESCALATING:
            times.append(self.step_at)
        return min((time for time in times if time is not None), default=None)

    @property
    def expire_item_at(self) -> datetime | None:
        """When it may be forgotten, in whole seconds."""
        if self.resolved_at is None or self.due_at is not None:
            return None
        gone_at = self.resolved_at + timedelta(seconds=KEPT_SECONDS)
        return gone_at + timedelta(microseconds=-gone_at.microsecond % 1_000_000)

    def written(self, **changes: object) -> Alert:
        """The next revision."""
        return replace(self, revision=self.revision + 1, **changes)  # type: ignore[arg-type]


_ESCALATING: Final = frozenset({AlertState.OPEN, AlertState.ESCALATED})
