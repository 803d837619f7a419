"""What one process does with one job, for every use case and every way through it: the calls of which any may fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from shared.model.job import Delivery, JobKey
from shared.model.lifecycle import Status
from shared.model.maintenance_window import Effect, Span
from shared.model.retry import RetryPolicy
from shared.ports.queue import Hint
from tests.integration.faults.wire import At, Fault
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.faults.world import World

_MEDIUM: Final = b'"' + b"x" * 2_000 + b'"'
_ONE_ATTEMPT: Final = RetryPolicy(max_attempts=1)


class Unseen(StrEnum):
    """Beside those after which the SDK sends again, the failures after which all must be as if there had been none."""

    ONCE = "once"  # one call fails, and the process lives on: it tries again, or the next one does
    IF_REPEATED = "if_repeated"  # the client, who is not sure, asks again
    NONE = "none"  # it may cost the request of the client that acts meanwhile


@dataclass(frozen=True)
class Case:
    """`prepare` brings a world to where it begins, without faults. `act`, given what that returned, is what may fail.

    `calls`: the operations that `act` calls when nothing does; `failing`: which of them fail, when the others do so in
    another case. `ends`: how the job may then end, whatever failed; `unseen`: when exactly as if nothing had.
    """

    name: str
    prepare: Callable[[World], Any]
    act: Callable[[World, Any], object]
    calls: tuple[str, ...]
    ends: frozenset[Status] = frozenset({Status.SUCCEEDED})
    failing: tuple[int, ...] | None = None
    unseen: Unseen = Unseen.ONCE

    def __str__(self) -> str:
        return self.name


def _nothing(_: World) -> None:
    """It begins with an empty account."""


def _waiting(world: World, **spec: Any) -> JobKey:
    return world.create("key", due_in=220, **spec).key


def _three_waiting(world: World) -> None:
    for number in range(3):
        world.create(f"key {number}", due_in=220 + number)
    world.clock.advance(100)


def _queued(world: World, **spec: Any) -> JobKey:
    """A job whose message can be received."""
    key = world.create("key", **spec).key
    world.follow_stream()
    return key


def _queued_early(world: World) -> JobKey:
    """A job whose message can be received long before its time."""
    job = world.create("key", due_in=220)
    assert job.wake_at is not None
    world.queue.send(job.lane, [(Hint(job.tenant, job.id, job.wake_at), 0)])
    return job.key


def _expired(world: World) -> JobKey:
    key = _queued(world, expires_after_seconds=5)
    world.clock.advance(10)
    return key


def _in_a_window(world: World, effect: Effect, **spec: Any) -> JobKey:
    key = _queued(world, **spec)
    now = world.clock.now()
    world.windows.create_window(a_window(Span(now, now + timedelta(minutes=3)), tenant=key.tenant, effect=effect))
    world.has_gates = True
    return key


def _unknown_target(world: World) -> JobKey:
    world.knows_target = False
    return _queued(world)


def _created(world: World) -> None:
    for number in range(3):
        world.create(f"key {number}")


def _unsent(world: World) -> None:
    """Jobs whose messages were lost, long enough ago for the sweep."""
    _created(world)
    world.clock.advance(95)


def _left_running(world: World, *, is_cancelled: bool = False, **spec: Any) -> JobKey:
    """A job whose executor died at its work, long enough ago for the sweep."""
    key = _queued(world, **spec)
    world.during_effect = world.cancel if is_cancelled else world.during_effect
    world.wire.fault_of = At(3 if is_cancelled else 1, Fault.DIED_BEFORE)
    world.execute()
    world.wire.fault_of = lambda _: None
    world.clock.advance(66)
    return key


def _cancelled_meanwhile(world: World, **spec: Any) -> JobKey:
    """A job in a queue which a client will cancel as soon as its work has begun."""
    key = _queued(world, **spec)
    world.during_effect = lambda key: world.invoke(lambda: world.cancel(key))
    return key


_GET, _PUT, _UPDATE, _SEND = "GetItem", "PutItem", "UpdateItem", "SendMessageBatch"
_QUERY, _BATCH = "Query", "BatchGetItem"
_UNTIL_THE_SHARD: Final = (_QUERY, _QUERY, _QUERY)  # the cursors, and the shards of the lanes high and normal
_OTHER_SHARDS: Final = (_QUERY, _QUERY)
_WATCHED_SHARDS: Final = (*_OTHER_SHARDS, _QUERY)  # and the one that only the watcher looks at
_EITHER: Final = frozenset({Status.SUCCEEDED, Status.CANCELLED})
_ONE_START: Final[dict[str, Any]] = {"delivery": Delivery.AT_MOST_ONCE, "retry": _ONE_ATTEMPT}

_of_a_client = partial(Case, unseen=Unseen.IF_REPEATED)
_of_an_executor = partial(Case, act=lambda world, _: world.execute())
_beside_a_client = partial(_of_an_executor, ends=_EITHER, unseen=Unseen.NONE)


def _reap(name: str, prepare: Callable[[World], JobKey], end: Status, failing: tuple[int, ...]) -> Case:
    calls = (*_UNTIL_THE_SHARD, _BATCH, _UPDATE, _PUT, *_WATCHED_SHARDS)
    return Case(name, prepare, lambda world, _: world.sweep(), calls, frozenset({end}), failing)


CASES: Final = (
    _of_a_client("create", _nothing, lambda world, _: world.create("key"), (_PUT,)),
    _of_a_client("create without a key", _nothing, lambda world, _: world.create(None), (_PUT,)),
    _of_a_client("create again", _waiting, lambda world, _: world.create("key", due_in=220), (_PUT,)),
    _of_a_client(
        "create with a payload", _nothing, lambda world, _: world.create("key", payload=_MEDIUM), (_GET, _PUT, _PUT)
    ),
    _of_a_client("edit", _waiting, lambda world, key: world.edit(key, name="renamed"), (_GET, _UPDATE)),
    _of_a_client(
        "edit a payload", _waiting, lambda world, key: world.edit(key, payload="y" * 2_000), (_GET, _PUT, _UPDATE)
    ),
    _of_a_client("run now", _waiting, lambda world, key: world.run_now(key), (_GET, _UPDATE)),
    _of_a_client("cancel", _waiting, lambda world, key: world.cancel(key), (_GET, _UPDATE), ends=_EITHER),
    Case("send from the stream", _created, lambda world, _: world.follow_stream(), (_SEND,)),
    Case("tick", _three_waiting, lambda world, _: world.tick(), (*_UNTIL_THE_SHARD, _SEND, _PUT, *_OTHER_SHARDS)),
    Case(
        "sweep what was not sent",
        _unsent,
        lambda world, _: world.sweep(),
        (*_UNTIL_THE_SHARD, _BATCH, _SEND, _PUT, *_WATCHED_SHARDS),
    ),
    _reap("reap and try again", _left_running, Status.SUCCEEDED, (3, 4, 5)),
    _reap("reap for good", partial(_left_running, retry=_ONE_ATTEMPT), Status.FAILED, (4,)),
    _reap("reap at most once", partial(_left_running, **_ONE_START), Status.FAILED, (4,)),
    _reap("reap a cancelled one", partial(_left_running, is_cancelled=True), Status.CANCELLED, (4,)),
    _of_an_executor("give back", _queued_early, calls=("ChangeMessageVisibility",)),
    _of_an_executor("succeed", _queued, calls=(_UPDATE, _UPDATE)),
    _of_an_executor("succeed with a payload", partial(_queued, payload=_MEDIUM), calls=(_UPDATE, _GET, _UPDATE)),
    _of_an_executor(
        "succeed at most once",
        partial(_queued, **_ONE_START),
        calls=(_UPDATE, _UPDATE),
        ends=frozenset({Status.SUCCEEDED, Status.FAILED}),
    ),
    _of_an_executor("beat and succeed", partial(_queued, does="50/ok"), calls=4 * (_UPDATE,)),
    _of_an_executor("fail and try again", partial(_queued, does="0/http_503,ok"), calls=(_UPDATE, _UPDATE)),
    _of_an_executor(
        "fail for good",
        partial(_queued, does="0/http_503", retry=_ONE_ATTEMPT),
        calls=(_UPDATE, _UPDATE),
        ends=frozenset({Status.FAILED}),
    ),
    _of_an_executor("defer", _unknown_target, calls=(_UPDATE, _UPDATE)),
    _of_an_executor(
        "hold",
        partial(_in_a_window, effect=Effect.HOLD),
        calls=(_UPDATE, _QUERY, _UPDATE),
        # What follows a query for windows that fails is the simulation's: here one would be answered in part for ever.
        failing=(0, 2),
    ),
    _of_an_executor(
        "decline",
        partial(_in_a_window, effect=Effect.SKIP),
        calls=(_UPDATE, _QUERY, _UPDATE),
        failing=(0, 2),
        # The latter when an executor has died that had claimed the job: then it has begun, and is held.
        ends=frozenset({Status.SKIPPED, Status.SUCCEEDED}),
        unseen=Unseen.NONE,
    ),
    _of_an_executor("skip", _expired, calls=(_UPDATE, _UPDATE), ends=frozenset({Status.SKIPPED})),
    _beside_a_client(
        "stop at a beat",
        partial(_cancelled_meanwhile, does="50/ok"),
        calls=(_UPDATE, _GET, _UPDATE, _UPDATE, _UPDATE),
    ),
    _beside_a_client(
        "stop instead of trying again",
        partial(_cancelled_meanwhile, does="0/http_503,ok"),
        calls=(_UPDATE, _GET, _UPDATE, _UPDATE, _UPDATE),
    ),
    _beside_a_client(
        "succeed although cancelled",
        partial(_cancelled_meanwhile, does="0/ok"),
        calls=(_UPDATE, _GET, _UPDATE, _UPDATE),
    ),
)
