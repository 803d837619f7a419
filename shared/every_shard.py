"""Work on a whole index, shard by shard: how ticks and sweeps go about it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

S = TypeVar("S")
R = TypeVar("R")

_PARALLEL: Final = 16


class OnEveryShard(Protocol):
    """How the shards' turns are taken: by threads here, by the simulation's own actors there."""

    def __call__(self, work: Callable[[S], R], shards: Sequence[S]) -> list[R]: ...


def on_every_shard(work: Callable[[S], R], shards: Sequence[S]) -> list[R]:
    """What `work` returns for each of `shards`, begun in their order, several at once.

    A shard whose work fails keeps no other from its turn: the first such error is raised when all are done.
    """
    with ThreadPoolExecutor(min(len(shards), _PARALLEL)) as pool:
        futures = [pool.submit(work, shard) for shard in shards]
    return [future.result() for future in futures]
