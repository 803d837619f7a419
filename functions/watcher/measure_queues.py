"""How much work waits in the queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.errors import StoreUnavailable
from shared.model.lanes import Lane
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from shared.ports.queue import WorkQueue
    from shared.ports.telemetry import Telemetry


def measure_queues(queue: WorkQueue, telemetry: Telemetry) -> dict[str, int]:
    """Measure and return the depth of each queue that answers. One that does not is told and left out."""
    depths: dict[str, int] = {}
    for lane in Lane:
        try:
            depths[lane.value] = queue.depth(lane)
        except StoreUnavailable as error:
            telemetry.warn("queue_depth_unknown", lane=lane, error=str(error))
    telemetry.measure(Metric.QUEUE_DEPTH, sum(depths.values()))
    telemetry.note("queues_measured", **depths)
    return depths
