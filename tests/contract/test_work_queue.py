"""`ports.queue.WorkQueue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.model.lanes import Lane
from shared.ports.queue import Hint
from tests.jobs import at

if TYPE_CHECKING:
    from tests.contract.conftest import MemoryQueues, SqsQueues

    Queues = MemoryQueues | SqsQueues


def hint(number: int = 1, *, tenant: str = "acme") -> Hint:
    return Hint(tenant, f"job-{number}", at(number + 0.125))


def test_a_hint_is_received_as_it_was_sent(queues: Queues) -> None:
    assert queues.queue.send(Lane.HIGH, [(hint(), 0)]) == []

    assert [received for received, _ in queues.receive(Lane.HIGH)] == [hint()]


def test_ten_hints_of_several_tenants_are_sent_at_once(queues: Queues) -> None:
    batch = [(hint(number, tenant=f"tenant-{number % 3}"), 0) for number in range(10)]

    assert queues.queue.send(Lane.LOW, batch) == []

    assert sorted(received for received, _ in queues.receive(Lane.LOW)) == sorted(sent for sent, _ in batch)


@pytest.mark.parametrize("lane", Lane)
def test_every_lane_has_a_queue_of_its_own(queues: Queues, lane: Lane) -> None:
    queues.queue.send(lane, [(hint(), 0)])

    for other in set(Lane) - {lane}:
        assert queues.receive(other) == []
    assert len(queues.receive(lane)) == 1


def test_a_delayed_hint_is_not_there_yet(queues: Queues) -> None:
    assert queues.queue.send(Lane.NORMAL, [(hint(1), 900), (hint(2), 0)]) == []

    assert [received for received, _ in queues.receive(Lane.NORMAL)] == [hint(2)]


def test_a_received_hint_is_hidden_from_others(queues: Queues) -> None:
    queues.queue.send(Lane.NORMAL, [(hint(), 0)])

    assert len(queues.receive(Lane.NORMAL)) == 1
    assert queues.receive(Lane.NORMAL) == []


def test_a_hint_that_was_given_back_is_there_again(queues: Queues) -> None:
    queues.queue.send(Lane.NORMAL, [(hint(), 0)])
    ((_, receipt),) = queues.receive(Lane.NORMAL)

    queues.queue.give_back(Lane.NORMAL, receipt, 0)

    assert [received for received, _ in queues.receive(Lane.NORMAL)] == [hint()]


def test_a_hint_that_was_given_back_for_later_is_not_there_yet(queues: Queues) -> None:
    queues.queue.send(Lane.NORMAL, [(hint(), 0)])
    ((_, receipt),) = queues.receive(Lane.NORMAL)

    queues.queue.give_back(Lane.NORMAL, receipt, 900)

    assert queues.receive(Lane.NORMAL) == []


def test_giving_back_what_is_unknown_is_no_error(queues: Queues) -> None:
    queues.queue.give_back(Lane.NORMAL, "no receipt of ours", 0)


def test_the_depth_counts_what_can_be_received_now(queues: Queues) -> None:
    queues.queue.send(Lane.NORMAL, [(hint(1), 0), (hint(2), 0), (hint(3), 900)])
    assert queues.queue.depth(Lane.NORMAL) == 2

    queues.receive(Lane.NORMAL)

    assert queues.queue.depth(Lane.NORMAL) == 0
    assert queues.queue.depth(Lane.HIGH) == 0
