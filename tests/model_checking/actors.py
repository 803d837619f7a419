"""Everything that may happen next: to a job by itself, and between a job and an executor.

A *place* is one job with all that is about it outside the executors: the messages in its queues, the requests that the
network still holds, and what the watcher read last. An *executor* is idle or somewhere on its way through one message.
Both are known by numbers; what may happen to them is worked out once for each number or pair of them.

The network keeps whatever it holds: delivering a message or a request does not remove it, so that each may come any
number of times, at any time, and in any order. To be lost is a step of its own.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model import moves
from shared.model.job import Delivery
from shared.model.lifecycle import Status
from shared.model.long_work import awaits_callback
from shared.model.occurrence_job import WITHDRAWN
from tests.model_checking import invariants
from tests.model_checking.present import NOW
from tests.model_checking.table import NOTHING, Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.model.job import Job
    from shared.model.lanes import Lane
    from tests.model_checking.scenarios import Scenario

_CLAIM_IDS: Final = ("a", "b", "c")
# A deferral gives the attempt back, and could go on for ever: a job is deferred once.
_DEFERRED_UP_TO_FENCE: Final = 1


class Place(NamedTuple):
    """`job`, `held` and `read` are numbers of the table; `begun` counts the effects of an `at_most_once` job;
    `claim_ids` are those that executors are claiming with, `workers` the fences of the attempts for which somebody does
    the work."""

    job: int
    messages: tuple[tuple[Lane, datetime], ...] = ()
    held: tuple[int, ...] = ()
    read: int = NOTHING
    begun: int = 0
    claim_ids: tuple[str, ...] = ()
    workers: tuple[int, ...] = ()


class Phase(IntEnum):
    IDLE = 0
    CLAIMING = 1  # `request` is its claim, on its way
    CLAIMED = 2  # `copy` is the job as it was answered; the lease is still to be looked at
    EFFECT = 3  # the target has been called, under `copy`
    COMMITTING = 4  # `request` is the outcome, on its way; `otherwise` is sent when a cancel stands against it


class Executor(NamedTuple):
    """One executor, with one message. `place` is the position of its job among the scenario's."""

    phase: Phase = Phase.IDLE
    place: int = NOTHING
    copy: int = NOTHING
    request: int = NOTHING
    otherwise: int = NOTHING


IDLE: Final = Executor()


class Happening(NamedTuple):
    """What may happen: told in a line, the place and the executor afterwards, and the invariant that it breaks.

    `fair`: somebody does his part. All else is a fault, or a client's wish.
    """

    line: str
    place: Place
    executor: Executor = IDLE
    fair: bool = False
    broken: str | None = None


class Actors:
    def __init__(self, table: Table, scenario: Scenario) -> None:
        self._table = table
        self._scenario = scenario

    # What may happen to a job by itself.

    def around(self, place: Place) -> Iterator[Happening]:
        """What the populator, the network, the watcher, clients and templates may do."""
        yield from self._messages(place)
        yield from self._network(place)
        yield from self._watcher(place)
        yield from self._clients(place)
        yield from self._workers(place)

    def _messages(self, place: Place) -> Iterator[Happening]:
        job = self._table.jobs[place.job]
        lane = None if job.due_shard is None else job.due_shard.lane
        if job.status is Status.SCHEDULED and lane is not None and job.wake_at is not None:
            message = (lane, job.wake_at)
            if message not in place.messages:
                sent = place._replace(messages=tuple(sorted((*place.messages, message))))
                yield Happening(f"a message is sent, {_due(job.wake_at)}", sent, fair=True)
        for message in place.messages:
            left = tuple(one for one in place.messages if one != message)
            yield Happening(f"the message that is {_due(message[1])} is lost", place._replace(messages=left))

    def _network(self, place: Place) -> Iterator[Happening]:
        for request in place.held:
            yield from self._delivered(place, request, f"the network delivers {self._name(request)}")
            left = tuple(one for one in place.held if one != request)
            yield Happening(f"the network loses {self._name(request)}", place._replace(held=left))

    def _watcher(self, place: Place) -> Iterator[Happening]:
        running = self._table.jobs[place.job].status is Status.RUNNING
        if running:
            yield from self._asked(place, "reap", place.job, "the watcher", fair=True)
            yield from self._asked(place, "look again", place.job, "the watcher", fair=True)
        if place.read != NOTHING:
            forgot = place._replace(read=NOTHING)
            yield from self._asked(forgot, "reap", place.read, "the watcher, by what it read earlier,")
            yield Happening("the watcher leaves the job alone", forgot)
        elif running and self._scenario.slow_watcher:
            yield Happening("the watcher reads the job", place._replace(read=self._table.view(place.job)))

    def _clients(self, place: Place) -> Iterator[Happening]:
        for wish in self._scenario.wishes:
            yield from self._asked(place, wish, place.job, f"a client ({wish})")
        for planner in self._scenario.planners:
            yield from self._asked(place, planner, place.job, f"a planner at {planner},")

    def _workers(self, place: Place) -> Iterator[Happening]:
        """Whoever does the work reads the job before each report, and is refused then if its attempt is over."""
        job = self._table.jobs[place.job]
        for fence in place.workers:
            who = f"the worker of fence {fence}"
            if job.status is Status.RUNNING and job.fence == fence:
                alive = "beat" if job.awaiting_since else "accept"
                for what in (alive, "save a checkpoint", *self._scenario.failures):
                    yield from self._asked(place, what, place.job, who)
                yield from self._asked(place, "succeed", place.job, who, fair=True)
            left = tuple(one for one in place.workers if one != fence)
            yield Happening(f"{who} dies", place._replace(workers=left))

    def _asked(self, place: Place, what: str, view: int, who: str, *, fair: bool = False) -> Iterator[Happening]:
        """Somebody who does not wait for the outcome sends a request: it arrives at once, or the network holds it."""
        request = self._table.make(what, view)
        if request != NOTHING:
            yield from self._delivered(place, request, f"{who} sends {self._name(request)}", fair=fair)
            for held in self._held(place, request):
                yield Happening(f"{who} sends {self._name(request)}, which the network holds", held)

    def _delivered(self, place: Place, request: int, line: str, *, fair: bool = False) -> Iterator[Happening]:
        after, broken = self._arrived(place, request)
        if after is not None:
            yield Happening(f"{line}: {self._tell(after)}", after, fair=fair, broken=broken)

    # What may happen between a job and an executor.

    def between(self, executor: Executor, place: Place, position: int) -> Iterator[Happening]:
        """What `executor` may do; `position` is that of the place among the scenario's."""
        match executor.phase:
            case Phase.IDLE:
                yield from self._receive(place, position)
            case Phase.CLAIMING:
                yield from self._claim(executor, place)
            case Phase.CLAIMED:
                yield from self._begin(executor, place)
            case Phase.EFFECT:
                yield from self._beat(executor, place)
                yield from self._end(executor, place)
            case Phase.COMMITTING:
                yield from self._commit(executor, place)
        if executor.phase is not Phase.IDLE:
            yield from self._crash(executor, place)

    def _receive(self, place: Place, position: int) -> Iterator[Happening]:
        job = self._table.jobs[place.job]
        claim_id = next(one for one in _CLAIM_IDS if one not in place.claim_ids)
        for lane, wake_at in place.messages:
            if wake_at > NOW:
                continue
            request = self._table.make("claim", place.job, (lane, wake_at, claim_id))
            fits = job.status is Status.SCHEDULED and job.wake_at == wake_at and job.due_shard.lane is lane
            yield Happening(
                f"an executor receives the message that is {_due(wake_at)}",
                place._replace(claim_ids=tuple(sorted((*place.claim_ids, claim_id)))),
                Executor(Phase.CLAIMING, position, request=request),
                fair=fits,
            )

    def _claim(self, executor: Executor, place: Place) -> Iterator[Happening]:
        request = self._table.requests[executor.request]
        claim_id = request.change.set["claim_id"]
        after, broken = self._arrived(place, executor.request)
        if after is not None or self._table.jobs[place.job].claim_id == claim_id:
            known = self._let_go(after or place, claim_id)
            claimed = Executor(Phase.CLAIMED, executor.place, copy=self._table.view(known.job))
            yield Happening(f"an executor has claimed: {self._tell(known)}", known, claimed, fair=True, broken=broken)
            if after is not None:
                yield Happening(f"a claim is applied, its answer is lost: {self._tell(after)}", after, executor)
            return
        after, line = self._let_go(place, claim_id), "an executor's claim is refused"
        job, started_at = self._table.jobs[place.job], request.change.set["started_at"]
        if request.message is not None and job.wake_at == request.message[1] and moves.why_too_late(job, started_at):
            yield from self._asked(after, "skip", after.job, f"{line}: it", fair=True)
            yield Happening(line, after)
        else:
            yield Happening(line, after, fair=True)

    def _begin(self, executor: Executor, place: Place) -> Iterator[Happening]:
        copy, job = self._table.jobs[executor.copy], self._table.jobs[place.job]
        # Both are found out before the lease is looked at.
        yield self._committing("fail", executor, place, f"{_of(copy)} cannot read the payload")
        if self._scenario.deferrals and copy.fence <= _DEFERRED_UP_TO_FENCE:
            yield self._committing("defer", executor, place, f"{_of(copy)} does not know the target")
        if self._scenario.declines:
            yield self._committing("decline", executor, place, f"{_of(copy)} meets a gate that says no")
        if copy.lease_until is None or copy.lease_until <= NOW:
            yield Happening(f"{_of(copy)} finds its lease over", place, IDLE, fair=True)
            return
        yield Happening(
            f"the effect of {_of(copy)} begins",
            place._replace(
                begun=min(place.begun + 1, 2) if job.delivery is Delivery.AT_MOST_ONCE else 0,
                workers=tuple(sorted({*place.workers, copy.fence})) if awaits_callback(copy) else (),
            ),
            executor._replace(phase=Phase.EFFECT),
            fair=True,
            broken=invariants.broken_by_begin(copy, job, place.begun),
        )

    def _beat(self, executor: Executor, place: Place) -> Iterator[Happening]:
        copy = self._table.jobs[executor.copy]
        beat = self._table.make("beat", executor.copy)
        for held in self._held(place, beat):
            yield Happening(f"a heartbeat of {_of(copy)} is held by the network", held, executor)
        # The answer of a beat may come late: one that the network held may be answered too.
        for request in {beat, *place.held}:
            sent = self._table.requests[request]
            if sent.guard != "heartbeat" or sent.fence != copy.fence:
                continue
            after, broken = self._arrived(place, request)
            job = self._table.jobs[(after or place).job]
            if after is not None or (job.status is Status.RUNNING and job.fence == copy.fence):
                after = after or place
                knowing = executor._replace(copy=self._table.view(after.job))
                yield Happening(
                    f"a heartbeat of {_of(copy)} is answered: {self._tell(after)}", after, knowing, broken=broken
                )

    def _end(self, executor: Executor, place: Place) -> Iterator[Happening]:
        copy = self._table.jobs[executor.copy]
        well, how = ("accept", "is accepted") if awaits_callback(copy) else ("succeed", "succeeds")
        yield self._committing(well, executor, place, f"the effect of {_of(copy)} {how}", fair=True)
        for failure in self._scenario.failures:
            yield self._committing(failure, executor, place, f"the effect of {_of(copy)} ends: {failure}")

    def _committing(self, what: str, executor: Executor, place: Place, line: str, fair: bool = False) -> Happening:
        otherwise = NOTHING if what in {"succeed", "accept"} else self._table.make("stop", executor.copy)
        request = self._table.make(what, executor.copy)
        after = Executor(Phase.COMMITTING, executor.place, request=request, otherwise=otherwise)
        return Happening(line, place, after, fair)

    def _commit(self, executor: Executor, place: Place) -> Iterator[Happening]:
        name = self._name(executor.request)
        after, broken = self._arrived(place, executor.request)
        if after is not None:
            yield Happening(f"{name} is written: {self._tell(after)}", after, IDLE, fair=True, broken=broken)
            yield Happening(f"{name} is written, its answer is lost: {self._tell(after)}", after, executor)
        elif self._table.jobs[place.job].cancel_requested_at is not None and executor.otherwise != NOTHING:
            stopping = executor._replace(request=executor.otherwise, otherwise=NOTHING)
            yield Happening(f"{name} is refused, since a client cancelled", place, stopping, fair=True)
        else:
            yield Happening(f"{name} is refused", place, IDLE, fair=True)

    def _crash(self, executor: Executor, place: Place) -> Iterator[Happening]:
        """It dies, or gives up; a request that it had sent may be held by the network."""
        if executor.phase is Phase.CLAIMING:
            place = self._let_go(place, self._table.requests[executor.request].change.set["claim_id"])
        yield Happening(f"an executor dies while {executor.phase.name.lower()}", place, IDLE)
        if executor.request != NOTHING:
            request = self._table.abandoned(executor.request)
            for held in self._held(place, request):
                yield Happening(f"an executor dies, and the network holds {self._name(request)}", held, IDLE)

    # What several of them do.

    def _arrived(self, place: Place, request: int) -> tuple[Place | None, str | None]:
        """The place after `request` has reached the table, None when it was refused; and what that broke."""
        job, broken = self._table.arrive(request, place.job)
        if job == NOTHING:
            return None, None
        held = place.held
        if self._table.jobs[job].redrives > self._table.jobs[place.job].redrives:
            place = place._replace(begun=0)  # a person has said that it may begin again
        if self._table.requests[request].change.move not in invariants.NO_NEW_VERSION:
            held = tuple(map(self._table.outdated, held))
        alive = tuple(sorted({one for one in held if not self._table.is_dead(one, job)}))
        if self._table.jobs[job].status.is_terminal and self._table.jobs[job].reason != WITHDRAWN:
            # No message fits a job without a wake_at, and the watcher reaps none without a lease.
            return place._replace(job=job, held=alive, messages=(), read=NOTHING, workers=()), broken
        return place._replace(job=job, held=alive), broken

    def _held(self, place: Place, request: int) -> Iterator[Place]:
        """The place when the network holds `request`, if there is room and it can still matter."""
        if request in place.held or len(place.held) >= self._scenario.held or self._table.is_dead(request, place.job):
            return
        yield place._replace(held=tuple(sorted((*place.held, request))))

    def _let_go(self, place: Place, claim_id: str) -> Place:
        """An executor does not wait for the answer to its claim any more."""
        left = tuple(one for one in place.claim_ids if one != claim_id)
        is_its = self._table.jobs[place.job].claim_id == claim_id
        return place._replace(job=self._table.nameless(place.job) if is_its else place.job, claim_ids=left)

    # Time.

    def later_place(self, place: Place) -> Place:
        return place._replace(
            job=self._table.later_job(place.job),
            messages=tuple(sorted({(lane, self._table.later(wake_at)) for lane, wake_at in place.messages})),
            held=tuple(sorted({self._table.later_request(one) for one in place.held})),
            read=NOTHING if place.read == NOTHING else self._table.later_job(place.read),
        )

    def later_executor(self, executor: Executor) -> Executor:
        later_request = self._table.later_request
        return executor._replace(
            copy=NOTHING if executor.copy == NOTHING else self._table.later_job(executor.copy),
            request=NOTHING if executor.request == NOTHING else later_request(executor.request),
            otherwise=NOTHING if executor.otherwise == NOTHING else later_request(executor.otherwise),
        )

    def holds_lease(self, executor: Executor) -> bool:
        """Whether the executor may believe, by all it was answered and by its clock, that the job is its own. Once it
        has handed the work over, whoever does it may end the attempt at any time."""
        if executor.phase not in {Phase.CLAIMED, Phase.EFFECT}:
            return False
        copy = self._table.jobs[executor.copy]
        if executor.phase is Phase.EFFECT and awaits_callback(copy):
            return False
        return copy.lease_until is not None and copy.lease_until > NOW

    # Telling.

    def _name(self, request: int) -> str:
        sent = self._table.requests[request]
        return f"the {sent.guard}" if sent.fence is None else f"the {sent.guard} of fence {sent.fence}"

    def _tell(self, place: Place) -> str:
        job = self._table.jobs[place.job]
        return f"{job.id} is {job.status}, fence {job.fence}, attempt {job.attempt}"


def _of(copy: Job) -> str:
    return f"the attempt under fence {copy.fence}"


def _due(wake_at: datetime) -> str:
    seconds = round((wake_at - NOW).total_seconds())
    return f"due in {seconds} s" if seconds > 0 else f"{-seconds} s overdue" if seconds else "due now"
