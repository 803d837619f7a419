"""How each kind of target is handed what its outcome is reported with."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.executor.targets.aws import identity_attributes, with_identity
from functions.executor.targets.eventbridge import EventBridgeTarget
from functions.executor.targets.http_request import request_of
from functions.executor.targets.lambda_function import client_context
from functions.executor.targets.protocol import Call, Deadline, Reporting
from functions.executor.targets.sqs import fifo_ids
from functions.executor.targets.step_functions import StepFunctionsTarget, execution_name
from shared.model.outbound import check_url
from shared.model.target_rules import TargetRules
from tests.calls import ACCOUNT, REGION, a_call

TOKEN = "pxt1.acme.job-1.5.secret"
REPORTING = Reporting(token=TOKEN, api_url="https://api.example.com")
RULES = TargetRules(
    allowed_arns=("arn:aws:events:*:*:event-bus/*", "arn:aws:states:*:*:stateMachine:*"), account=ACCOUNT, region=REGION
)
EVENT = {"type": "eventbridge", "bus": "shop", "source": "shop", "detail_type": "order"}
MACHINE = {"type": "step_functions", "state_machine_arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:orders"}


def reported(target: dict[str, Any] | None = None, **changes: Any) -> Call:
    return a_call(target or {}, reporting=REPORTING, **changes)


class OneClient:
    """Gives itself for every service, and remembers what it is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def within(self, *_: Any, **__: Any) -> OneClient:
        return self

    def start_execution(self, **parameters: Any) -> Any:
        self.sent.append(parameters)
        return {"executionArn": "arn:execution"}

    def put_events(self, **parameters: Any) -> Any:
        self.sent.append(parameters)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}]}


def test_an_http_target_has_it_as_headers_and_the_jobs_own_cannot_stand_in_for_them() -> None:
    url = "https://example.com/hook"
    own = {"X-Punctual-Lease-Token": "forged"}
    call = reported({"type": "http", "url": url, "headers": own})

    headers = dict(request_of(call, check_url(url, frozenset()), {}).headers)

    assert headers["X-Punctual-Lease-Token"] == TOKEN
    assert headers["X-Punctual-Api-Url"] == "https://api.example.com"


def test_a_message_has_it_as_attributes_of_which_there_may_be_ten() -> None:
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    call = a_call({}, reporting=Reporting(token=TOKEN, api_url="https://api.example.com", checkpoint_at=at))

    attributes = identity_attributes(call)

    assert attributes["X-Punctual-Lease-Token"]["StringValue"] == TOKEN
    assert attributes["X-Punctual-Checkpoint-At"]["StringValue"] == "2026-03-01T12:00:00.000Z"
    assert len(attributes) <= 10


def test_a_function_has_it_in_its_client_context() -> None:
    context = json.loads(base64.b64decode(client_context(reported())))

    assert context["custom"]["X-Punctual-Lease-Token"] == TOKEN


def test_an_event_has_it_in_its_detail() -> None:
    client: Any = OneClient()

    EventBridgeTarget(client, RULES).call(reported(EVENT), Deadline(5))

    (entry,) = client.sent[0]["Entries"]
    assert json.loads(entry["Detail"])["punctual"]["lease_token"] == TOKEN


def test_an_execution_of_a_state_machine_has_it_in_its_input() -> None:
    client: Any = OneClient()

    StepFunctionsTarget(client, RULES).call(reported(MACHINE), Deadline(5))

    given = json.loads(client.sent[0]["input"])
    assert given["punctual"]["lease_token"] == TOKEN
    assert given["punctual"]["api_url"] == "https://api.example.com"
    assert given["amount"] == 12


def test_a_state_machine_that_reports_nothing_has_its_input_as_it_is() -> None:
    client: Any = OneClient()

    StepFunctionsTarget(client, RULES).call(a_call(MACHINE), Deadline(5))

    assert "punctual" not in client.sent[0]["input"]


@pytest.mark.parametrize("target", [EVENT, MACHINE], ids=lambda target: target["type"])
def test_a_payload_that_has_something_else_in_its_place_is_not_sent(target: dict[str, Any]) -> None:
    client: Any = OneClient()
    kind = EventBridgeTarget if target is EVENT else StepFunctionsTarget

    failure = kind(client, RULES).call(reported(target, payload=b'{"punctual": 1}'), Deadline(5)).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("invalid_payload", False)
    assert client.sent == []


def test_each_attempt_is_a_message_and_an_execution_of_its_own_since_its_token_is() -> None:
    first, second = reported(attempt=1, fence=1), reported(attempt=2, fence=2)

    assert fifo_ids(first)["MessageDeduplicationId"] != fifo_ids(second)["MessageDeduplicationId"]
    assert execution_name(first) != execution_name(second)
    assert len(execution_name(reported(tenant="t" * 40, fence=10**9))) <= 80


def test_no_call_shows_its_token() -> None:
    assert "secret" not in repr(reported())
    assert with_identity(a_call({}, payload=None)).count("lease_token") == 0
