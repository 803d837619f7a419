"""What is no job's doing, told on the bus and to subscribers by the watcher's functions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.watcher import handler, journal_handler
from shared.adapters import aws as aws_adapters
from shared.adapters.dynamodb.alert_rules import ALERT_RULES
from shared.adapters.dynamodb.alerts import DynamoAlertStore
from shared.adapters.dynamodb.breakers import DynamoBreakers
from shared.adapters.dynamodb.subscriptions import SUBSCRIPTIONS
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.adapters.system import SystemClock
from shared.model import breaker as breakers
from shared.model.breaker import BreakerSettings, Calls
from shared.model.job import JobKey
from shared.model.subscription import delivery_id
from tests import aws
from tests.alerting import a_rule
from tests.integration.handlers.conftest import stream_event
from tests.jobs import BOOM, NOT_FOUND, TENANT, a_job, after, claimed, failed_once
from tests.subscriptions import a_subscription

if TYPE_CHECKING:
    from tests.integration.handlers.conftest import Account, Context

SUBSCRIPTION = a_subscription(events=("alert.*", "breaker.*"))


@pytest.fixture
def on_the_bus(account: Account) -> list[dict[str, Any]]:
    """The documents of the events that the bus has been given."""
    seen: list[dict[str, Any]] = []

    def remember(params: dict[str, Any], **_: Any) -> None:
        seen.extend(json.loads(entry["Detail"]) for entry in params["Entries"])

    aws_adapters.client("events").meta.events.register("provide-client-params.events.PutEvents", remember)
    return seen


@pytest.fixture(autouse=True)
def _have_subscription(account: Account) -> None:
    DynamoVersionedStore(account.dynamodb, aws.CONTROL_TABLE, SUBSCRIPTIONS).create(SUBSCRIPTION)


def delivered(account: Account, event_id: str) -> Any:
    job = account.jobs.get(JobKey(TENANT, delivery_id(SUBSCRIPTION.id, event_id)))
    return json.loads(account.jobs.load_payload(job) or b"")


def test_an_alert_that_opens_is_told_on_the_bus_and_to_who_has_subscribed(
    account: Account, context: Context, on_the_bus: list[dict[str, Any]]
) -> None:
    DynamoVersionedStore(account.dynamodb, aws.CONTROL_TABLE, ALERT_RULES).create(a_rule())
    running = claimed(a_job())
    failed = after(running, failed_once(running, failure=NOT_FOUND))

    for _ in range(2):
        journal_handler.lambda_handler(stream_event(("MODIFY", running, failed)), context)

    (alert,) = [document for document in on_the_bus if document["type"] == "alert.opened"]
    assert delivered(account, alert["id"]) == alert


def test_a_breaker_that_opens_is_told_in_the_watchers_minute(
    account: Account, context: Context, on_the_bus: list[dict[str, Any]]
) -> None:
    one = breakers.opened(
        None,
        tenant=TENANT,
        target="http:api.example.com:443",
        calls=Calls(9, 1),
        failure=BOOM,
        settings=BreakerSettings(),
        now=SystemClock().now() - timedelta(seconds=1),
    )
    DynamoBreakers(account.dynamodb, aws.CONTROL_TABLE).put_breaker(one, is_news=True)

    reports = [handler.lambda_handler({}, context)["tell_breaker_changes"] for _ in range(2)]

    (event,) = on_the_bus
    assert reports == [{"told": 1, "left": 0}, {"told": 0, "left": 0}]
    assert (event["type"], event["breaker"]["target"]) == ("breaker.opened", one.target)
    assert delivered(account, event["id"]) == event


def test_subscribers_are_told_of_an_alert_although_the_bus_is_away(account: Account, context: Context) -> None:
    DynamoVersionedStore(account.dynamodb, aws.CONTROL_TABLE, ALERT_RULES).create(a_rule())
    aws.client("events").delete_event_bus(Name=aws.EVENT_BUS)
    running = claimed(a_job())
    failed = after(running, failed_once(running, failure=NOT_FOUND))

    journal_handler.lambda_handler(stream_event(("MODIFY", running, failed)), context)

    alerts = DynamoAlertStore(account.dynamodb, aws.CONTROL_TABLE).list_alerts(TENANT, before=None, limit=9).alerts
    assert [delivered(account, f"{alert.id}.1")["type"] for alert in alerts] == ["alert.opened"]
    assert [alert.is_news for alert in alerts] == [True]
