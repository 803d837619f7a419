"""What happens to a job, on the bus and at a webhook that has subscribed to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.receiver import Received, Receiver
    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

TENANT = "listeners"
SECRET = b"another secret of 24 bytes or more"
# A subscription is in force after ten seconds.
IN_FORCE_SECONDS = 11
PATIENCE_SECONDS = 60


def subscribe(client: Client, receiver: Receiver) -> None:
    service = {"type": "webhook", "url": f"http://{receiver.host}/events?fail=1"}
    channel = client.call("POST", "/v1/channels", {"name": "events", "service": service})
    wanted = {"events": ["job.started", "job.succeeded"], "filter": {"tags": {"team": "data"}}}
    body = {"name": "to the data team", "channel_id": channel.json["id"], **wanted}
    assert client.call("POST", "/v1/subscriptions", body).status == 201


def listen(system: LocalSystem) -> Callable[[], list[dict[str, Any]]]:
    """Puts a queue behind the stage's bus, for the tenant's events. What is returned takes what has come."""
    sqs, events = system.client("sqs"), system.client("events")
    url = sqs.create_queue(QueueName="listeners-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    bus, pattern = system.outputs["EventBus"], {"source": ["punctual"], "detail": {"tenant": [TENANT]}}
    events.put_rule(Name="listeners", EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(Rule="listeners", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def come() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        return [json.loads(message["Body"])["detail"] for message in messages]

    return come


def is_signed(call: Received) -> bool:
    """As a receiver verifies it: Standard Webhooks, "Verifying signatures"."""
    signed = b".".join((call.headers["webhook-id"].encode(), call.headers["webhook-timestamp"].encode(), call.body))
    expected = "v1," + base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
    return expected in call.headers["webhook-signature"].split()


@pytest.mark.meanwhile
def test_the_events_of_a_job_arrive_signed_at_a_webhook_and_on_the_bus_with_the_same_ids(
    new_client: Callable[..., Client], system: LocalSystem, receiver: Receiver
) -> None:
    client = new_client(TENANT, "read", "write")
    secret = f"whsec_{base64.b64encode(SECRET).decode()}"
    system.client("ssm").put_parameter(
        Name=f"/punctual/local/signing/{TENANT}", Type="SecureString", Value=secret, Overwrite=True
    )
    come = listen(system)
    subscribe(client, receiver)
    time.sleep(IN_FORCE_SECONDS)
    target = {"type": "http", "url": f"http://{receiver.host}/work"}

    job = client.create({"target": target, "tags": {"team": "data"}})
    other = client.create({"target": target, "tags": {"team": "other"}})

    on_the_bus: list[dict[str, Any]] = []
    arrived: list[Received] = []
    give_up = time.monotonic() + PATIENCE_SECONDS
    while (len(on_the_bus) < 4 or len(arrived) < 2) and time.monotonic() < give_up:
        on_the_bus += come()
        calls = [one for one in receiver.received if one.path.startswith("/events?")]
        arrived = [one for one in calls if one.answered == 200]
    told = {document["id"]: document for document in map(json.loads, (call.body for call in arrived))}
    ours = {document["id"]: document for document in on_the_bus if document["job"]["id"] == job["id"]}
    assert told == ours
    assert sorted(document["type"] for document in told.values()) == ["job.started", "job.succeeded"]
    assert {document["job"]["id"] for document in on_the_bus} == {job["id"], other["id"]}
    # Each was refused once: the next attempt had the same id, and a signature of its own time.
    assert all(is_signed(call) for call in calls)
    by_id: dict[str, list[int]] = {}
    for call in calls:
        by_id.setdefault(call.headers["webhook-id"], []).append(call.answered)
    assert list(by_id.values()) == [[500, 200]] * 2
    deliveries = client.call("GET", "/v1/jobs?group=punctual.events").json["items"]
    assert {one["id"] for one in deliveries} == set(by_id)
