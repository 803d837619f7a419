"""Clients and functions that act at random, also in the middle of one another's calls, over a wire on which every
eighth call goes wrong. The same seed, the same run."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from shared.model.errors import SchedulerError
from shared.model.job import Delivery, JobKey, idempotent_job_id
from shared.model.lanes import Lane, Priority
from shared.model.retry import RetryPolicy
from tests.integration.faults.wire import Died, Fault, faults_of
from tests.jobs import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.faults.world import World

_FAULT: Final = 0.12
_INTERRUPTION: Final = 0.06
_DEEPEST: Final = 2

# What jobs are like, by the end of their Idempotency-Key.
_SPECS: Final[tuple[dict[str, Any], ...]] = (
    {"does": "0/ok"},
    {"does": "50/ok"},
    {"does": "0/http_503,ok", "due_in": 200},
    {"does": "24/http_503,http_503,http_503"},
    {"does": "90/http_503,ok", "timeout_seconds": 120},
    {"does": "10/ok", "delivery": Delivery.AT_MOST_ONCE, "retry": RetryPolicy(max_attempts=1)},
    {"does": "0/ok", "priority": Priority.HIGH, "expires_after_seconds": 40},
    {"does": "0/ok", "due_in": 30, "payload": b'"' + b"x" * 1_500 + b'"'},
    {"does": "0/http_503", "retry": RetryPolicy(max_attempts=1), "priority": Priority.LOW},
)


class Chaos:
    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._random = random.Random(seed)
        self._depth = 0
        world.wire.fault_of = self._fault_of
        world.wire.others_act = self._others_act
        world.wire.chance = self._random.random
        self._actions: tuple[Callable[[], object], ...] = (
            *3 * (self._create,),
            self._cancel,
            lambda: world.edit(self._any_key(), name=f"name {self._random.random()}"),
            lambda: world.edit(self._any_key(), payload="y" * 1_500),
            lambda: world.edit(self._any_key(), priority=self._random.choice(list(Priority)).value),
            lambda: world.run_now(self._any_key()),
            *2 * (world.tick,),
            *2 * (world.sweep,),
            *3 * (world.follow_stream,),
            *6 * (lambda: world.execute(self._random.choice((Lane.NORMAL, *Lane))),),
            self._arrive,
        )

    def run(self, *, actions: int) -> None:
        for _ in range(actions):
            self._world.clock.advance(self._random.choice((0, 0.5, 3, 10, 31)))
            self._act()

    def _act(self) -> None:
        with suppress(Died, SchedulerError):  # a client that was refused, is not sure, or is no more
            self._random.choice(self._actions)()

    def _others_act(self) -> None:
        if self._depth < _DEEPEST and self._random.random() < _INTERRUPTION:
            self._depth += 1
            self._act()
            self._depth -= 1

    def _fault_of(self, operation: str) -> Fault | None:
        if self._random.random() >= _FAULT:
            return None
        return self._random.choice(faults_of(operation))

    def _create(self) -> None:
        number = self._random.randrange(2 * len(_SPECS))
        key = None if self._random.random() < 0.05 else f"key {number}"
        self._world.create(key, **_SPECS[number % len(_SPECS)])

    def _cancel(self) -> None:
        self._world.cancel(self._any_key())

    def _any_key(self) -> JobKey:
        return JobKey(TENANT, idempotent_job_id(TENANT, f"key {self._random.randrange(2 * len(_SPECS))}"))

    def _arrive(self) -> None:
        late = self._world.wire.late
        if late:
            late.pop(self._random.randrange(len(late)))()
