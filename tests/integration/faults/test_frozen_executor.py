"""An executor that stands still for longer than its lease, and goes on while another has the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.model.retry import Jitter, RetryPolicy
from tests.integration.faults.account import account_on
from tests.integration.faults.oracle import wrongs
from tests.integration.faults.wire import At, Fault
from tests.integration.faults.world import World, world_on

if TYPE_CHECKING:
    from shared.model.job import JobKey

# The second attempt follows at once, so that it is there when the first wakes.
SOON = RetryPolicy(initial_seconds=0, jitter=Jitter.NONE)


@pytest.mark.parametrize("end", ["ok", "http_503"])
def test_its_outcome_changes_nothing_of_the_attempt_that_followed(end: str) -> None:
    with account_on("emulator") as account, world_on(account) as world:
        key = world.create("key", does=f"0/{end},ok", retry=SOON).key
        world.follow_stream()
        world.during_effect = lambda key: another_takes_it(world, key)

        world.execute()

        running = world.jobs.get(key)
        assert (running.fence, [one.outcome for one in running.executions]) == (2, ["lost"])
        world.settle()
        assert not wrongs(world)


def another_takes_it(world: World, key: JobKey) -> None:
    """The lease runs out, the attempt is written down as lost, and another begins, whose executor dies at its work."""
    world.during_effect = lambda _: None
    world.clock.advance(70)
    world.sweep()
    world.follow_stream()
    world.wire.fault_of = At(1, Fault.DIED_BEFORE)
    world.execute()
    world.wire.fault_of = lambda _: None
    assert world.effects[key] == [1, 2]
