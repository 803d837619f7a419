"""The jobs table as the model has it: real jobs, and real changes on their way to them, each known by a small number.

Time. All times are told relative to a present that never moves (`present.NOW`): when a step passes, every time in every
job and every request becomes a step earlier. What is older than a scenario remembers stays as old as that. So the model
needs no end of time, and it has finitely many states. Two times that have both grown that old cannot be told apart:
an old message then fits a job that waits since another old time, which is more than can happen; and a claim fits no job
whose start deadline was still ahead when the claim was sent, which is less, for a claim that long on its way.

Versions. A job is always at version 1, and a request that was decided on an older one says 0: a version only rises
(which is checked), so an old one never fits again. Times and texts that no later decision reads are made equal.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from functions.api.cancel_job import CancelJob
from functions.api.preconditions import ANY_VERSION
from functions.api.run_job_now import RunJobNow
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model import limits, long_work, moves
from shared.model.change import AnyOf, Change, Clause, Op, applied, holds
from shared.model.dead_letters import Redrive, discard, redrive
from shared.model.errors import IllegalTransition, InvalidField
from shared.model.execution import NO_OUTPUT, Failure
from shared.model.job import Job, Sharding
from shared.model.lifecycle import Move, Status
from shared.model.occurrence_job import WITHDRAWN
from tests.model_checking import invariants
from tests.model_checking.mutants import DroppedClause, WidenedMove, name_of
from tests.model_checking.planners import PLANNERS
from tests.model_checking.present import NOW, RETENTION, STEP

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.change import Condition
    from shared.model.lanes import Lane
    from tests.model_checking.mutants import Mutant

SHARDING: Final = Sharding(due=1, group=1)
BOOM: Final = Failure("http_503", "")
REFUSED: Final = Failure("http_404", "", retryable=False)
NOTHING: Final = -1
LONG_GONE: Final = "gone"

_IRRELEVANT: Final = (
    "updated_at",
    "ended_at",
    "expire_item_at",
    "cancel_requested_at",
    "awaiting_since",
    "redriven_at",
    "discarded_at",
)
_UNSEEN: Final = frozenset({"target", "tags", "checkpoint_at", "checkpoint_number"})
_KEY_FIELDS: Final = tuple(one.name for one in fields(Job) if one.name not in _UNSEEN)
_TIMES: Final = ("run_at", "wake_at", "expires_at", "misfire_at", "lease_until")


@dataclass(frozen=True, slots=True)
class Request:
    """A conditional write on its way. `guard` names the change's condition: the move, and for the watcher's "reap".

    `fence` is that of the attempt for which it is sent (None: for none); `seen` tells whether its author decided on the
    job's present version (1) or on an older one (0), None when that does not matter to it; `message` is what a claim
    was made of: the lane that it came through, and the time that it was sent for.
    """

    guard: str
    change: Change
    fence: int | None = None
    seen: int | None = None
    message: tuple[Lane, datetime] | None = None


class Arrival(NamedTuple):
    """What a request did to a job: the job afterwards, or `NOTHING` when it was refused; and what that broke."""

    job: int
    broken: str | None


class Table:
    """`decisive` collects the guards without which some request would have fared otherwise, or might have."""

    def __init__(self, *, memory_steps: int, mutant: Mutant | None) -> None:
        self.oldest = NOW - memory_steps * STEP
        self.jobs: list[Job] = []
        self.requests: list[Request] = []
        self.decisive: set[Mutant] = set()
        self.made: dict[tuple[str, int, Any], int] = {}
        self._mutant = mutant
        self._job_numbers: dict[Any, int] = {}
        self._request_numbers: dict[Any, int] = {}
        self._arrivals: dict[tuple[int, int], Arrival] = {}
        self._later_jobs: dict[int, int] = {}
        self._later_requests: dict[int, int] = {}
        self._dead: dict[tuple[int, int], bool] = {}

    # Jobs.

    def job(self, job: Job) -> int:
        """The number of what matters of `job`."""
        job = _canonical(job)
        return _number(_key_of(job), job, self._job_numbers, self.jobs)

    def later_job(self, number: int) -> int:
        """The job, one step later."""
        if number not in self._later_jobs:
            job = self.jobs[number]
            times = {name: self.later(getattr(job, name)) for name in _TIMES}
            self._later_jobs[number] = self.job(replace(job, **times))
        return self._later_jobs[number]

    def later(self, time: datetime | None) -> datetime | None:
        """A time as it is told one step later, unless it would be older than is remembered."""
        return time if time is None or time - STEP < self.oldest else time - STEP

    def view(self, number: int) -> int:
        """The job as somebody keeps it who read it or was answered it: without what that one will not look at again."""
        forgotten = {"wake_at": None, "run_at": self.oldest, "expires_at": None, "misfire_at": None, "claim_id": None}
        return self.job(replace(self.jobs[number], **forgotten))

    def nameless(self, number: int) -> int:
        """The job without the id of its claim, which only an executor that still claims would recognise."""
        job = self.jobs[number]
        return number if job.claim_id is None else self.job(replace(job, claim_id=LONG_GONE))

    # Requests.

    def make(self, what: str, job: int, argument: Any = None) -> int:
        """The request that an actor makes of its view of `job`, or `NOTHING` when it finds that it must not."""
        key = (what, job, argument)
        if key not in self.made:
            change = _made(what, self.jobs[job], argument)
            self.made[key] = NOTHING if change is None else self._sent(what, change, self.jobs[job], argument)
        return self.made[key]

    def makes_otherwise(self, mutant: WidenedMove) -> bool:
        """Whether somebody who has asked to change a job here would ask for another change under `mutant`."""
        asked = [(what, self.jobs[job], argument) for what, job, argument in self.made]
        asked = [one for one in asked if one[1].status is mutant.source]
        usual = [_essence(*one) for one in asked]
        with mutant.in_force():
            return usual != [_essence(*one) for one in asked]

    def _sent(self, what: str, change: Change, job: Job, argument: Any) -> int:
        guard = f"reap_{change.move}" if what == "reap" else str(change.move)
        if self._mutant is not None:
            change = self._mutant.weakened(guard, change)
        if change.move is Move.CLAIM:
            return self._request(Request(guard, change, message=argument[:2]))
        if change.move in _DECIDED_ON_A_VERSION:
            return self._request(Request(guard, change, seen=1))
        if change.move in _BY_A_TEMPLATE:
            return self._request(Request(guard, change))
        return self._request(Request(guard, change, fence=job.fence))

    def _request(self, request: Request) -> int:
        change = request.change
        written = {name: value for name, value in change.set.items() if name not in _UNSEEN}
        values = {name: NOW if name in _IRRELEVANT and value else value for name, value in written.items()}
        if "executions" in values:
            values["executions"] = _canonical_executions(values["executions"])
        request = replace(request, change=replace(change, set=values))
        key = (request.guard, change.when, tuple(sorted(values.items())), request.fence, request.seen, request.message)
        return _number(key, request, self._request_numbers, self.requests)

    def later_request(self, number: int) -> int:
        """The request, held on its way for one step more."""
        if number not in self._later_requests:
            request = self.requests[number]
            values = {
                name: self.later(value) if isinstance(value, datetime) and name not in _IRRELEVANT else value
                for name, value in request.change.set.items()
            }
            change = replace(request.change, when=tuple(map(self._later_condition, request.change.when)), set=values)
            message = request.message and (request.message[0], self.later(request.message[1]))
            self._later_requests[number] = self._request(replace(request, change=change, message=message))
        return self._later_requests[number]

    def _later_condition(self, condition: Condition) -> Condition:
        if isinstance(condition, AnyOf):
            return AnyOf(tuple(replace(one, value=self._later_value(one)) for one in condition.clauses))
        return replace(condition, value=self._later_value(condition))

    def _later_value(self, clause: Clause) -> Any:
        return self.later(clause.value) if isinstance(clause.value, datetime) else clause.value

    def outdated(self, number: int) -> int:
        """The request, once the job has another version than its author saw."""
        request = self.requests[number]
        if request.seen != 1:
            return number
        when = tuple(replace(one, value=0) if _is_about("version", one) else one for one in request.change.when)
        return self._request(replace(request, change=replace(request.change, when=when), seen=0))

    def abandoned(self, number: int) -> int:
        """The request, whose sender will not look for its answer any more."""
        request = self.requests[number]
        if request.change.set.get("claim_id") is None:
            return number
        values = {**request.change.set, "claim_id": LONG_GONE}
        return self._request(replace(request, change=replace(request.change, set=values)))

    def is_dead(self, number: int, job: int) -> bool:
        """Whether the request can never be accepted any more: what it compares is over and only rises."""
        key = (number, job)
        if key not in self._dead:
            request, now = self.requests[number], self.jobs[job]
            over = [condition for condition in request.change.when if _is_over(condition, now)]
            self._decides(request, over)
            self._dead[key] = bool(over)
        return self._dead[key]

    def arrive(self, number: int, job: int) -> Arrival:
        """The request reaches the table, which holds `job`."""
        key = (number, job)
        if key not in self._arrivals:
            self._arrivals[key] = self._decide(self.requests[number], self.jobs[job])
        return self._arrivals[key]

    def _decide(self, request: Request, before: Job) -> Arrival:
        failed = [one for one in request.change.when if not holds(one, before)]
        if failed:
            if not request.change.add and _key_of(_canonical(applied(request.change, before))) == _key_of(before):
                return Arrival(NOTHING, None)  # a heartbeat that would have extended nothing
            self._decides(request, failed)
            if all(_is_about("status", one) for one in failed):
                self.decisive.add(WidenedMove(request.change.move, before.status))
            return Arrival(NOTHING, None)
        for condition in request.change.when:
            true = [one for one in condition.clauses if holds(one, before)] if isinstance(condition, AnyOf) else []
            if len(true) == 1:
                self.decisive.add(DroppedClause(request.guard, name_of(condition), name_of(true[0])))
        after = applied(request.change, before)
        broken = invariants.broken_by(request, before, after) or invariants.broken_in(after)
        return Arrival(self.job(after), broken)

    def _decides(self, request: Request, failed: list[Condition]) -> None:
        if len(failed) == 1:
            self.decisive.add(DroppedClause(request.guard, name_of(failed[0])))


class _Wish:
    """Stands in for `ChangeJob`: it only asks what a client's use case would change."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.change: Change | None = None

    def __call__(self, key: object, decide: Callable[[Job], Change | None], precondition: object) -> Job:
        del key, precondition
        self.change = decide(self._job)
        return self._job


def _cancel(job: Job, _: Any) -> Change | None:
    wish = _Wish(job)
    CancelJob(wish, RecordedTelemetry(), RETENTION)(job.key, ANY_VERSION, NOW)
    return wish.change


def _run_now(job: Job, _: Any) -> Change | None:
    wish = _Wish(job)
    RunJobNow(wish, RecordedTelemetry(), SHARDING)(job.key, ANY_VERSION, NOW)
    return wish.change


def _redrive(job: Job, _: Any) -> Change | None:
    # It could go on for ever: a job is redriven once.
    if job.redrives:
        return None
    return redrive(job, Redrive(wake_at=NOW, by="key-1", may_begin_again=True), now=NOW, sharding=SHARDING)


def _claim(job: Job, how: tuple[Lane, datetime, str]) -> Change:
    del job  # a claim is made of a message alone
    lane, wake_at, claim_id = how
    return moves.claim(lane=lane, wake_at=wake_at, claim_id=claim_id, now=NOW)


def _edit(changes: Callable[[Job], dict[str, Any]]) -> Callable[[Job, Any], Change]:
    return lambda job, _: moves.edit(job, changes(job), now=NOW, sharding=SHARDING)


_ENDING: Final[dict[str, Any]] = {"now": NOW, "retention": RETENTION}
_TRYING: Final[dict[str, Any]] = {**_ENDING, "chance": 0.5, "sharding": SHARDING}

_MAKERS: Final[dict[str, Callable[[Job, Any], Change | None]]] = {
    "claim": _claim,
    "beat": lambda job, _: moves.heartbeat(job, now=NOW),
    "accept": lambda job, _: long_work.await_outcome(job, now=NOW),
    "save a checkpoint": lambda job, _: long_work.save_checkpoint(job, now=NOW) if job.awaiting_since else None,
    "look again": lambda job, _: long_work.watch(job) if job.awaiting_since else None,
    "defer": lambda job, _: moves.defer(job, until=NOW + STEP, reason="unknown_target_type", now=NOW),
    "succeed": lambda job, _: moves.succeed(job, output=NO_OUTPUT, **_ENDING),
    "fail": lambda job, _: moves.fail(job, BOOM, **_TRYING),
    "fail for good": lambda job, _: moves.fail(job, REFUSED, **_TRYING),
    "stop": lambda job, _: moves.stop(job, failure=BOOM, **_ENDING),
    "reap": lambda job, _: moves.reap(job, **_TRYING) if moves.lease_is_over(job, NOW) else None,
    "decline": lambda job, _: moves.decline(job, reason="gate_closed", **_ENDING),
    "skip": lambda job, _: moves.skip(job, reason="expired", **_ENDING),
    "cancel": _cancel,
    "run now": _run_now,
    "postpone": _edit(lambda job: {"run_at": NOW + STEP}),
    "allow one attempt": _edit(lambda job: {"retry": replace(job.retry, max_attempts=1)}),
    "let it take longer": _edit(lambda job: {"timeout_seconds": limits.SHORT_JOB_SECONDS + 1}),
    "redrive": _redrive,
    "discard": lambda job, _: discard(job, reason="no use", by="key-1", now=NOW),
    **PLANNERS,
}

# A request that compares one of these with what it was is over for ever.
_ONLY_RISE: Final = ("fence", "version")
_BY_A_TEMPLATE: Final = {Move.REPLAN, Move.WITHDRAW, Move.REINSTATE}
_DECIDED_ON_A_VERSION: Final = {Move.SKIP, Move.EDIT, Move.CANCEL, Move.REQUEST_CANCEL, Move.REDRIVE, Move.DISCARD}


def _made(what: str, job: Job, argument: Any) -> Change | None:
    try:
        return _MAKERS[what](job, argument)
    except (IllegalTransition, InvalidField):
        return None


def _essence(what: str, job: Job, argument: Any) -> Any:
    """What is asked for, without the condition's clause about the status."""
    change = _made(what, job, argument)
    others = [one for one in change.when if not _is_about("status", one)] if change else []
    return change and (change.move, others, change.set, change.add)


def _is_about(field: str, condition: Condition) -> bool:
    return isinstance(condition, Clause) and condition.field == field


def _is_over(condition: Condition, now: Job) -> bool:
    if _is_about("template_version", condition):
        return condition.op is Op.LT and condition.value <= (now.template_version or 0)
    return any(_is_about(name, condition) and condition.value < getattr(now, name) for name in _ONLY_RISE)


def _canonical(job: Job) -> Job:
    """`job` with everything made equal that no condition and no decision will read again."""
    running = job.status is Status.RUNNING
    return replace(
        job,
        version=1,
        reason=WITHDRAWN if job.reason == WITHDRAWN else None,
        created_at=NOW,
        nominal_at=None if job.nominal_at is None else NOW,
        misfire_at=None if job.status.is_terminal else job.misfire_at,
        run_at=NOW if job.status.is_terminal else job.run_at,
        started_at=NOW if running else None,
        checkpoint_at=None,
        checkpoint_number=0,
        executions=_canonical_executions(job.executions),
        **{name: NOW if getattr(job, name) else None for name in _IRRELEVANT},
    )


def _canonical_executions(executions: Any) -> Any:
    # No move asks for a receipt, and it goes when another execution follows.
    return tuple(replace(one, started_at=NOW, ended_at=NOW, receipt=None) for one in executions)


def _key_of(job: Job) -> Any:
    return tuple(getattr(job, name) for name in _KEY_FIELDS)


def _number(key: Any, value: Any, numbers: dict[Any, int], values: list[Any]) -> int:
    number = numbers.setdefault(key, len(values))
    if number == len(values):
        values.append(value)
    return number
