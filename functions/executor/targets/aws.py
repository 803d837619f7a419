"""How calls of AWS fail: the one place where botocore's errors become failures of an attempt."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from functions.executor.targets.endings import CallEnded, ended
from functions.executor.targets.protocol import Answer
from shared.model.errors import InvalidField
from shared.model.execution import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.executor.targets.protocol import Call, Deadline

# Beside them, whatever has the status 429 or a name that begins so.
_THROTTLED: Final = frozenset(
    {
        "EC2ThrottledException",
        "KmsThrottled",
        "KMSThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "TooManyRequestsException",
    }
)
_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "UnrecognizedClientException",
    }
)
_NOT_FOUND: Final = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
    }
)
IDENTITY_FIELD: Final = "punctual"
_NEVER_SENT: Final = (ConnectTimeoutError, EndpointConnectionError)


def answered(send: Callable[[], Answer], deadline: Deadline) -> Answer:
    """What `send` returns, or what it raises as a failure: a forbidden resource, an error of AWS, the deadline."""
    try:
        if deadline.remaining() <= 0:
            return ended(deadline)
        return send()
    except InvalidField as error:
        # The rules have changed since the job was created.
        return Answer(failure=Failure(error.slug.replace("-", "_"), error.detail, retryable=False))
    except CallEnded:
        return ended(deadline)
    except (ClientError, BotoCoreError) as error:
        # A call whose time is over has mostly failed by the timeout that was made from it.
        return ended(deadline) if deadline.remaining() <= 0 else Answer(failure=failure_of(error))


def failure_of(error: ClientError | BotoCoreError) -> Failure:
    """An error of AWS as a failure: throttling, 5xx and broken connections are worth another attempt; missing rights,
    missing resources and refused parameters are not.

    The service's own message is left out: it may repeat what it was sent.
    """
    if isinstance(error, ClientError):
        return _refused(error.response["Error"]["Code"], _status_of(error))
    if isinstance(error, _NEVER_SENT):
        return Failure("connection_failed", f"AWS could not be reached: {type(error).__name__}")
    retryable = not isinstance(error, (ParamValidationError, NoCredentialsError))
    return Failure("aws_error", f"the call of AWS broke off: {type(error).__name__}", retryable=retryable)


def word_of(name: str) -> str:
    """A CamelCase name as a failure's type: `InvalidParameterValue` is `invalid_parameter_value`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", name).lower()
    return words.strip("_")[:64] or "aws_error"


def identity_attributes(call: Call) -> dict[str, Any]:
    """The call's identity as message attributes of SQS and SNS."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in call.headers().items()}


def text_of(call: Call) -> str:
    """The payload as text. Services refuse an empty body, so that a job without payload sends an empty object."""
    return "{}" if call.payload is None else call.payload.decode()


def with_identity(call: Call) -> str:
    """A JSON object that holds the payload (as `payload`, if that is no object) and the call's identity as `punctual`:
    for events and inputs, which have no other place for it. A payload that has such a member itself keeps it.

    The payload's own text is kept as it is: to read and write it again would change some numbers.

    Raises:
        InvalidField: it has such a member, and the token of the attempt's lease would have to be there.
    """
    text = text_of(call).strip()
    payload = json.loads(text)
    identity = f"{json.dumps(IDENTITY_FIELD)}:{json.dumps(_identity_of(call), separators=(',', ':'))}"
    if not isinstance(payload, dict):
        return f'{{{identity},"payload":{text}}}'
    if IDENTITY_FIELD not in payload:
        return f"{{{identity}{',' if payload else ''}{text[1:]}"
    if call.reporting is not None:
        detail = f"there the token of the attempt's lease goes, so the payload must have no member {IDENTITY_FIELD}"
        raise InvalidField(f"/payload/{IDENTITY_FIELD}", detail, slug="invalid-payload")
    return text


def output_of(**facts: str | None) -> bytes:
    """What AWS answered, as the execution's output."""
    return json.dumps(facts, separators=(",", ":")).encode()


def _identity_of(call: Call) -> dict[str, str | int]:
    reporting = call.reporting
    return {
        "job_id": call.job_id,
        "attempt": call.attempt,
        "fence": call.fence,
        "run_at": call.run_at.isoformat().replace("+00:00", "Z"),
        "correlation_id": call.correlation_id,
        "idempotency_key": call.idempotency_key,
        **({} if reporting is None else {"lease_token": reporting.token, "api_url": reporting.api_url}),
    }


def _refused(code: str, status: int) -> Failure:
    if code in _THROTTLED or code.startswith("Throttl") or status == 429:
        return Failure("throttled", f"AWS asks for patience: {code}")
    if code in _DENIED:
        return Failure("access_denied", f"the scheduler may not make this call: {code}", retryable=False)
    if code in _NOT_FOUND:
        return Failure("target_not_found", f"there is no such resource: {code}", retryable=False)
    return Failure(word_of(code), f"AWS answered {status}: {code}", retryable=status >= 500)


def _status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
