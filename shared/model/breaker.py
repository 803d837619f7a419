"""Circuit breakers: whether the jobs of a tenant may call a target that has been failing.

One breaker for each tenant and target identity (`shared.model.target_identity`): what is down for one tenant's address
or credentials need not be for another's. Pure: who runs jobs counts what their calls come to, and asks before each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model import limits
from shared.model.lanes import spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.execution import Failure
    from shared.model.job import Job


class BreakerState(StrEnum):
    CLOSED = "closed"  # jobs call the target
    OPEN = "open"  # they wait; once `probe_at` has come, one of them is let through
    HALF_OPEN = "half_open"  # that one, the probe, is on its way; at `probe_at` it counts as lost


class Verdict(StrEnum):
    """What the end of a call says about its target."""

    WELL = "well"  # it was there, whatever it thought of the job
    OUTAGE = "outage"  # it was not there, or could not cope
    NOTHING = "nothing"  # it was not asked, or not waited for


class Calls(NamedTuple):
    """How many calls of a target ended how, within one period."""

    failures: int = 0
    successes: int = 0

    @property
    def all(self) -> int:
        return self.failures + self.successes


NO_CALLS: Final = Calls()


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """A breaker opens when of at least `minimum_calls` calls within one period of `window_seconds` a share of
    `failure_ratio` has failed. The first probe follows after `cool_down_seconds`, each further one after twice the
    time, up to `max_cool_down_seconds`. `minimum_calls` 0: breakers never open by themselves.
    """

    minimum_calls: int = 10
    failure_ratio: float = 0.5
    window_seconds: int = 60
    cool_down_seconds: int = 10
    max_cool_down_seconds: int = 120

    def opens_at(self, calls: Calls) -> bool:
        enough = 0 < self.minimum_calls <= calls.all
        return enough and calls.failures >= self.failure_ratio * calls.all

    def period_of(self, time: datetime) -> int:
        """The number of the period in which `time` lies: periods follow each other, the same ones for everybody."""
        return int(time.timestamp()) // self.window_seconds

    def longer(self, seconds: int) -> int:
        """The cool-down after one of `seconds` that has not helped."""
        return min(2 * seconds, self.max_cool_down_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A breaker as the store holds it; a target without one has a closed one, at version 0. It is never mutated.

    `version` rises with each change. `opened_at`: when the present or latest outage was noticed. `probe_at`: see the
    states; None when closed. `probe` names the attempt that is the probe, so that no two executors ever write the same:
    each would take the other's reservation for its own. `calls` and `error` (a failure's type) say why it opened last.
    `changed_by`: the API key of whoever opened or closed it by hand, with a `note`; None when calls did.
    `expire_item_at`: when it may be forgotten, being closed by then, or of no interest to any job for long.
    """

    tenant: str
    target: str
    state: BreakerState
    version: int
    changed_at: datetime
    cool_down_seconds: int
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    probe: str | None = None
    calls: Calls = NO_CALLS
    error: str | None = None
    changed_by: str | None = None
    note: str | None = None
    expire_item_at: datetime | None = None

    @property
    def is_closed(self) -> bool:
        return self.state is BreakerState.CLOSED


_NOT_THE_TARGETS: Final = frozenset(
    {
        "channel_unavailable",
        "payload_unavailable",
        "signing_unavailable",
        "stopped",
        "time_exhausted",
    }
)
# Refused by rules of our own before anything was called. A function may name an error of its own so: that is retryable.
_NEVER_CALLED: Final = frozenset(
    {
        "channel_not_found",
        "command_disabled",
        "email_not_set_up",
        "invalid_header",
        "invalid_payload",
        "target_not_allowed",
        "target_url_forbidden",
    }
)
_RUN_BY_THE_RUNNER: Final = frozenset({"task", "command"})
_OF_THE_RUNNER: Final = frozenset({"aws_error", "connection_failed", "throttled"})


def verdict_of(target: Mapping[str, object], failure: Failure | None) -> Verdict:
    """What a call of `target` that ended so says about it.

    Each kind of target says which of its failures another attempt may mend: connections, timeouts, throttling (429),
    5xx, errors of a function. Those are outages; what it refuses (4xx, missing rights) is the job's own matter. A task
    or a command fails by itself: only that it could not be run at all is an outage. What was refused here, before the
    target was called, says nothing about it.
    """
    if failure is None:
        return Verdict.WELL
    if failure.type in _NOT_THE_TARGETS:
        return Verdict.NOTHING
    if failure.type in _NEVER_CALLED and not failure.retryable:
        return Verdict.NOTHING
    if target.get("type") in _RUN_BY_THE_RUNNER:
        return Verdict.OUTAGE if failure.type in _OF_THE_RUNNER else Verdict.WELL
    return Verdict.OUTAGE if failure.retryable else Verdict.WELL


def opened(
    previous: Breaker | None,
    *,
    tenant: str,
    target: str,
    calls: Calls,
    failure: Failure,
    settings: BreakerSettings,
    now: datetime,
) -> Breaker:
    """The breaker that too many failed calls open; `previous` is the closed one, None when there was none.

    One that has closed only lately goes on with longer cool-downs: the target did not stand what was let go. A target
    that says when to come back (Retry-After) is not probed before.
    """
    cool_down = settings.cool_down_seconds
    if previous is not None and now - previous.changed_at < timedelta(seconds=2 * previous.cool_down_seconds):
        cool_down = settings.longer(previous.cool_down_seconds)
    asked = min(failure.retry_after_seconds or 0, limits.MAX_RETRY_AFTER_SECONDS)
    return _forgotten_in_time(
        Breaker(
            tenant=tenant,
            target=target,
            state=BreakerState.OPEN,
            version=1 if previous is None else previous.version + 1,
            changed_at=now,
            cool_down_seconds=cool_down,
            opened_at=now,
            probe_at=now + timedelta(seconds=max(cool_down, asked)),
            calls=calls,
            error=failure.type,
        )
    )


def probing(breaker: Breaker, job: Job, now: datetime) -> Breaker:
    """The open breaker whose probe is `job`, or the half-open one whose probe was lost: from `probe_at` on another may
    take its place."""
    patience = timedelta(seconds=job.call_seconds + limits.PROBE_MARGIN_SECONDS)
    return _changed(breaker, now, state=BreakerState.HALF_OPEN, probe_at=now + patience, probe=f"{job.id}#{job.fence}")


def closed(breaker: Breaker, now: datetime) -> Breaker:
    """The breaker whose probe went well."""
    return _changed(breaker, now, state=BreakerState.CLOSED, probe_at=None)


def still_open(breaker: Breaker, failure: Failure, settings: BreakerSettings, now: datetime) -> Breaker:
    """The breaker whose probe failed: the next one comes after a longer while."""
    cool_down = settings.longer(breaker.cool_down_seconds)
    return _changed(
        breaker,
        now,
        state=BreakerState.OPEN,
        cool_down_seconds=cool_down,
        probe_at=now + timedelta(seconds=max(cool_down, failure.retry_after_seconds or 0)),
        error=failure.type,
    )


def unprobed(breaker: Breaker, now: datetime) -> Breaker:
    """The breaker whose probe ended without having asked the target: the next job is the probe."""
    return _changed(breaker, now, state=BreakerState.OPEN, probe_at=now)


def opened_by_hand(
    previous: Breaker | None,
    *,
    tenant: str,
    target: str,
    until: datetime,
    by: str,
    note: str | None,
    settings: BreakerSettings,
    now: datetime,
) -> Breaker:
    """A breaker that a client opens: jobs wait until `until`, then one of them is the probe."""
    return _forgotten_in_time(
        Breaker(
            tenant=tenant,
            target=target,
            state=BreakerState.OPEN,
            version=1 if previous is None else previous.version + 1,
            changed_at=now,
            cool_down_seconds=settings.cool_down_seconds,
            opened_at=now if previous is None or previous.is_closed else previous.opened_at,
            probe_at=until,
            changed_by=by,
            note=note,
        )
    )


def closed_by_hand(breaker: Breaker, *, by: str, note: str | None, now: datetime) -> Breaker:
    """A breaker that a client closes, whatever its probes said."""
    return replace(closed(breaker, now), changed_by=by, note=note)


def may_probe(breaker: Breaker, job: Job, now: datetime) -> bool:
    """Whether the claimed `job` is to try to be the probe."""
    return now >= _willing_at(breaker, job)


def held_until(breaker: Breaker, job: Job, settings: BreakerSettings, now: datetime) -> datetime:
    """When a job that is held at `now` is to ask again.

    After the time of the next probe, spread by a stable hash over as long as the cool-down: the longer an outage, the
    more jobs wait, and the longer they are let go over. While a probe is on its way, after as long as it has taken so
    far. No later than after the longest cool-down and its spread, since the breaker may be closed by hand.
    """
    if breaker.state is BreakerState.HALF_OPEN:
        taken = (now - breaker.changed_at).total_seconds()
        wait = min(max(taken, limits.BREAKER_LOOK_AGAIN_SECONDS), breaker.cool_down_seconds)
        begins = now + timedelta(seconds=wait)
    else:
        latest = now + timedelta(seconds=settings.max_cool_down_seconds)
        begins = min(max(_willing_at(breaker, job), now), latest)
    within = max(breaker.cool_down_seconds * 1000, 1)
    place = spread(f"{breaker.target}#{job.tenant}#{job.id}", within)
    return begins + timedelta(milliseconds=place + 1)


def _willing_at(breaker: Breaker, job: Job) -> datetime:
    """A job that is at its last attempt lets others go first: failing as the probe, it would fail for good."""
    probe_at = breaker.probe_at or breaker.changed_at
    is_last = job.attempt >= job.retry.max_attempts
    return probe_at + timedelta(seconds=breaker.cool_down_seconds if is_last else 0)


def _changed(breaker: Breaker, now: datetime, **facts: object) -> Breaker:
    values = {
        "version": breaker.version + 1,
        "changed_at": now,
        "probe": None,
        "changed_by": None,
        "note": None,
        **facts,
    }
    return _forgotten_in_time(replace(breaker, **values))  # type: ignore[arg-type]


def _forgotten_in_time(breaker: Breaker) -> Breaker:
    """With the time at which its item may go, in whole seconds."""
    gone_at = (breaker.probe_at or breaker.changed_at) + timedelta(seconds=limits.BREAKER_KEPT_SECONDS)
    return replace(breaker, expire_item_at=gone_at + timedelta(microseconds=-gone_at.microsecond % 1_000_000))
