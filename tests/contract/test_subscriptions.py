"""Subscriptions come back from the control table as they went into it."""

from __future__ import annotations

import pytest

from shared.adapters.dynamodb.subscriptions import SUBSCRIPTIONS
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.model.lanes import Priority
from shared.model.subscription import EventFilter, Subscription, SubscriptionStatus
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.jobs import at
from tests.subscriptions import a_subscription


@pytest.mark.parametrize(
    "subscription",
    [
        a_subscription(),
        a_subscription(
            name="é",
            events=("job.failed", "alert.*"),
            filter=EventFilter(template_id="t1", group="nightly", priority=Priority.LOW, tags={"team": "data"}),
            status=SubscriptionStatus.PAUSED,
            active_since=at(1.125),
            changed_at=at(2.5),
            version=3,
            fingerprint="f",
        ),
    ],
    ids=["plain", "with everything"],
)
def test_a_subscription_is_read_as_it_was_put(subscription: Subscription) -> None:
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        store = DynamoVersionedStore(dynamodb, CONTROL_TABLE, SUBSCRIPTIONS)

        store.create(subscription)

        assert store.all_of(subscription.tenant) == [subscription]
