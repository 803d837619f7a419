"""Changes of a job, drawn: every move as a use case makes it, from the job as it is or was; and the same with a clause
that is wrong, at its very bound, left out or added."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model import moves
from shared.model.change import AnyOf, Change, Clause, Condition, Op
from shared.model.dead_letters import Redrive, discard, redrive
from shared.model.execution import Failure, Output
from shared.model.job import Delivery, Job, Payload
from shared.model.lanes import Lane, Priority
from shared.model.lifecycle import Status
from shared.model.occurrence_job import WITHDRAWN, PlannedOccurrence, occurrence_job, replan, withdraw
from shared.model.retry import DEFAULT_RETRY, Jitter, RetryPolicy
from tests.contract.draws import SHARDING, Draw
from tests.jobs import BOOM, NOT_FOUND, RETENTION, TIMED_OUT
from tests.occurrences import a_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.job import JobKey
    from tests.contract.peers import Peer

    # (whose answers it goes by, the job in hand, further choices) → what is wanted
    DrawnMove = Callable[[Peer, Job, Draw], Change]

TEXTS: Final = ("", "x", "Grüße \u0000 🕰", '{"a": "b"}', "y" * 3_000)
# As a job's own, as an item beside it, and as an object in the bucket.
PAYLOADS: Final = (None, b'"small"', b'"' + b"m" * 2_000 + b'"', b'"' + b"l" * 140_000 + b'"')
RETRIES: Final = (DEFAULT_RETRY, RetryPolicy(max_attempts=1), RetryPolicy(max_attempts=20, jitter=Jitter.NONE))
TIMEOUTS: Final = (30, 60, 61)
EXPIRIES: Final = (None, 0, 66)
_RETRY_SOON: Final = Failure("http_429", "slow down", retry_after_seconds=0.0004)

# New values of a job's fields. Defaults are among them: to a store, going back to one is another thing.
_EDITS: Final[tuple[tuple[str, Callable[[Draw], Any]], ...]] = (
    ("name", lambda draw: draw.one_of((None, *TEXTS))),
    ("tags", lambda draw: draw.one_of(({}, {"team": "ops"}, {"": "🕰"}))),
    ("run_at", lambda draw: draw.now + timedelta(seconds=draw.one_of((0, 0.001, 60)))),
    ("priority", lambda draw: draw.one_of((Priority.NORMAL, Priority.HIGH, Priority.LOW))),
    ("timeout_seconds", lambda draw: draw.one_of(TIMEOUTS)),
    ("expires_after_seconds", lambda draw: draw.one_of(EXPIRIES)),
    ("retry", lambda draw: draw.one_of(RETRIES)),
    ("delivery", lambda draw: draw.one_of(list(Delivery))),
    ("target", lambda draw: draw.one_of(({"type": "task"}, {"type": "http", "n": [1.5, None, True]}))),
    ("payload", lambda draw: Payload(draw.one_of(PAYLOADS))),
)


def _claim(_: Peer, job: Job, draw: Draw) -> Change:
    lane = draw.one_of((*7 * (job.lane,), Lane.LONG))
    wake_at = draw.one_of((*7 * (job.wake_at,), job.run_at)) or draw.now
    return moves.claim(lane=lane, wake_at=wake_at, claim_id=f"claim-{draw.below(3)}", now=draw.now)


def _defer(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.defer(job, until=draw.now + timedelta(seconds=9), reason="gate_closed", now=draw.now)


def _decline(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.decline(job, reason="gate_closed", now=draw.now, retention=RETENTION)


def _succeed(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.succeed(job, output=_output(draw), now=draw.now, retention=RETENTION)


def _fail(_: Peer, job: Job, draw: Draw) -> Change:
    failure, chance = draw.one_of((BOOM, BOOM, NOT_FOUND, TIMED_OUT, _RETRY_SOON)), draw.chance()
    output = _output(draw)
    return moves.fail(job, failure, now=draw.now, chance=chance, retention=RETENTION, sharding=SHARDING, output=output)


def _stop(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.stop(job, now=draw.now, retention=RETENTION, failure=draw.one_of((None, BOOM)), output=_output(draw))


def _reap(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.reap(job, now=draw.now, chance=draw.chance(), retention=RETENTION, sharding=SHARDING)


def _edit(peer: Peer, job: Job, draw: Draw) -> Change:
    changes: dict[str, Any] = {}
    for _ in range(1 + draw.below(3)):
        field, drawn = draw.one_of(_EDITS)
        changes[field] = drawn(draw)
    if "payload" in changes:
        changes["payload"] = peer.jobs.place_payload(replace(job, **changes)).payload
    return moves.edit(job, changes, now=draw.now, sharding=SHARDING)


def _output(draw: Draw) -> Output:
    text = draw.one_of(TEXTS)
    return Output(text[:1_000], len(text), draw.one_of((None, None, "outputs/1")))


def _heartbeat(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.heartbeat(job, now=draw.now)


def _run_now(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.run_now(job, now=draw.now, sharding=SHARDING)


def _cancel(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.cancel(job, now=draw.now, retention=RETENTION)


def _skip(_: Peer, job: Job, draw: Draw) -> Change:
    return moves.skip(job, reason="expired", now=draw.now, retention=RETENTION)


def _withdraw(_: Peer, job: Job, draw: Draw) -> Change:
    return withdraw(job, version=_version_after(job, draw), now=draw.now, retention=RETENTION)


def _plan_anew(peer: Peer, job: Job, draw: Draw) -> Change:
    """Reinstated, if it has been withdrawn. What has begun, or ended otherwise, is not planned anew: then it is
    withdrawn, or that is tried."""
    anew = drawn_occurrence(job.key, draw, nominal_at=job.nominal_at or job.run_at, version=_version_after(job, draw))
    return replan(job, peer.jobs.place_payload(anew), now=draw.now) or _withdraw(peer, job, draw)


def _version_after(job: Job, draw: Draw) -> int:
    """A version of the template that its planner may be at: mostly the next one, or an older one."""
    return (job.template_version or 0) + draw.one_of((1, 1, 1, 2, 0, -1))


def drawn_occurrence(key: JobKey, draw: Draw, *, nominal_at: datetime, version: int) -> Job:
    """The job of an occurrence, as some version of a template plans it, under the id of `key`."""
    template = a_template(
        version,
        tenant=key.tenant,
        target=draw.one_of(({"type": "task"}, {"type": "http", "url": "https://example.com/"})),
        priority=draw.one_of((Priority.NORMAL, Priority.HIGH)),
        timeout_seconds=draw.one_of(TIMEOUTS),
        expires_after_seconds=draw.one_of(EXPIRIES),
        retry=draw.one_of(RETRIES),
    )
    run_at = nominal_at + timedelta(seconds=draw.one_of((0, 0, 60)))
    occurrence = PlannedOccurrence(
        nominal=nominal_at.replace(tzinfo=None),
        nominal_at=nominal_at,
        effective_at=run_at,
        number=1,
        misfire_at=draw.one_of((None, run_at, run_at + timedelta(seconds=66))),
    )
    return occurrence_job(
        replace(template, name=draw.one_of(("nightly", "renamed"))),
        occurrence,
        target=template.job.target,
        payload=Payload(draw.one_of((None, None, *PAYLOADS))),
        now=draw.now,
        sharding=SHARDING,
        job_id=key.job_id,
    )


def _redrive(peer: Peer, job: Job, draw: Draw) -> Change:
    changes = draw.one_of(({}, {"payload": Payload(draw.one_of(PAYLOADS))}, {"retry": draw.one_of(RETRIES)}))
    if "payload" in changes:
        changes = {"payload": peer.jobs.place_payload(replace(job, **changes)).payload}
    asked = Redrive(
        wake_at=draw.now + timedelta(seconds=draw.one_of((0, 0.001, 60))),
        by="key-1",
        changes=changes,
        may_begin_again=draw.below(4) > 0,
    )
    return redrive(job, asked, now=draw.now, sharding=SHARDING)


def _discard(_: Peer, job: Job, draw: Draw) -> Change:
    return discard(job, reason=draw.one_of((None, *TEXTS)), by="key-1", now=draw.now)


_OF_A_RUNNING_JOB: Final[tuple[DrawnMove, ...]] = (
    _heartbeat,
    _defer,
    _decline,
    _succeed,
    _fail,
    _fail,
    _fail,
    _stop,
    _reap,
    _cancel,
)
_OF_ANOTHER: Final[tuple[DrawnMove, ...]] = (*6 * (_claim,), _edit, _edit, _run_now, _cancel, _skip)
_OF_A_FAILED_JOB: Final[tuple[DrawnMove, ...]] = (_redrive, _redrive, _redrive, _discard)
_OF_AN_OCCURRENCE: Final[tuple[DrawnMove, ...]] = (*_OF_ANOTHER, _plan_anew, _plan_anew, _withdraw)


def drawn_change(peer: Peer, job: Job, draw: Draw) -> Change:
    """What somebody wants to do to `job`, which may have been moved on since. Every sixth time with another condition
    than the move has.

    Raises:
        IllegalTransition, InvalidField, SecondStart: the model says no by itself.
    """
    is_running = (job.status is Status.RUNNING) is (draw.below(16) > 0)
    of_another = _OF_ANOTHER if job.template_id is None else _OF_AN_OCCURRENCE
    if job.reason == WITHDRAWN:
        of_another = (_plan_anew,)
    if job.status is Status.FAILED and draw.below(4):
        of_another = _OF_A_FAILED_JOB
    change = draw.one_of(_OF_A_RUNNING_JOB if is_running else of_another)(peer, job, draw)
    if draw.below(6):
        return change
    return replace(change, when=_otherwise(change.when, peer.seen[job.key][-1], draw))


def _otherwise(when: tuple[Condition, ...], current: Job, draw: Draw) -> tuple[Condition, ...]:
    """`when` with one of its clauses changed. Often the others hold, so that it is this one that decides."""
    position = draw.below(len(when))
    before, chosen, behind = when[:position], when[position], when[position + 1 :]
    if isinstance(chosen, AnyOf):
        kept = draw.below(len(chosen.clauses))
        others = (*chosen.clauses[:kept], *chosen.clauses[kept + 1 :])
        return (*before, AnyOf(others), *behind)
    match draw.below(4):
        case 0:
            return (*before, *behind)
        case 1:
            return (*before, AnyOf((chosen, drawn_clause(current, draw))), *behind)
        case 2:
            return (*when, drawn_clause(current, draw))
        case _:
            return (*before, _moved(chosen, current, draw), *behind)


def drawn_clause(job: Job, draw: Draw) -> Clause:
    """A clause about one of the fields that conditions are about (`COMPARED`), close to what `job` has there."""
    field = draw.one_of(COMPARED)
    op = draw.one_of((Op.ABSENT, Op.EQ, Op.LT, Op.GT, Op.IN))
    return _moved(Clause(field, op), job, draw)


COMPARED: Final = (
    "status",
    "version",
    "fence",
    "attempt",
    "wake_at",
    "expires_at",
    "misfire_at",
    "template_version",
    "lease_until",
    "cancel_requested_at",
    "redriven_at",
    "claim_id",
    "reason",
)
"""Fields that a condition may compare: those without a default, and those that are stored also when they have it."""


def _moved(clause: Clause, job: Job, draw: Draw) -> Clause:
    """The same question with another value: what the job has, a little less or a little more."""
    actual = getattr(job, clause.field)
    step = draw.below(3) - 1
    if clause.op is Op.ABSENT:
        return Clause(clause.field, Op.ABSENT)
    if clause.op is Op.BEGINS_WITH:
        return Clause(clause.field, clause.op, draw.one_of(("", "h", f"{job.lane}#", f"{job.due_shard}", "normal#00x")))
    value = _in_place_of_none(clause.field, draw) if actual is None else actual
    if clause.field == "status":
        value = draw.one_of(list(Status))
    elif isinstance(value, datetime):
        value += timedelta(milliseconds=step)
    elif isinstance(value, int):
        value += step
    else:
        value = draw.one_of(("claim-0", "", "claim-", str(value)))
    return Clause(clause.field, clause.op, (value,) if clause.op is Op.IN else value)


def _in_place_of_none(field: str, draw: Draw) -> Any:
    if field.endswith(("_at", "_until")):
        return draw.now
    return 1 if field == "template_version" else None
