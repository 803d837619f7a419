"""Choices read from bytes: the same bytes, the same choices; fewer or smaller bytes, simpler ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from shared.model.job import JobKey, Sharding, epoch_ms, from_epoch_ms
from tests.jobs import START

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

T = TypeVar("T")

SHARDING: Final = Sharding(due=2, group=2)
TENANTS: Final = ("a", "a-b")  # one a prefix of the other: they share no partition all the same
# Few, so that jobs meet; their ends differ, as they do for all but one in 10^12 pairs of jobs of the same millisecond.
KEYS: Final = tuple(JobKey(tenant, f"job-{number}") for number in range(5) for tenant in TENANTS)
GROUPS: Final = (None, "reports")
_ELAPSED: Final = (0.0, 0.0, 0.0, 0.001, 1.0, 1.0, 10.5, 66.0, 1_000.25)


class Draw:
    """One step's choices. `now`: the time at which it is made; the first of them says how much has passed."""

    def __init__(self, choices: bytes, now: datetime = START) -> None:
        self._choices = iter(choices)
        elapsed_ms = round(1000 * self.one_of(_ELAPSED))
        self.now = from_epoch_ms(epoch_ms(now) + elapsed_ms)

    def below(self, bound: int) -> int:
        """An integer in [0, bound)."""
        return next(self._choices, 0) % bound

    def one_of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def chance(self) -> float:
        """A number in [0, 1)."""
        return self.below(256) / 256
