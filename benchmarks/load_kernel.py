"""A virtual time that ordinary synchronous code lives in: whoever sleeps gives way, and no real time passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


S = TypeVar("S")
R = TypeVar("R")

START: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_SIDE_BY_SIDE: Final = 16


class Kernel:
    """`now_ms`: milliseconds since `START`. What is due at the same millisecond happens in the order it was asked for.

    It is also `ports.clock.Clock`, the true one.
    """

    def __init__(self) -> None:
        self.now_ms = 0
        self._now = START
        self._agenda: dict[int, list[Callable[[], object]]] = {}
        self._times: list[int] = []  # a heap of the agenda's keys
        self._hub = getcurrent()

    def call_at(self, at_ms: int, call: Callable[[], object]) -> None:
        """Make `call`, which must not sleep, at `at_ms`."""
        calls = self._agenda.get(at_ms)
        if calls is None:
            self._agenda[at_ms] = [call]
            heappush(self._times, at_ms)
        else:
            calls.append(call)

    def spawn(self, work: Callable[[], object]) -> None:
        """Let `work`, which may sleep, begin now."""
        self.call_at(self.now_ms, greenlet(work, parent=self._hub).switch)

    def run_until(self, at_ms: int) -> None:
        """Let everything happen that is due before `at_ms`."""
        times = self._times
        while times and times[0] < at_ms:
            self._set(times[0])
            for call in self._agenda[self.now_ms]:  # which may add to it
                call()
            del self._agenda[heappop(times)]
        self._set(at_ms)

    def sleep_ms(self, milliseconds: int) -> None:
        self.call_at(self.now_ms + milliseconds, getcurrent().switch)
        self._hub.switch()

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.sleep_ms(int(-(-seconds * 1000 // 1)))

    def on_every_shard(self, work: Callable[[S], R], shards: Sequence[S]) -> list[R]:
        """`shared.every_shard.on_every_shard` in virtual time, for the greenlet that calls it."""
        caller, left = getcurrent(), iter(shards)
        results: list[R] = []
        turns = min(len(shards), _SIDE_BY_SIDE)
        over = 0

        def take_turns() -> None:
            nonlocal over
            results.extend(work(shard) for shard in left)
            over += 1
            if over == turns:
                self.call_at(self.now_ms, caller.switch)

        for _ in range(turns):
            self.spawn(take_turns)
        self._hub.switch()
        return results

    def _set(self, at_ms: int) -> None:
        if at_ms != self.now_ms:
            self.now_ms = at_ms
            self._now = START + timedelta(milliseconds=at_ms)
