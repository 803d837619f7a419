"""Maintenance windows: spans of time in which some of a tenant's jobs are held, skipped, or let run all the same.

Pure: who runs a job asks `ruling` about it when it has been claimed. Which spans a recurring window has is computed
elsewhere (`schedule.window_spans`) and stored with it, so that asking takes no schedule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from shared.model import limits
from shared.model.allowed_targets import matches_arn, resource_arn
from shared.model.lanes import spread
from shared.model.outbound import host_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.model.allowed_targets import Place
    from shared.model.job import Job


class Effect(StrEnum):
    """What a window does to the jobs in its scope. Of two windows of equal scope, the one named first here decides."""

    HOLD = "hold"  # they wait until it is over
    SKIP = "skip"  # they end without running
    RUN = "run"  # they run, although a window of a wider scope would hold or skip them


class WindowState(StrEnum):
    ACTIVE = "active"  # a span of it has begun and is not over
    UPCOMING = "upcoming"  # none has, but one will
    PAST = "past"  # all are over


class Breadth(IntEnum):
    """How wide a scope is. Of several windows, the one with the narrowest scope decides."""

    TEMPLATES = 0
    TARGET = 1
    TAGS = 2
    TENANT = 3


class Candidate(Protocol):
    """What a scope is asked about: a job, or one that is yet to be made."""

    @property
    def template_id(self) -> str | None: ...

    @property
    def target(self) -> Mapping[str, Any]: ...

    @property
    def tags(self) -> Mapping[str, str]: ...


class Span(NamedTuple):
    """From `starts_at` until just before `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, time: datetime) -> bool:
        return self.starts_at <= time < self.ends_at


@dataclass(frozen=True, slots=True)
class TargetScope:
    """Jobs that call certain targets. Exactly one of: `type`, a kind of target; `host` of HTTP targets, where `*.` in
    front stands for every name below; `arn` of AWS targets, where `*` stands for any text without a colon."""

    type: str | None = None
    host: str | None = None
    arn: str | None = None

    def covers(self, target: Mapping[str, Any], place: Place) -> bool:
        if self.type is not None:
            return bool(target.get("type") == self.type)
        if self.host is not None:
            return target.get("type") == "http" and _is_host(self.host, host_of(str(target.get("url"))))
        arn = resource_arn(target, place)
        return self.arn is not None and arn is not None and matches_arn(self.arn, arn)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which of a tenant's jobs a window is about: those with all of `tags`, those of some templates, or those with
    certain targets. One of the three is set, or none: then it is about all of them."""

    tags: Mapping[str, str] | None = None
    template_ids: tuple[str, ...] | None = None
    target: TargetScope | None = None

    @property
    def breadth(self) -> Breadth:
        if self.template_ids is not None:
            return Breadth.TEMPLATES
        if self.target is not None:
            return Breadth.TARGET
        return Breadth.TENANT if self.tags is None else Breadth.TAGS

    def covers(self, job: Candidate, place: Place) -> bool:
        """`place` is where the scheduler runs: a target may name its resource without saying where that lies."""
        if self.template_ids is not None:
            return job.template_id in self.template_ids
        if self.target is not None:
            return self.target.covers(job.target, place)
        return all(job.tags.get(name) == value for name, value in (self.tags or {}).items())


EVERYTHING: Final = Scope()
REASON: Final = "maintenance_window:"
"""With a window's id behind it: the reason of a job that the window holds or has skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow:
    """A window as the store holds it. It is never mutated.

    A one-off window has one span. A recurring one has a `schedule` (the document that `schedule.documents` reads), a
    `duration_seconds`, and the next of its spans; more are to be computed at `extend_at`, None when there are no more.
    `silences_alerts`: whether alerts about the jobs in its scope open silenced meanwhile; None: see `is_silencing`.
    `release_over_seconds`: what it held is let go over so long. `ended_at`: when a client last ended a span early.
    `version` rises with each change and is the ETag; `changed_by` is the API key's id. `fingerprint` is a digest of
    the request that created it under an Idempotency-Key. `expire_item_at`: when it may be forgotten.
    """

    tenant: str
    id: str
    name: str
    spans: tuple[Span, ...]
    created_at: datetime
    changed_at: datetime
    changed_by: str
    effect: Effect = Effect.HOLD
    silences_alerts: bool | None = None
    scope: Scope = EVERYTHING
    note: str | None = None
    schedule: Mapping[str, Any] | None = None
    duration_seconds: int | None = None
    release_over_seconds: int = 60
    version: int = 1
    ended_at: datetime | None = None
    extend_at: datetime | None = None
    expire_item_at: datetime | None = None
    fingerprint: str | None = None

    @property
    def is_silencing(self) -> bool:
        """Unless it is said otherwise, a window that keeps jobs from running silences their alerts, and one that lets
        them run does not: those are the ones that matter all the same."""
        return self.effect is not Effect.RUN if self.silences_alerts is None else self.silences_alerts

    def is_active(self, now: datetime) -> bool:
        return any(span.holds(now) for span in self.spans)

    def state(self, now: datetime) -> WindowState:
        if self.is_active(now):
            return WindowState.ACTIVE
        is_over = self.extend_at is None and all(span.ends_at <= now for span in self.spans)
        return WindowState.PAST if is_over else WindowState.UPCOMING

    def closes_at(self, now: datetime) -> datetime:
        """When the last of the spans is over that hold `now`; `now` when none does."""
        return max((span.ends_at for span in self.spans if span.holds(now)), default=now)


def ruling(
    windows: Iterable[MaintenanceWindow], job: Candidate, *, now: datetime, place: Place
) -> MaintenanceWindow | None:
    """The one window that decides what becomes of `job` at `now`; None when it is in the scope of none that is active.

    The narrowest scope decides: templates before target before tags before tenant. Of several as narrow, `hold` decides
    before `skip` and `skip` before `run`: the more careful first, as what was held can still be skipped or run.
    """
    concerned = [window for window in windows if window.is_active(now) and window.scope.covers(job, place)]
    return min(concerned, key=lambda window: _precedence(window, now), default=None)


def effect_on(window: MaintenanceWindow, attempt: int) -> Effect:
    """What `window` does to a job's attempt of that number. A job that has begun is not left half done: where a first
    attempt is skipped, a later one is held."""
    return Effect.HOLD if window.effect is Effect.SKIP and attempt > 1 else window.effect


def held_until(window: MaintenanceWindow, job: Job, now: datetime) -> datetime:
    """When a job that `window` holds at `now` is to ask again: when the window is over, but after five minutes at the
    latest; and a stable while later, within the time over which the window lets go, so that not all come at once."""
    over = min(window.closes_at(now), now + timedelta(seconds=limits.WINDOW_LOOK_AGAIN_SECONDS))
    within = max(window.release_over_seconds * 1000, 1)
    return over + timedelta(milliseconds=spread(f"{window.id}#{job.tenant}#{job.id}", within))


def ended_early(window: MaintenanceWindow, *, by: str, now: datetime) -> MaintenanceWindow:
    """The window without what is left of the spans that hold `now`; later spans of a recurring one stay."""
    spans = (Span(span.starts_at, now) if span.holds(now) else span for span in window.spans)
    ended = replace(
        window,
        spans=tuple(span for span in spans if span.starts_at < span.ends_at),
        ended_at=now,
        version=window.version + 1,
        changed_at=now,
        changed_by=by,
    )
    return replace(ended, expire_item_at=forgotten_at(ended))


def forgotten_at(window: MaintenanceWindow) -> datetime | None:
    """When a window may be forgotten, in whole seconds; None while spans are still to be added to it."""
    if window.extend_at is not None:
        return None
    over = max((span.ends_at for span in window.spans), default=window.changed_at)
    gone_at = over + timedelta(seconds=limits.WINDOW_KEPT_SECONDS)
    return gone_at + timedelta(microseconds=-gone_at.microsecond % 1_000_000)


def _precedence(window: MaintenanceWindow, now: datetime) -> tuple[int, int, float, str]:
    """Smallest first. Of equals the one that is active longest, since a job then asks the fewest times."""
    return window.scope.breadth, _CAUTION[window.effect], -window.closes_at(now).timestamp(), window.id


_CAUTION: Final = {effect: place for place, effect in enumerate(Effect)}


def _is_host(pattern: str, host: str | None) -> bool:
    if host is None:
        return False
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
