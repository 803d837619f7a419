"""Between two runs nothing is executed: before the stop messages are no longer received, after the start all go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from shared.model.job import from_epoch_ms
from shared.ports.jobs import DueEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.ports.control import CursorStore

# A message is received up to two seconds before its job's time. Jobs that take longer are stopped with the emulator.
_UNDER_WAY_SECONDS: Final = 3
_POLL_SECONDS: Final = 0.05
_BEGINNING: Final = DueEntry(from_epoch_ms(0), "-", "-")


def pause(lambda_: Any, sqs: Any, queue_urls: Iterable[str]) -> None:
    """Have nothing more received from queues and streams, and wait a little for what was.

    An attempt that ends while the emulator is being stopped would count as lost, for its data is saved by then.
    """
    _set_mappings(lambda_, enabled=False)
    give_up = time.monotonic() + _UNDER_WAY_SECONDS
    while any(_under_way(sqs, url) for url in queue_urls) and time.monotonic() < give_up:
        time.sleep(_POLL_SECONDS)


def resume(lambda_: Any, cursors: CursorStore, functions: Iterable[str]) -> None:
    """Have messages received, and call `functions` (those that work by the minute) at once instead of in a minute.

    The tick begins at the beginning: records of the stream do not outlive the emulator, and messages that were in hand
    when it ended come back only when their visibility timeout is over.
    """
    for shard, reached in cursors.tick_cursors().items():
        cursors.advance_tick(shard, seen=reached, to=_BEGINNING)
    _set_mappings(lambda_, enabled=True)
    for name in functions:
        lambda_.invoke(FunctionName=name, InvocationType="Event")


def _set_mappings(lambda_: Any, *, enabled: bool) -> None:
    """Each source of events of each function, demo or not."""
    state = "Enabled" if enabled else "Disabled"
    for mapping in _pages(lambda_.list_event_source_mappings):
        if mapping["State"] != state:
            lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def _pages(list_mappings: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    page = list_mappings()
    found: list[dict[str, Any]] = page["EventSourceMappings"]
    while marker := page.get("NextMarker"):
        page = list_mappings(Marker=marker)
        found = found + page["EventSourceMappings"]
    return found


def _under_way(sqs: Any, queue_url: str) -> bool:
    name = "ApproximateNumberOfMessagesNotVisible"
    return bool(sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])["Attributes"][name] != "0")
