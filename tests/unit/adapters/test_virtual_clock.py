from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.memory.clock import SeededIds, VirtualClock
from shared.model.job import epoch_ms, from_epoch_ms
from tests.jobs import START, at


@given(st.floats(0, 10_000))
def test_a_sleep_moves_the_time_on_by_no_less_than_was_asked_in_whole_milliseconds(seconds: float) -> None:
    clock = VirtualClock(START)

    clock.sleep(seconds)

    passed = (clock.now() - START).total_seconds()
    assert seconds <= passed < seconds + 0.0011
    assert clock.now() == from_epoch_ms(epoch_ms(clock.now()))


def test_the_same_seed_gives_the_same_ids() -> None:
    def drawn(seed: int) -> list[object]:
        ids = SeededIds(seed)
        return [ids.job_id(START), ids.claim_id(), ids.chance()]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_seeded_ids_are_sorted_by_the_time_of_creation() -> None:
    ids = SeededIds()

    assert ids.job_id(START) < ids.job_id(at(0.001)) < ids.job_id(at(1))
    assert len(ids.job_id(START)) == 24
