"""Where an HTTP call goes: the address that was looked up, once, and the host whose certificate it is."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.targets import http
from functions.executor.targets.http import HttpTarget
from functions.executor.targets.lookup import Lookup
from functions.executor.targets.protocol import Answer, Deadline
from tests.calls import a_call
from tests.integration.targets.certificates import client_context, make_certificate, server_context
from tests.integration.targets.receivers import Receiver, body_of, drips, headers_of, resets, stalls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

HOST = "hooks.example.com"


class Resolver:
    """Answers with the next of `answers` at each look-up, the last one for ever."""

    def __init__(self, *answers: list[tuple[str, int]]) -> None:
        self._answers = list(answers)
        self.names: list[str] = []

    def __call__(self, name: str, _port: int, **_: Any) -> list[Any]:
        self.names.append(name)
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            (socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
            for ip, port in addresses
        ]


class NoSecrets:
    def secrets_of(self, tenant: str) -> tuple[str, ...]:
        return ()


def send(resolver: Any, *, tls: ssl.SSLContext | None = None, deadline: Deadline | None = None) -> Answer:
    options: dict[str, Any] = {} if tls is None else {"tls": lambda: tls}
    target = HttpTarget(frozenset(), NoSecrets(), lambda: datetime.now(UTC), Lookup(resolver), **options)
    return target.call(a_call({"type": "http", "url": f"https://{HOST}/hook"}), deadline or Deadline(10))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path, HOST)


@pytest.fixture
def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "is_public", lambda ip: str(ip).startswith("127."))


@pytest.mark.usefixtures("loopback_is_public")
def test_a_second_look_up_cannot_lead_elsewhere(receiver_of: Callable[..., Receiver], certificate: Path) -> None:
    first, second = (receiver_of(tls=server_context(certificate)) for _ in range(2))
    resolver = Resolver([("127.0.0.1", first.port)], [("127.0.0.1", second.port)])

    answer = send(resolver, tls=client_context(certificate))

    assert answer == Answer(b"ok")
    assert resolver.names == [f"{HOST}."]
    assert len(first.requests) == 1
    assert second.requests == []


@pytest.mark.usefixtures("loopback_is_public")
def test_host_and_server_name_stay_those_of_the_url(receiver_of: Callable[..., Receiver], certificate: Path) -> None:
    context, names = server_context(certificate), []
    context.sni_callback = lambda _socket, name, _context: names.append(name)  # type: ignore[assignment, return-value, misc]
    receiver = receiver_of(tls=context)

    send(Resolver([("127.0.0.1", receiver.port)]), tls=client_context(certificate))

    assert names == [HOST]
    assert headers_of(receiver.requests[0])["host"] == HOST
    assert body_of(receiver.requests[0])


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["169.254.169.254"],
        ["2606:4700::1111", "::ffff:127.0.0.1"],
        ["fd00:ec2::254"],
    ],
)
def test_one_address_that_is_not_public_forbids_the_call(
    receiver_of: Callable[..., Receiver], addresses: list[str]
) -> None:
    receiver = receiver_of()

    failure = send(Resolver([(address, receiver.port) for address in addresses])).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("target_url_forbidden", False)
    assert receiver.requests == []


@pytest.mark.usefixtures("loopback_is_public")
def test_the_next_address_is_tried_when_one_refuses(receiver_of: Callable[..., Receiver], certificate: Path) -> None:
    gone = receiver_of()
    gone.close()
    receiver = receiver_of(tls=server_context(certificate))

    answer = send(Resolver([("127.0.0.1", gone.port), ("127.0.0.1", receiver.port)]), tls=client_context(certificate))

    assert answer == Answer(b"ok")


@pytest.mark.usefixtures("loopback_is_public")
def test_another_hosts_certificate_is_refused(receiver_of: Callable[..., Receiver], tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "elsewhere.example.com")
    receiver = receiver_of(tls=server_context(certificate))

    failure = send(Resolver([("127.0.0.1", receiver.port)]), tls=client_context(certificate)).failure

    assert failure is not None
    assert failure.type == "tls_failed"
    assert "Hostname mismatch" in failure.message
    assert receiver.requests == []


@pytest.mark.usefixtures("loopback_is_public")
def test_a_certificate_that_nobody_vouches_for_is_refused(
    receiver_of: Callable[..., Receiver], certificate: Path
) -> None:
    receiver = receiver_of(tls=server_context(certificate))

    failure = send(Resolver([("127.0.0.1", receiver.port)])).failure

    assert failure is not None
    assert failure.type == "tls_failed"


def resets_at_the_greeting(receiver: Receiver, connection: socket.socket, request: bytes) -> None:
    connection.recv(1)
    resets(receiver, connection, request)


@pytest.mark.usefixtures("loopback_is_public")
@pytest.mark.parametrize(
    "behave", [resets_at_the_greeting, b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["resets", "closes", "speaks-http"]
)
def test_a_broken_handshake_is_a_failure_of_tls(receiver_of: Callable[..., Receiver], behave: Any) -> None:
    receiver = receiver_of(behave, reads=False)

    failure = send(Resolver([("127.0.0.1", receiver.port)])).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("tls_failed", True)


@pytest.mark.usefixtures("loopback_is_public")
@pytest.mark.parametrize("behave", [stalls, drips(b"\x16\x03\x03\x40\x00", b"\x00")], ids=["stalls", "drips"])
def test_a_handshake_that_never_ends_is_left_at_the_timeout(receiver_of: Callable[..., Receiver], behave: Any) -> None:
    receiver = receiver_of(behave, reads=False)

    failure = send(Resolver([("127.0.0.1", receiver.port)]), deadline=Deadline(0.4)).failure

    assert failure is not None
    assert failure.type == "timed_out"


@pytest.mark.usefixtures("loopback_is_public")
def test_a_stop_wakes_a_call_that_waits_on_a_secure_connection(
    receiver_of: Callable[..., Receiver], certificate: Path
) -> None:
    receiver, deadline = receiver_of(stalls, tls=server_context(certificate)), Deadline(60)

    def stop_it() -> None:
        while not receiver.requests:
            threading.Event().wait(0.01)
        deadline.stop()

    stopper = threading.Thread(target=stop_it)
    stopper.start()
    failure = send(Resolver([("127.0.0.1", receiver.port)]), tls=client_context(certificate), deadline=deadline).failure
    stopper.join()

    assert failure is not None
    assert failure.type == "stopped"


def test_a_name_without_addresses_is_a_failure_of_the_look_up() -> None:
    def resolver(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    failure = send(resolver).failure

    assert failure is not None
    assert (failure.type, failure.retryable) == ("dns_failed", True)


@pytest.mark.parametrize("stopped", [True, False])
def test_a_resolver_that_hangs_is_not_waited_for(stopped: bool) -> None:
    answers, deadline = threading.Event(), Deadline(60 if stopped else 0.3)

    def resolver(*_: Any, **__: Any) -> list[Any]:
        if stopped:
            deadline.stop()
        answers.wait(10)
        return []

    failure = send(resolver, deadline=deadline).failure
    answers.set()

    assert failure is not None
    assert failure.type == ("stopped" if stopped else "timed_out")
