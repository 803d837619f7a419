"""Random faults in random runs of the whole scheduler, below its real adapters: nothing is lost, nothing happens twice
that must not, and what clients were told is so."""

from __future__ import annotations

import os
import random

import pytest

from tests.integration.faults.account import account_on
from tests.integration.faults.chaos import Chaos
from tests.integration.faults.oracle import wrongs
from tests.integration.faults.world import World, world_on

ACTIONS = 120


def seeds() -> list[int]:
    """Some that are always the same (`FAULT_SEEDS` says how many), and one that never is; or just `FAULT_SEED`."""
    asked = os.environ.get("FAULT_SEED")
    always = range(int(os.environ.get("FAULT_SEEDS", "12")))
    return [int(asked)] if asked else [*always, _fresh()]


def _fresh() -> int:
    """Another one in each run, and the same in all processes of a run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    return random.Random(run).randrange(10**6, 10**9)


@pytest.mark.parametrize("seed", seeds())
def test_every_job_ends_as_it_should_whatever_befalls_the_calls(seed: int) -> None:
    # Every fourth on the one, which takes longer, the others on the other: they share no code.
    with account_on("moto" if seed % 4 == 3 else "emulator") as account, world_on(account) as world:
        Chaos(world, seed).run(actions=ACTIONS)
        faults = len(world.wire.faults)

        world.settle()

        assert faults > 10
        assert not wrongs(world), f"again: FAULT_SEED={seed} python -m pytest {__file__}"


def test_the_same_seed_makes_the_same_run() -> None:
    runs = []
    with account_on("emulator") as account:
        for _ in range(2):
            with world_on(account) as world:
                Chaos(world, 4711).run(actions=ACTIONS)
                runs.append(told(world))

    assert runs[0] == runs[1]


def told(world: World) -> tuple[object, ...]:
    return world.wire.calls, world.wire.faults, world.history, dict(world.effects)
