"""The memory adapters are atomic, also between threads. (moto is not, so the contract suite races in turns.)"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from shared.adapters.memory.control import MemoryControlStore
from shared.adapters.memory.jobs import MemoryJobStore
from shared.model.errors import ChangeRefused
from shared.model.lanes import DueShard, Lane
from shared.ports.jobs import DueEntry
from tests.jobs import a_job, at, claim_of

if TYPE_CHECKING:
    from collections.abc import Callable

RACERS = 16


def race(run: Callable[[int], bool]) -> int:
    """How many of the racers won, all of them starting at once."""
    start = Barrier(RACERS)

    def one(number: int) -> bool:
        start.wait()
        return run(number)

    with ThreadPoolExecutor(RACERS) as threads:
        return sum(threads.map(one, range(RACERS)))


def test_only_one_of_many_racing_creates_wins() -> None:
    store = MemoryJobStore()

    assert race(lambda number: store.create(a_job(name=f"racer-{number}")).created) == 1


def test_only_one_of_many_racing_claims_wins() -> None:
    store = MemoryJobStore()
    job = a_job()
    store.create(job)

    def claim(number: int) -> bool:
        try:
            store.change(job.key, claim_of(job, claim_id=f"claim-{number}"))
        except ChangeRefused:
            return False
        return True

    assert race(claim) == 1
    assert (store.get(job.key).fence, store.get(job.key).attempt) == (1, 1)


def test_only_one_of_many_racing_ticks_advances_a_cursor() -> None:
    store = MemoryControlStore()

    def advance(number: int) -> bool:
        return store.advance_tick(DueShard(Lane.HIGH, 0), seen=None, to=DueEntry(at(number), "acme", "job"))

    assert race(advance) == 1
