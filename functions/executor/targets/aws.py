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


def output_of(**facts: str | None) -> bytes:
    """What AWS answered, as the execution's output."""
    return json.dumps(facts, separators=(",", ":")).encode()


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
