"""A clock that moves when it is told to, and ids that repeat from run to run."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from shared.model.job import encode_id
from shared.model.minted_id import RANDOM_BYTES, minted_id


class VirtualClock:
    """`sleep` moves the time on at once."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, in whole milliseconds, rounded up: a sleep is never too short."""
        self._now += timedelta(milliseconds=-(-seconds * 1000 // 1))


class SeededIds:
    """`ports.clock.Ids` from one seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def job_id(self, now: datetime) -> str:
        return minted_id(now, self._random.randbytes(RANDOM_BYTES))

    def claim_id(self) -> str:
        return encode_id(self._random.randbytes(10))

    def chance(self) -> float:
        return self._random.random()
