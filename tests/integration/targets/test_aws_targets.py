"""The targets that hand a message to AWS, against moto."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import moto.backends
import pytest
from moto import mock_aws

from functions.executor.targets.clients import Clients
from functions.executor.targets.email import EmailTarget
from functions.executor.targets.eventbridge import EventBridgeTarget
from functions.executor.targets.protocol import Answer, Deadline
from functions.executor.targets.signing_secrets import SsmSigningSecrets
from functions.executor.targets.sns import SnsTarget
from functions.executor.targets.sqs import SqsTarget
from functions.executor.targets.step_functions import StepFunctionsTarget
from shared.model.target_rules import TargetRules
from tests.calls import ACCOUNT, JOB_ID, PAYLOAD, REGION, TENANT, a_call

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = TargetRules(
    allowed_arns=tuple(
        f"arn:aws:{resource}"
        for resource in (
            f"sqs:{REGION}:{ACCOUNT}:orders*",
            f"sns:{REGION}:{ACCOUNT}:orders*",
            f"events:{REGION}:{ACCOUNT}:event-bus/orders",
            f"states:{REGION}:{ACCOUNT}:stateMachine:orders",
        )
    ),
    account=ACCOUNT,
    region=REGION,
)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def clients(aws: None) -> Clients:
    import botocore.session

    return Clients(lambda: datetime.now(UTC), botocore.session.get_session().create_client)


def failed(answer: Answer) -> tuple[str, bool]:
    assert answer.failure is not None
    return answer.failure.type, answer.failure.retryable


def test_a_message_holds_the_payload_and_the_calls_identity(clients: Clients) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]

    answer = SqsTarget(clients, RULES).call(a_call({"type": "sqs", "queue_url": url}), Deadline(5))

    assert answer.failure is None
    assert json.loads(answer.output)["message_id"]
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert message["Body"].encode() == PAYLOAD
    assert attributes["X-Punctual-Job-Id"] == JOB_ID
    assert attributes["X-Punctual-Fence"] == "5"


def test_a_repeated_attempt_is_one_message_in_a_fifo_queue(clients: Clients) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    target, call = SqsTarget(clients, RULES), a_call({"type": "sqs", "queue_url": url})

    for attempt in (1, 2):
        assert target.call(replace(call, attempt=attempt), Deadline(5)).failure is None

    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 1


def test_a_queue_that_is_not_there_is_not_tried_again(clients: Clients) -> None:
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"

    answer = SqsTarget(clients, RULES).call(a_call({"type": "sqs", "queue_url": url}), Deadline(5))

    assert failed(answer) == ("target_not_found", False)


def test_a_resource_that_is_no_longer_allowed_is_not_called(clients: Clients) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="secrets")["QueueUrl"]

    answer = SqsTarget(clients, RULES).call(a_call({"type": "sqs", "queue_url": url}), Deadline(5))

    assert failed(answer) == ("target_not_allowed", False)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_stopped_call_sends_nothing(clients: Clients) -> None:
    sqs = boto3.client("sqs")
    url, deadline = sqs.create_queue(QueueName="orders")["QueueUrl"], Deadline(5)
    deadline.stop()

    answer = SqsTarget(clients, RULES).call(a_call({"type": "sqs", "queue_url": url}), deadline)

    assert failed(answer)[0] == "stopped"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_topics_subscribers_get_payload_and_identity(clients: Clients) -> None:
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:subscriber")

    answer = SnsTarget(clients, RULES).call(a_call({"type": "sns", "topic_arn": topic}), Deadline(5))

    assert answer.failure is None
    body = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert body["Message"].encode() == PAYLOAD
    assert body["MessageAttributes"]["X-Correlation-Id"]["Value"] == "c-1"


def test_a_subject_of_a_channel_reaches_the_topics_subscribers(clients: Clients) -> None:
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:subscriber")
    target = {"type": "sns", "topic_arn": topic, "subject": "payroll failed"}

    SnsTarget(clients, RULES).call(a_call(target), Deadline(5))

    assert json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])["Subject"] == "payroll failed"


def test_an_email_is_sent_from_the_stages_address(clients: Clients) -> None:
    ses = boto3.client("sesv2")
    ses.create_email_identity(EmailIdentity="news@example.com")
    call = a_call(
        {"type": "email", "to": ["ops@example.com"], "subject": "Löhne fällig"}, payload="ja, fällig".encode()
    )

    answer = EmailTarget(clients, "news@example.com").call(call, Deadline(5))

    (message,) = moto.backends.get_backend("ses")[ACCOUNT][REGION].sent_messages
    assert answer.failure is None
    assert (message.source, message.destinations["ToAddresses"]) == ("news@example.com", ["ops@example.com"])
    assert (message.subject, message.body) == ("Löhne fällig", "ja, fällig")


def test_where_no_address_was_set_up_an_email_fails_for_good(clients: Clients) -> None:
    call = a_call({"type": "email", "to": ["ops@example.com"], "subject": "news"})

    assert failed(EmailTarget(clients, "").call(call, Deadline(5))) == ("email_not_set_up", False)


def test_a_topic_that_is_not_there_is_not_tried_again(clients: Clients) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:orders"

    answer = SnsTarget(clients, RULES).call(a_call({"type": "sns", "topic_arn": topic}), Deadline(5))

    assert failed(answer) == ("target_not_found", False)


def test_an_event_is_put_on_the_bus(clients: Clients) -> None:
    boto3.client("events").create_event_bus(Name="orders")
    target = {"type": "eventbridge", "bus": "orders", "source": "shop", "detail_type": "order"}

    answer = EventBridgeTarget(clients, RULES).call(a_call(target), Deadline(5))

    assert answer.failure is None
    assert json.loads(answer.output)["event_id"]


def test_an_event_that_aws_refuses_is_a_failure(clients: Clients) -> None:
    boto3.client("events").create_event_bus(Name="orders")
    target = {"type": "eventbridge", "bus": "orders", "source": "", "detail_type": "order"}

    answer = EventBridgeTarget(clients, RULES).call(a_call(target), Deadline(5))

    assert not failed(answer)[1]


@pytest.fixture
def machine() -> str:
    definition = {"StartAt": "done", "States": {"done": {"Type": "Succeed"}}}
    role = f"arn:aws:iam::{ACCOUNT}:role/states"
    client = boto3.client("stepfunctions")
    return client.create_state_machine(name="orders", definition=json.dumps(definition), roleArn=role)[
        "stateMachineArn"
    ]


def test_a_repeated_attempt_starts_no_second_execution(clients: Clients, machine: str) -> None:
    target = StepFunctionsTarget(clients, RULES)
    call = a_call({"type": "step_functions", "state_machine_arn": machine})

    answers = [
        target.call(replace(call, attempt=attempt, payload=b'{"n": %d}' % attempt), Deadline(5)) for attempt in (1, 2)
    ]

    assert [answer.failure for answer in answers] == [None, None]
    (execution,) = boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert execution["name"] == f"{TENANT}-{JOB_ID}"


def test_a_role_is_assumed_once_with_the_tenant_as_external_id() -> None:
    import botocore.session

    assumed: list[tuple[str, str]] = []
    keys: list[str | None] = []

    def create(service: str, **options: Any) -> Any:
        client = botocore.session.get_session().create_client(service, **options)
        if service == "sts":
            client.meta.events.register(
                "provide-client-params.sts.AssumeRole",
                lambda params, **_: assumed.append((params["RoleArn"], params["ExternalId"])),
            )
        else:
            keys.append(options.get("aws_access_key_id"))
        return client

    url = boto3.client("sqs").create_queue(QueueName="theirs")["QueueUrl"]
    role = f"arn:aws:iam::{ACCOUNT}:role/punctual-target/theirs"
    target = SqsTarget(Clients(lambda: datetime.now(UTC), create), RULES)
    call = a_call({"type": "sqs", "queue_url": url, "role_arn": role})

    answers = [target.call(call, Deadline(30)) for _ in range(2)]

    assert [answer.failure for answer in answers] == [None, None]
    assert assumed == [(role, TENANT)]
    assert keys[0] not in (None, "testing")


def test_a_tenants_signing_secrets_are_read_from_its_parameter(clients: Clients) -> None:
    boto3.client("ssm").put_parameter(Name="/punctual/dev/signing/acme", Value="whsec_a whsec_b", Type="SecureString")
    secrets = SsmSigningSecrets(lambda: clients.plain("ssm", 2), "/punctual/dev/signing/", lambda: datetime.now(UTC))

    assert secrets.secrets_of("acme") == ("whsec_a", "whsec_b")
    assert secrets.secrets_of("other") == ()
