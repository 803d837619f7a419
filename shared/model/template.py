"""A template: a recurring definition, each of whose occurrences becomes one job."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.model import limits
from shared.model.job import NO_PAYLOAD, Completion, Delivery, Payload, call_seconds
from shared.model.lanes import Priority, spread
from shared.model.retry import DEFAULT_RETRY, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


BY_ITSELF: Final = "punctual"
"""Who has changed a template when no client has."""


class TemplateStatus(StrEnum):
    ACTIVE = "active"  # its occurrences become jobs
    PAUSED = "paused"  # they do not, until it is resumed
    DELETED = "deleted"  # they never will; what is left explains the past until its retention is over


class MisfirePolicy(StrEnum):
    """What becomes of occurrences that could not begin in time: after an outage, a late expansion, or a resume."""

    SKIP = "skip"  # none of them runs
    FIRE_LATEST = "fire_latest"  # the latest of them runs, unless the next occurrence is due as well
    FIRE_ALL = "fire_all"  # all of them run, or as many of the latest, and for as long, as the policy says


class Missed(StrEnum):
    """What a resume does about the occurrences of the pause."""

    SKIP = "skip"  # none of them runs
    APPLY_MISFIRE = "apply_misfire"  # they are treated like those that an outage made late


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfire:
    """An occurrence is missed when its first attempt has not begun `after_seconds` after its effective time.

    `max_runs` (of `fire_all`): at most so many of the latest missed ones run. `within_seconds` (of `fire_all`): none
    begins later than that.
    """

    policy: MisfirePolicy = MisfirePolicy.FIRE_LATEST
    after_seconds: int = 60
    max_runs: int | None = None
    within_seconds: int | None = None


DEFAULT_MISFIRE = Misfire()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinition:
    """What each occurrence does. Strings in `target` and `payload` may hold parameters (`shared.model.parameters`)."""

    target: Mapping[str, Any]
    payload: Payload = NO_PAYLOAD
    priority: Priority = Priority.NORMAL
    timeout_seconds: int = 30
    expires_after_seconds: int | None = None
    retry: RetryPolicy = DEFAULT_RETRY
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    completion: Completion = Completion.RESPONSE
    heartbeat_timeout_seconds: int = limits.DEFAULT_HEARTBEAT_TIMEOUT_SECONDS

    @property
    def call_seconds(self) -> int:
        """How long a call of the target may take."""
        return call_seconds(self.timeout_seconds, self.completion)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Since when and why a template is paused; at `until` it is resumed, and `missed` says how."""

    at: datetime
    note: str | None = None
    until: datetime | None = None
    missed: Missed = Missed.SKIP


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingRow:
    """That of the template at `version` the latest `runs` have failed, the last with `error`: it is to be paused. Of
    another version it says nothing any more."""

    version: int
    runs: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpansionFailure:
    """Why a template could not be expanded `count` times in a row, the first time at `since`."""

    detail: str
    since: datetime
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a template is expanded.

    Occurrences up to the nominal instant `expanded_until` have been dealt with, `number` of them since the
    template's creation, the last at `previous_at`; since `counted_from` (None: the creation) the schedule is the
    present one. `since`: what is effective up to then does not run, as it came before the template, was dealt with
    under another schedule, or lay in a pause. `ran`: how many the schedule has up to there, where it limits them.
    `lag_seconds`: by how much one of them is effective after its nominal instant, at the most. `is_stale`: jobs of
    an earlier version may be left to withdraw, which were due after `stale_since`; and `settle_at`: when to look for
    such jobs once more, because an expansion that had begun before the change may have gone on after it.
    """

    expanded_until: datetime
    since: datetime
    number: int = 0
    previous_at: datetime | None = None
    ran: int | None = None
    lag_seconds: int = 0
    counted_from: datetime | None = None
    is_stale: bool = False
    stale_since: datetime | None = None
    settle_at: datetime | None = None
    failure: ExpansionFailure | None = None


class TemplateKey(NamedTuple):
    tenant: str
    template_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as the store holds it. It is never mutated.

    `version` rises with each change by a client (or of a calendar that it uses) and is its ETag; `revision` with every
    write. `changed_at` and `changed_by` (an API key's id) say who made this version, `change` in a word what it did.
    `schedule` is the document that `shared.model.schedule.documents` reads. `skipped` are nominal instants that a
    client takes out. `pause_after_failures`: it is paused for a while when so many of its jobs in a row have failed for
    good; None: it never is. `failing`: that this has come about, for the next expansion to carry out. `expand_at` is
    when somebody has to expand it, `expand_shard` the slice of the index in which that is found; both None when nobody
    has to.
    """

    tenant: str
    id: str
    name: str
    schedule: Mapping[str, Any]
    job: JobDefinition
    created_at: datetime
    changed_at: datetime
    changed_by: str
    change: str
    progress: Progress
    status: TemplateStatus = TemplateStatus.ACTIVE
    version: int = 1
    revision: int = 1
    external_key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    misfire: Misfire = DEFAULT_MISFIRE
    pause_after_failures: int | None = None
    failing: FailingRow | None = None
    pause: Pause | None = None
    skipped: tuple[datetime, ...] = ()
    fingerprint: str | None = None
    expand_at: datetime | None = None
    expand_shard: int | None = None
    expire_item_at: datetime | None = None

    @property
    def key(self) -> TemplateKey:
        return TemplateKey(self.tenant, self.id)

    @property
    def calendars(self) -> tuple[str, ...]:
        """The ids of the calendars that its schedule names."""
        return tuple(self.schedule.get("calendars", ()))

    def identity(self) -> dict[str, Any]:
        """What every log line about this template says."""
        return {"tenant": self.tenant, "template_id": self.id, "template_version": self.version}


EXPAND_SHARDS: Final = 16
"""Slices of the expand index, each looked through by a thread of its own. May grow, never shrink."""


def expand_shard_of(tenant: str, name: str) -> int:
    """In which slice of the expand index a tenant's template, or other thing of that id, is found."""
    return spread(f"{tenant}#{name}", EXPAND_SHARDS)
