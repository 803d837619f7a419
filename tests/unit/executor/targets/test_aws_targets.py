from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from functions.executor.targets.aws import answered, failure_of, with_identity, word_of
from functions.executor.targets.eventbridge import EventBridgeTarget
from functions.executor.targets.protocol import Answer, Deadline
from functions.executor.targets.sqs import fifo_ids
from functions.executor.targets.step_functions import StepFunctionsTarget, execution_name
from shared.model.target_rules import TargetRules
from tests.calls import ACCOUNT, JOB_ID, REGION, TENANT, a_call

RULES = TargetRules(
    allowed_arns=("arn:aws:events:*:*:event-bus/*", "arn:aws:states:*:*:stateMachine:*"), account=ACCOUNT, region=REGION
)
EVENT = {"type": "eventbridge", "bus": "shop", "source": "shop", "detail_type": "order"}


def refused(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "s3cret"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Anything")


@pytest.mark.parametrize(
    ("code", "status", "kind", "retryable"),
    [
        ("ThrottlingException", 400, "throttled", True),
        ("Throttling", 400, "throttled", True),
        ("ThrottledException", 400, "throttled", True),
        ("RequestThrottled", 400, "throttled", True),
        ("TooManyRequestsException", 429, "throttled", True),
        ("Whatever", 429, "throttled", True),
        ("InternalFailure", 500, "internal_failure", True),
        ("ServiceUnavailable", 503, "service_unavailable", True),
        ("AccessDenied", 403, "access_denied", False),
        ("AccessDeniedException", 400, "access_denied", False),
        ("ResourceNotFoundException", 404, "target_not_found", False),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, "target_not_found", False),
        ("ValidationException", 400, "validation_exception", False),
        ("InvalidParameterValue", 400, "invalid_parameter_value", False),
    ],
)
def test_what_aws_refuses_is_tried_again_only_if_that_may_help(
    code: str, status: int, kind: str, retryable: bool
) -> None:
    failure = failure_of(refused(code, status))

    assert (failure.type, failure.retryable) == (kind, retryable)
    assert "s3cret" not in failure.message


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (ConnectTimeoutError(endpoint_url="https://sqs"), "connection_failed", True),
        (EndpointConnectionError(endpoint_url="https://sqs"), "connection_failed", True),
        (ReadTimeoutError(endpoint_url="https://sqs"), "aws_error", True),
        (ParamValidationError(report="s3cret"), "aws_error", False),
        (NoCredentialsError(), "aws_error", False),
    ],
)
def test_a_call_that_broke_off_is_tried_again(error: Any, kind: str, retryable: bool) -> None:
    failure = failure_of(error)

    assert (failure.type, failure.retryable) == (kind, retryable)
    assert "s3cret" not in failure.message


def test_an_error_after_the_deadline_is_a_timeout() -> None:
    def send() -> Answer:
        deadline.seconds, deadline._ends_at = 3, 0
        raise ReadTimeoutError(endpoint_url="https://sqs")

    deadline = Deadline(60)
    failure = answered(send, deadline).failure

    assert failure is not None
    assert failure.type == "timed_out"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("ValueError", "value_error"),
        ("HTTPError", "http_error"),
        ("Sandbox.Timedout", "sandbox_timedout"),
        ("Runtime.ExitError", "runtime_exit_error"),
        ("\u00dc", "aws_error"),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_name_becomes_a_failures_type(name: str, word: str) -> None:
    assert word_of(name) == word


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b' { "a": {"b": []} } ', {"a": {"b": []}}),
        (b"{ }", {}),
        (b"[1, 2]", {"payload": [1, 2]}),
        (b'"text"', {"payload": "text"}),
        (b"null", {"payload": None}),
        (None, {}),
    ],
)
def test_an_events_detail_is_always_an_object(payload: bytes | None, expected: dict[str, Any]) -> None:
    detail = json.loads(with_identity(a_call(EVENT, payload=payload)))

    identity = detail.pop("punctual")
    assert detail == expected
    assert identity == {
        "idempotency_key": f"{TENANT}/{JOB_ID}",
        "correlation_id": "c-1",
        "job_id": JOB_ID,
        "attempt": 2,
        "fence": 5,
        "run_at": "2026-03-01T12:00:00Z",
    }


def test_a_payloads_numbers_stay_as_they_were_written() -> None:
    assert '"a":1e400,"b":1.10}' in with_identity(a_call(EVENT, payload=b'{"a":1e400,"b":1.10}'))


def test_a_payloads_own_field_stands() -> None:
    assert json.loads(with_identity(a_call(EVENT, payload=b'{"punctual": 1}'))) == {"punctual": 1}


class OneClient:
    """Gives itself for every service, and answers or raises what it was told."""

    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome
        self.sent: list[dict[str, Any]] = []

    def within(self, *_: Any, **__: Any) -> OneClient:
        return self

    def put_events(self, **parameters: Any) -> Any:
        return self._answer(parameters)

    def start_execution(self, **parameters: Any) -> Any:
        return self._answer(parameters)

    def _answer(self, parameters: dict[str, Any]) -> Any:
        self.sent.append(parameters)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@pytest.mark.parametrize(
    ("code", "retryable"), [("InternalFailure", True), ("ThrottlingException", True), ("MalformedDetail", False)]
)
def test_an_entry_that_failed_in_a_call_that_did_not_is_a_failure(code: str, retryable: bool) -> None:
    client: Any = OneClient({"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "s3cret"}]})

    failure = EventBridgeTarget(client, RULES).call(a_call(EVENT), Deadline(5)).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == (word_of(code), retryable)
    assert "s3cret" not in failure.message


def test_an_event_names_its_bus_by_arn() -> None:
    client: Any = OneClient({"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}]})

    answer = EventBridgeTarget(client, RULES).call(a_call(EVENT), Deadline(5))

    assert answer == Answer(b'{"event_id":"e-1"}')
    (entry,) = client.sent[0]["Entries"]
    assert entry["EventBusName"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/shop"


def test_an_execution_that_exists_was_started_by_an_earlier_attempt() -> None:
    client: Any = OneClient(refused("ExecutionAlreadyExists", 400))
    target = {"type": "step_functions", "state_machine_arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:orders"}

    answer = StepFunctionsTarget(client, RULES).call(a_call(target), Deadline(5))

    assert answer.failure is None
    assert f"{TENANT}-{JOB_ID}" in answer.output.decode()


def test_names_derived_from_a_job_are_the_same_for_every_attempt() -> None:
    first, second = a_call({}, attempt=1, fence=1), a_call({}, attempt=2, fence=2)

    assert execution_name(first) == execution_name(second)
    assert fifo_ids(first) == fifo_ids(second)
    assert execution_name(a_call({}, job_id="other")) != execution_name(first)
    assert fifo_ids(a_call({}, idempotency_key="other")) != fifo_ids(first)
    assert len(execution_name(a_call({}, tenant="t" * 40))) <= 80
