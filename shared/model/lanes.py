"""Lanes: which queue a job goes through, and which slice of the due index it waits in."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple
from zlib import crc32

from shared.model import limits


class Priority(StrEnum):
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Lane(StrEnum):
    """One queue each. Within a lane there is no order; between the first three, each has its own concurrency."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    LONG = "long"  # timeouts over a minute, whatever the priority: a long job never holds back nine short ones

    @property
    def max_job_seconds(self) -> int:
        return limits.MAX_TIMEOUT_SECONDS if self is Lane.LONG else limits.SHORT_JOB_SECONDS


_WATCH: Final = "watch"


class DueShard(NamedTuple):
    """One partition of the due index, written `lane#NN`; without a lane `watch#NN`: nobody sends what is there, only
    the watcher looks at it."""

    lane: Lane | None
    number: int

    def __str__(self) -> str:
        return f"{self.lane or _WATCH}#{self.number:02d}"

    @property
    def queue(self) -> Lane:
        """The lane through whose queue is sent what is there.

        Raises:
            LookupError: nobody sends it.
        """
        if self.lane is None:
            raise LookupError(f"nothing of {self} is sent")
        return self.lane

    @classmethod
    def parse(cls, text: str) -> DueShard:
        lane, _, number = text.partition("#")
        return cls(None if lane == _WATCH else Lane(lane), int(number))


def lane_of(priority: Priority, timeout_seconds: float) -> Lane:
    return Lane.LONG if timeout_seconds > limits.SHORT_JOB_SECONDS else Lane(priority.value)


def due_shards(shards: int) -> list[DueShard]:
    """Every shard of every lane, when each lane has `shards` of them."""
    return [DueShard(lane, number) for lane in Lane for number in range(shards)]


def watched_shards(shards: int) -> list[DueShard]:
    """Those, and the ones that only the watcher looks at."""
    return [*due_shards(shards), *(DueShard(None, number) for number in range(shards))]


def spread(key: str, buckets: int) -> int:
    """A stable bucket number in [0, buckets) for `key`: the same in every process and version (`hash` is not)."""
    return crc32(key.encode()) % buckets
