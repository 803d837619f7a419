from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.interruption import pause, resume
from shared.model.lanes import due_shards
from shared.ports.jobs import DueEntry


class Lambda:
    """Two pages of mappings; writes down what it is told."""

    def __init__(self, *states: str) -> None:
        self.states = {f"mapping-{number}": state for number, state in enumerate(states)}
        self.said: list[tuple[str, object]] = []

    def list_event_source_mappings(self, Marker: str | None = None) -> dict[str, Any]:  # noqa: N803 - AWS's name
        all_of_them = [{"UUID": name, "State": state} for name, state in self.states.items()]
        if Marker is None:
            return {"EventSourceMappings": all_of_them[:1], "NextMarker": "more"}
        return {"EventSourceMappings": all_of_them[1:]}

    def update_event_source_mapping(self, *, UUID: str, Enabled: bool) -> None:  # noqa: N803 - AWS's names
        self.states[UUID] = "Enabled" if Enabled else "Disabled"
        self.said.append((UUID, Enabled))

    def invoke(self, *, FunctionName: str, InvocationType: str) -> None:  # noqa: N803 - AWS's names
        self.said.append((FunctionName, InvocationType))


class Sqs:
    """Each queue has one message under way fewer each time that it is asked."""

    def __init__(self, under_way: int) -> None:
        self.under_way = under_way

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803
        count, self.under_way = self.under_way, self.under_way - 1
        return {"Attributes": {AttributeNames[0]: str(count)}}


class Cursors:
    def __init__(self) -> None:
        reached = DueEntry(datetime(2026, 11, 21, tzinfo=UTC), "acme", "1")
        self.ticks = dict.fromkeys(due_shards(1), reached)

    def tick_cursors(self) -> dict[Any, DueEntry]:
        return dict(self.ticks)

    def advance_tick(self, shard: Any, *, seen: DueEntry | None, to: DueEntry) -> bool:
        assert self.ticks[shard] == seen
        self.ticks[shard] = to
        return True


def test_before_a_stop_nothing_is_received_any_more_and_what_was_may_end() -> None:
    lambda_, sqs = Lambda("Enabled", "Enabled", "Disabled"), Sqs(under_way=1)

    pause(lambda_, sqs, ["https://queue"])

    assert lambda_.said == [("mapping-0", False), ("mapping-1", False)]
    assert sqs.under_way < 0


def test_after_a_start_everything_is_received_and_the_tick_comes_at_once_from_the_beginning() -> None:
    lambda_, cursors = Lambda("Disabled", "Enabled", "Disabled"), Cursors()

    resume(lambda_, cursors, ["populator", "watcher"])  # type: ignore[arg-type]

    assert lambda_.said == [("mapping-0", True), ("mapping-2", True), ("populator", "Event"), ("watcher", "Event")]
    assert {reached.wake_at.year for reached in cursors.ticks.values()} == {1970}
