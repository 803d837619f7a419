"""AWS clients as every adapter uses them, and the one place where their errors become ours."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.model.errors import StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Errors with which a service says that it did nothing. Anything else that fails may have been applied.
_NOT_APPLIED = frozenset(
    {
        "AccessDeniedException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ResourceNotFoundException",
        "ThrottlingException",
        "Throttling",
        "UnrecognizedClientException",
        "ValidationException",
    }
)

# Errors about what was asked for, which is answered so each time. That a right, a table or a bucket is missing is none
# of these: then nothing is wrong with what was asked for, and a deployment mends it.
_REFUSALS = frozenset(
    {
        "EntityTooLarge",
        "InvalidArgument",
        "InvalidRequest",
        "ItemCollectionSizeLimitExceeded",
        "ItemCollectionSizeLimitExceededException",
        "KeyTooLongError",
        "MalformedDetail",
        "MalformedXML",
        "RequestEntityTooLarge",
        "SerializationException",
        "ValidationError",
        "ValidationException",
    }
)

# Short timeouts: a call that hangs holds a lease. Three sends in all, so that one lost packet is no failure.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    max_pool_connections=64,
    retries={"mode": "standard", "total_max_attempts": 3},
    # Every parameter is built by an adapter that tests hold to the service's own model; checking it once more on each
    # call costs a fifth of the call.
    parameter_validation=False,
)

_MAKING = threading.Lock()


@cache
def session() -> botocore.session.Session:
    """One session a process: botocore without boto3's resources, whose import takes as long as a whole client."""
    return botocore.session.get_session()


@cache
def client(service: str) -> Any:
    """The process's one client of `service`."""
    return create_client(service, config=_CONFIG)


def create_client(service: str, **options: Any) -> Any:
    """A new client. One is made after the other: a session must not make several at once, while the clients may be
    used by any number of threads."""
    with _MAKING:
        return session().create_client(service, **options)


class ConditionFailed(Exception):
    """A conditional write of DynamoDB was refused. `item` is what it met, if the call asked for that."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("the condition of a write did not hold")
        self.item = item


def unavailable(action: str, codes: Iterable[str], *, outcome_unknown: bool) -> StoreUnavailable:
    """What to raise when a service answered a call, or parts of it, with these error codes: `StoreRefused` when it will
    answer so again. With another code among them it may yet do better."""
    said = sorted(set(codes))
    kind = StoreRefused if _REFUSALS.issuperset(said) else StoreUnavailable
    return kind(f"{action}: {', '.join(said)}", outcome_unknown=outcome_unknown)


@contextmanager
def translated_errors(action: str) -> Iterator[None]:
    """Turn what botocore raises into `ConditionFailed`, `StoreRefused` or `StoreUnavailable`; `action` says what was
    tried."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            raise ConditionFailed(cast("dict[str, Any] | None", error.response.get("Item"))) from None
        # What the service says is about the last send; the answer to an earlier one may have been lost.
        resent = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
        raise unavailable(action, [code], outcome_unknown=resent or code not in _NOT_APPLIED) from error
    except BotoCoreError as error:
        # No connection now does not say that there was none for an earlier send.
        raise StoreUnavailable(f"{action}: {type(error).__name__}", outcome_unknown=True) from error
