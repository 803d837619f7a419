"""Receivers that do not do what receivers do."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.targets.protocol import Answer, Deadline
from shared.model import limits
from shared.model.execution import Outcome
from tests.integration.targets.receivers import Receiver, drips, resets, stalls
from tests.integration.targets.sending import send

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (b"", "connection_failed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "response_invalid"),
        (b"\x00\xff" * 500, "response_invalid"),
        (b"HTTP/1.1 abc\r\n\r\n", "response_invalid"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", "response_invalid"),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n", "response_invalid"),
    ],
    ids=[
        "nothing",
        "another-protocol",
        "garbage",
        "bad-status",
        "switching",
        "half-a-body",
        "bad-chunk",
        "half-a-chunk",
        "many-headers",
        "long-header",
    ],
)
def test_what_is_no_response_is_a_failure(receiver_of: Callable[..., Receiver], response: bytes, kind: str) -> None:
    failure = send(receiver_of(response)).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == (kind, True)
    assert "127.0.0.1" in failure.message


def test_a_reset_is_a_failure_of_the_connection(receiver_of: Callable[..., Receiver]) -> None:
    failure = send(receiver_of(resets)).failure

    assert failure is not None
    assert failure.type == "connection_failed"


def test_an_answer_before_the_request_was_read_counts(receiver_of: Callable[..., Receiver]) -> None:
    def refuses_early(_receiver: Receiver, connection: socket.socket, _request: bytes) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        while connection.recv(65536):
            pass

    failure = send(receiver_of(refuses_early, reads=False), payload=b"1" * limits.MAX_PAYLOAD_BYTES).failure

    assert failure is not None
    assert failure.type == "http_413"


@pytest.mark.parametrize(
    "behave",
    [
        stalls,
        drips(b"", b"H"),
        drips(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["stalls", "status", "headers", "body", "chunks", "trailers", "interim"],
)
def test_a_receiver_that_never_ends_is_left_at_the_timeout(receiver_of: Callable[..., Receiver], behave: Any) -> None:
    receiver = receiver_of(behave)

    failure = send(receiver, seconds=0.4).failure

    assert failure is not None
    assert (failure.type, failure.outcome) == ("timed_out", Outcome.TIMED_OUT)
    receiver.released.set()
    assert receiver.ended.wait(5)


def test_what_had_come_before_the_timeout_is_kept(receiver_of: Callable[..., Receiver]) -> None:
    answer = send(receiver_of(drips(b"HTTP/1.1 200 OK\r\n\r\nbegun", b"")), seconds=0.4)

    assert answer.output == b"begun"


@pytest.mark.parametrize(
    "endless", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"]
)
def test_a_flood_is_left_long_before_the_timeout(receiver_of: Callable[..., Receiver], endless: bytes) -> None:
    receiver = receiver_of(drips(endless, (b"a: b\r\n" if b"200" in endless else endless) * 1000, pause=0))

    failure = send(receiver, seconds=60).failure

    assert failure is not None
    assert failure.type == "response_invalid"


def test_a_receiver_that_reads_nothing_is_left_at_the_timeout(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of(stalls, reads=False)

    # More than the buffers of both sides hold.
    failure = send(receiver, payload=b"1" * 20_000_000, seconds=0.4).failure

    assert failure is not None
    assert failure.type == "timed_out"


def test_a_stopped_call_ends_at_once(receiver_of: Callable[..., Receiver]) -> None:
    deadline = Deadline(60)
    answers: list[Answer] = []
    receiver = receiver_of(stalls)
    thread = threading.Thread(target=lambda: answers.append(send(receiver, deadline=deadline)))

    thread.start()
    while not receiver.requests:
        threading.Event().wait(0.01)
    deadline.stop()
    thread.join(5)

    assert not thread.is_alive()
    assert answers[0].failure is not None
    assert answers[0].failure.type == "stopped"


def test_a_call_that_was_stopped_before_it_began_sends_nothing(receiver_of: Callable[..., Receiver]) -> None:
    receiver, deadline = receiver_of(), Deadline(60)
    deadline.stop()

    failure = send(receiver, deadline=deadline).failure

    assert failure is not None
    assert failure.type == "stopped"
    assert receiver.requests == []


def test_nobody_listening_is_a_failure_of_the_connection(receiver_of: Callable[..., Receiver]) -> None:
    receiver = receiver_of()
    receiver.close()

    failure = send(receiver).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("connection_failed", True)
    assert "refused" in failure.message


def test_no_failure_repeats_a_secret_of_the_url_or_the_headers(receiver_of: Callable[..., Receiver]) -> None:
    for behave in (b"", resets, b"HTTP/1.1 500 s3cret\r\n\r\n", stalls):
        receiver = receiver_of(behave)
        target = {"url": receiver.url("/s3cret?s3cret=s3cret"), "headers": {"Authorization": "s3cret"}}

        failure = send(receiver, seconds=0.4, target=target, payload=b'"s3cret"').failure

        assert failure is not None
        assert "s3cret" not in failure.message
