"""The worker that others copy: what it does when the network, or its queue, does not answer for a moment."""

from __future__ import annotations

import http.client
import io
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from examples import worker
from examples.worker import Alive, Execution, LeaseLost

if TYPE_CHECKING:
    from collections.abc import Callable

ATTRIBUTES = {
    "X-Punctual-Attempt": {"StringValue": "1"},
    "X-Punctual-Api-Url": {"StringValue": "https://api.example.com"},
    "X-Punctual-Lease-Token": {"StringValue": "pxt1.acme.1.1.planted"},
}


class _Cut(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise http.client.IncompleteRead(super().read(size))


class Answers:
    """The API, which answers each call with the next of these; an error's `type` tells what it is about, bytes are an
    answer, or what is said with an error, that broke off."""

    def __init__(self, *answers: dict[str, Any] | tuple[int, str | bytes] | bytes) -> None:
        self._answers = list(answers)
        self.calls = 0
        self.reports: list[tuple[str, Any]] = []

    def __call__(self, request: urllib.request.Request, *, timeout: float) -> io.BytesIO:
        self.calls += 1
        if request.data is not None:
            self.reports.append((request.full_url.rpartition("/")[2], json.loads(request.data)))
        answer = self._answers.pop(0)
        if isinstance(answer, bytes):
            return _Cut(answer)
        if isinstance(answer, dict):
            return io.BytesIO(json.dumps(answer).encode())
        status, said = answer
        problem = io.BytesIO(json.dumps({"type": f"/problems/{said}"}).encode())
        if isinstance(said, bytes):
            problem = _Cut(said)
        raise urllib.error.HTTPError(request.full_url, status, "", None, problem)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "BEAT_EVERY_SECONDS", 0)
    monkeypatch.setattr(worker.time, "sleep", lambda seconds: None)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answers]:
    def answering(*answers: Any) -> Answers:
        api = Answers(*answers)
        monkeypatch.setattr(urllib.request, "urlopen", api)
        return api

    return answering


def test_a_queue_that_does_not_answer_does_not_end_the_heartbeats(answering: Callable[..., Answers]) -> None:
    api = answering({"cancel_requested": False}, {"cancel_requested": True}, (409, "lease-lost"))

    def keep_message() -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs.example.com")

    alive = Alive(Execution(ATTRIBUTES), keep_message)
    alive._beat()

    assert (api.calls, alive.cancelled, alive.lost) == (3, True, True)


def test_an_answer_that_breaks_off_does_not_end_the_heartbeats(answering: Callable[..., Answers]) -> None:
    api = answering(b'{"cancel', {"cancel_requested": True}, (409, "lease-lost"))
    alive = Alive(Execution(ATTRIBUTES), lambda: None)

    alive._beat()

    assert (api.calls, alive.cancelled, alive.lost) == (3, True, True)


def test_a_heartbeat_that_is_refused_is_told_to_the_work(answering: Callable[..., Answers]) -> None:
    answering((403, "forbidden"))
    alive = Alive(Execution(ATTRIBUTES), lambda: None)

    alive._beat()

    assert alive.lost


def test_a_report_that_met_another_write_is_sent_again(answering: Callable[..., Answers]) -> None:
    api = answering((409, "conflict"), {"cancel_requested": False})

    Execution(ATTRIBUTES).save_checkpoint(1)

    assert api.calls == 2


def test_a_refusal_that_breaks_off_says_nothing_about_the_lease(answering: Callable[..., Answers]) -> None:
    api = answering((409, b'{"type": "/pro'), {"cancel_requested": True}, (409, "lease-lost"))
    alive = Alive(Execution(ATTRIBUTES), lambda: None)

    alive._beat()

    assert (api.calls, alive.cancelled, alive.lost) == (3, True, True)


class Queue:
    """Has one message, until it is deleted."""

    def __init__(self, body: str) -> None:
        self.messages = [{"ReceiptHandle": "1", "Body": body, "MessageAttributes": ATTRIBUTES}]

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {"Messages": self.messages}

    def delete_message(self, **_: Any) -> None:
        self.messages = []


@pytest.mark.parametrize(
    ("body", "message"), [('{"no": "pages"}', "KeyError: 'pages'"), ("[", "JSONDecodeError: Expecting value")]
)
def test_work_that_cannot_be_done_is_reported_and_ends_no_worker(
    answering: Callable[..., Answers], monkeypatch: pytest.MonkeyPatch, body: str, message: str
) -> None:
    monkeypatch.setattr(worker, "BEAT_EVERY_SECONDS", 60)
    api, queue = answering({"status": "scheduled"}), Queue(body)

    worker.take_one(queue, "https://sqs.example.com/1/demo", 0)

    ((what, said),) = api.reports
    assert (what, said["error"]["type"]) == ("fail", "work_failed")
    assert said["error"]["message"].startswith(message)
    assert queue.messages == []


def test_a_lost_lease_is_not_asked_about_again(answering: Callable[..., Answers]) -> None:
    api = answering((409, "lease-lost"))

    with pytest.raises(LeaseLost):
        Execution(ATTRIBUTES).save_checkpoint(1)

    assert api.calls == 1
