"""News that leaves the system: by a webhook and by a topic."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.receiver import Receiver
    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

SECRET = base64.b64encode(b"a secret of at least 24 bytes").decode()


def channel(client: Client, **service: Any) -> dict[str, Any]:
    answer = client.call("POST", "/v1/channels", {"name": "on call", "service": service})
    assert answer.status == 201, answer
    created: dict[str, Any] = answer.json
    return created


def signature_of(message_id: str, timestamp: str, body: bytes) -> str:
    """Standard Webhooks, "Signature scheme"."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(base64.b64decode(SECRET), signed, hashlib.sha256)).decode()


def test_a_webhook_is_signed_and_a_repetition_has_the_same_id(
    new_client: Callable[..., Client], system: LocalSystem, receiver: Receiver
) -> None:
    client = new_client("news", "read", "write")
    system.client("ssm").put_parameter(
        Name="/punctual/local/signing/news", Type="SecureString", Value=f"whsec_{SECRET}"
    )
    hook = channel(client, type="webhook", url=f"http://{receiver.host}/news?fail=1")
    target = {"type": "channel", "channel_id": hook["id"]}

    job = client.create({"target": target, "payload": {"summary": "ready"}, "retry": {"initial": "1s"}})

    assert client.wait_until(job["id"])["status"] == "succeeded"
    calls = [one for one in receiver.received if one.path.startswith("/news?")]
    assert [one.answered for one in calls] == [500, 200]
    for call in calls:
        headers = {name.lower(): value for name, value in call.headers.items()}
        assert headers["webhook-id"] == job["id"]
        expected = signature_of(job["id"], headers["webhook-timestamp"], call.body)
        assert expected in headers["webhook-signature"].split()
        assert json.loads(call.body) == {"summary": "ready"}


def test_a_trial_reaches_the_subscribers_of_a_topic(api: Client, system: LocalSystem) -> None:
    sqs = system.client("sqs")
    url = sqs.create_queue(QueueName="subscriber-of-news")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = system.demo_targets["sns"]["topic_arn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    system.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    news = channel(api, type="sns", topic_arn=topic)

    trial = api.call("POST", f"/v1/channels/{news['id']}/test")

    assert trial.status == 202
    assert api.wait_until(trial.json["id"])["status"] == "succeeded"
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    told = json.loads(message["Body"])
    assert told["Subject"] == json.loads(told["Message"])["summary"]


def test_a_channel_that_is_gone_fails_its_jobs_for_good(api: Client, receiver: Receiver) -> None:
    hook = channel(api, type="webhook", url=f"http://{receiver.host}/gone")
    api.call("DELETE", f"/v1/channels/{hook['id']}")

    job = api.create({"target": {"type": "channel", "channel_id": hook["id"]}})

    ended = api.wait_until(job["id"])
    assert (ended["status"], ended["executions"][0]["error"]["type"]) == ("failed", "channel_not_found")
