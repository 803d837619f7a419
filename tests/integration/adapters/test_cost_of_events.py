"""What an event that is told to a subscriber costs, in the units that DynamoDB bills, as the emulator counts them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from functions.watcher.journal.deliver_events import DeliverEvents
from shared.adapters.dynamodb.subscriptions import SUBSCRIPTIONS
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.model import moves
from shared.model.execution import NO_OUTPUT
from shared.model.job import JobKey
from shared.model.job_change import JobChange
from shared.model.lifecycle import Status
from shared.model.subscription import delivery_id
from tests.aws import CONTROL_TABLE, JOBS_TABLE, create_tables
from tests.emulator import emulated_dynamodb, keep_what_has_ended
from tests.integration.adapters.test_cost_of_windows import Metered
from tests.jobs import RETENTION, SHARDING, START, a_job, after, at, claimed
from tests.subscriptions import a_subscription

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def metered() -> Iterator[Metered]:
    with emulated_dynamodb() as dynamodb:
        create_tables(dynamodb)
        keep_what_has_ended(dynamodb, JOBS_TABLE)
        yield Metered(dynamodb)


def deliver(metered: Metered) -> DeliverEvents:
    return DeliverEvents(
        subscriptions=DynamoVersionedStore(metered.jobs.dynamodb, CONTROL_TABLE, SUBSCRIPTIONS),
        jobs=metered.jobs,
        clock=metered.clock,
        telemetry=metered.telemetry,
        sharding=SHARDING,
    )


def ended() -> JobChange:
    """A job of a template, with a name, two tags and an execution."""
    job = a_job(name="rotate-logs", tags={"team": "data", "zone": "b"}, group="nightly")
    running = claimed(job)
    return JobChange(running, after(running, moves.succeed(running, output=NO_OUTPUT, now=at(1), retention=RETENTION)))


def test_events_of_a_tenant_without_subscriptions_cost_no_write_and_one_read_in_ten_seconds(metered: Metered) -> None:
    tell = deliver(metered)
    for number in range(5):
        job = a_job(job_id=f"job-{number}")
        tell([JobChange(job, claimed(job))])

    assert metered.units == {"read": 1.0}


def test_an_event_told_to_a_subscriber_costs_four_units_to_make_and_three_to_send(metered: Metered) -> None:
    subscription = a_subscription(active_since=START - timedelta(days=1))
    DynamoVersionedStore(metered.jobs.dynamodb, CONTROL_TABLE, SUBSCRIPTIONS).create(subscription)
    metered.units.clear()
    change = ended()
    assert change.new is not None
    event_id = f"{change.new.id}.{change.new.version}"

    deliver(metered)([change])
    made = metered.units["write"]
    job = metered.jobs.get(JobKey(change.new.tenant, delivery_id(subscription.id, event_id)))
    metered.units.clear()
    sent = metered.execute(job)

    assert sent.status is Status.SUCCEEDED
    assert (made, metered.units["write"]) == (4, 3)
