"""The wire between the adapters and AWS, on which calls go wrong.

It sits in botocore below everything of ours: requests are those that would be sent, answers and errors go through
botocore's own parsing and resending.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest
    from botocore.model import OperationModel

    Serve = Callable[[AWSPreparedRequest], AWSResponse]


class Died(BaseException):
    """The process that was calling is gone. Not an `Exception`: nothing of ours may catch it."""


class Fault(StrEnum):
    """What befalls one call. The comment says what becomes of it, and what the caller learns."""

    REFUSED = "refused"  # not applied; throttled, says the service
    FAILED = "failed"  # not applied; an internal error, says the service
    UNREACHABLE = "unreachable"  # not applied; no connection
    LOST_ANSWER = "lost_answer"  # applied; the answer never comes
    FALSE_ERROR = "false_error"  # applied; an internal error, says the service
    RESENT = "resent"  # applied, the answer got lost, and the SDK sends it again: the answer to the second
    RESENT_REFUSED = "resent_refused"  # the same, but the second is throttled
    LATE = "late"  # no answer in time; applied some time after that
    DIED_BEFORE = "died_before"  # the caller's process ended before the call
    DIED_AFTER = "died_after"  # the caller's process ended before the answer came
    IN_PART = "in_part"  # a part is done and the rest named: keys, messages or entries left out

    @property
    def kills(self) -> bool:
        return self in {Fault.DIED_BEFORE, Fault.DIED_AFTER}


_ALWAYS: Final = frozenset(Fault) - {Fault.IN_PART}
# To a call that changes nothing, whether it was applied makes no difference.
_OF_A_READ: Final = frozenset({Fault.REFUSED, Fault.UNREACHABLE, Fault.DIED_BEFORE})
_PARTLY_DONE: Final = frozenset({"BatchGetItem", "SendMessageBatch", "Query"})


def faults_of(operation: str) -> list[Fault]:
    """What may befall a call of this operation, in the order of the definition."""
    is_read = operation.startswith(("Get", "Query", "BatchGet"))
    possible = (_OF_A_READ if is_read else _ALWAYS) | ({Fault.IN_PART} if operation in _PARTLY_DONE else set())
    return [fault for fault in Fault if fault in possible]


@dataclass
class At:
    """The fault of call number `position` (from 0), and with `lasting` of all after it. `hits`: of how many so far."""

    position: int
    fault: Fault
    lasting: bool = False
    hits: int = 0
    _calls: int = 0

    def __call__(self, operation: str) -> Fault | None:
        behind = self._calls - self.position
        self._calls += 1
        if behind and not (self.lasting and behind > 0 and self.fault in faults_of(operation)):
            return None
        self.hits += 1
        return self.fault


class Send(NamedTuple):
    """One request of a call: whether the service gets it, and the error that the caller gets for an answer, if any."""

    is_applied: bool
    error: Exception | str | None


_TIMEOUT: Final = ReadTimeoutError(endpoint_url="https://aws.example")
_THROTTLED: Final = "ThrottlingException"
_INTERNAL: Final = "InternalServerError"
_SENDS: Final[dict[Fault | None, tuple[Send, ...]]] = {
    None: (Send(True, None),),
    Fault.REFUSED: (Send(False, _THROTTLED),),
    Fault.FAILED: (Send(False, _INTERNAL),),
    Fault.UNREACHABLE: (Send(False, EndpointConnectionError(endpoint_url="https://aws.example")),),
    Fault.LOST_ANSWER: (Send(True, _TIMEOUT),),
    Fault.FALSE_ERROR: (Send(True, _INTERNAL),),
    Fault.RESENT: (Send(True, _TIMEOUT), Send(True, None)),
    Fault.RESENT_REFUSED: (Send(True, _TIMEOUT), Send(False, _THROTTLED)),
    Fault.LATE: (Send(False, _TIMEOUT),),
    Fault.DIED_AFTER: (Send(True, None),),
    Fault.IN_PART: (Send(True, None),),
}


@dataclass(slots=True)
class Call:
    """One call of an adapter, with the requests that are still to be made for it."""

    operation: str
    fault: Fault | None
    sends: list[Send]


@dataclass
class Wire:
    """`fault_of` decides what befalls a call of an operation. `others_act` is what happens meanwhile: before each call,
    and before each resend. `chance` gives uniform random numbers in [0, 1), for what is done in part.

    `calls`: the operations called so far; `faults`: what befell them, by their numbers. `late`: what is still to
    arrive, each to be called for that.
    """

    fault_of: Callable[[str], Fault | None] = lambda _: None
    others_act: Callable[[], None] = lambda: None
    chance: Callable[[], float] = lambda: 0.0
    calls: list[str] = field(default_factory=list)
    faults: dict[int, Fault] = field(default_factory=dict)
    late: list[Callable[[], object]] = field(default_factory=list)
    # A stack: in the middle of one call, others make theirs.
    _under_way: list[Call] = field(default_factory=list)

    @contextmanager
    def between(self, client: Any, serve: Serve) -> Iterator[None]:
        """For the block, all calls of `client` go over this wire, to where `serve` answers them."""
        events = client.meta.events
        handlers = {
            "before-call": self._begin,
            "before-send": partial(self._send, serve),
            "needs-retry": self._is_sent_again,
            "after-call": self._end,
            "after-call-error": self._end,
        }
        events.unregister("before-send", serve)
        for event, handler in handlers.items():
            events.register_first(event, handler)
        try:
            yield
        finally:
            for event, handler in handlers.items():
                events.unregister(event, handler)
            events.register_first("before-send", serve)

    def _begin(self, model: OperationModel, **_: Any) -> None:
        self.others_act()
        self.calls.append(model.name)
        fault = self.fault_of(model.name)
        if fault is not None:
            self.faults[len(self.calls) - 1] = fault
        if fault is Fault.DIED_BEFORE:
            raise Died
        self._under_way.append(Call(model.name, fault, list(_SENDS[fault])))

    def _end(self, **_: Any) -> None:
        self._under_way.pop()

    def _send(self, serve: Serve, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        call = self._under_way[-1]
        send = call.sends.pop(0)
        if call.fault is Fault.LATE:
            self.late.append(partial(serve, request))
        if send.is_applied:
            answer = self._in_part(call, request, serve) if call.fault is Fault.IN_PART else serve(request)
        if call.fault is Fault.DIED_AFTER:
            self._end()
            raise Died
        if send.error is None:
            return answer
        if isinstance(send.error, Exception):
            raise send.error
        return _answer(request, 500 if send.error == _INTERNAL else 400, {"__type": f"aws#{send.error}"})

    def _is_sent_again(self, **_: Any) -> int | None:
        """For how many seconds to wait before that; None: it is not."""
        if not self._under_way[-1].sends:
            return None
        self.others_act()
        return 0

    def _in_part(self, call: Call, request: AWSPreparedRequest, serve: Serve) -> AWSResponse:
        asked = json.loads(request.body)
        if call.operation == "Query":
            if "ExclusiveStartKey" in asked and self.chance() < 0.5:
                nothing = {"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": asked["ExclusiveStartKey"]}
                return _answer(request, 200, nothing)
            return _served(serve, request, {**asked, "Limit": 1})
        if call.operation == "SendMessageBatch":
            done, left = self._parted(asked["Entries"])
            failed = [{"Id": one["Id"], "Code": "InternalError", "SenderFault": False} for one in left]
            sent = _body(_served(serve, request, {**asked, "Entries": done})) if done else {"Successful": []}
            return _answer(request, 200, {**sent, "Failed": failed})
        ((table, wanted),) = asked["RequestItems"].items()
        done, left = self._parted(wanted["Keys"])
        unprocessed = {"UnprocessedKeys": {table: {**wanted, "Keys": left}} if left else {}}
        if not done:
            return _answer(request, 200, {"Responses": {table: []}, **unprocessed})
        read = _body(_served(serve, request, {"RequestItems": {table: {**wanted, "Keys": done}}}))
        return _answer(request, 200, {**read, **unprocessed})

    def _parted(self, parts: list[Any]) -> tuple[list[Any], list[Any]]:
        """What is done, and what is left undone: something always is."""
        done = [one for one in parts[1:] if self.chance() < 0.5]
        return done, [one for one in parts if one not in done]


def _served(serve: Serve, request: AWSPreparedRequest, body: dict[str, Any]) -> AWSResponse:
    request.body = json.dumps(body).encode()
    return serve(request)


def _body(answer: AWSResponse) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(answer.content)
    return content


def _answer(request: AWSPreparedRequest, status: int, body: dict[str, Any]) -> AWSResponse:
    headers = {"content-type": "application/x-amz-json-1.0"}
    return AWSResponse(request.url, status, headers, MockRawResponse(json.dumps(body)))
