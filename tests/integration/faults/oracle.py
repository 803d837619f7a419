"""What must be true of a world when all is over, whatever befell it."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.model.job import Delivery, Job, JobKey
from shared.model.lifecycle import Status
from tests.simulation.invariants import OF_A_WRITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.faults.world import World


def wrongs(world: World) -> list[str]:
    """What is wrong, a line each: in any write, in what clients were told, in how a job has ended."""
    states: dict[JobKey, list[Job]] = defaultdict(list)
    found = []
    for before, after in world.history:
        found += [f"{name}: job {after.id}: {wrong}" for name, judge in OF_A_WRITE for wrong in judge(before, after)]
        states[after.key].append(after)
    found += [f"an effect of job {key.job_id} began after its cancel was answered" for key in world.too_late]
    found += [f"an unexpected error: {facts}" for action, facts in world.telemetry.notes if action == "target_defect"]
    for told in world.told:
        if told not in states[told.key]:
            found.append(f"a client was told of a job {told.id} that was never so: {told}")
    for key, seen in states.items():
        found += [f"job {key.job_id} ({seen[-1].status}): {wrong}" for wrong in _wrongs_of(seen, world.effects[key])]
    return found


def _wrongs_of(states: list[Job], effects: list[int]) -> Iterator[str]:
    last = states[-1]
    if not last.status.is_terminal:
        yield "it has not ended"
    claims = [after.fence for before, after in pairwise(states) if after.fence > before.fence]
    if claims != list(range(1, last.fence + 1)):
        yield f"fence {last.fence} after the claims {claims}"
    if len(set(effects)) < len(effects) or not set(effects) <= set(claims):
        yield f"effects under {effects} with the claims {claims}"
    if last.delivery is Delivery.AT_MOST_ONCE and len(effects) > 1:
        yield f"{len(effects)} effects"
    if last.status is Status.SUCCEEDED and last.executions[-1].fence not in effects:
        yield "it succeeded without an effect"
