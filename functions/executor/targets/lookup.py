"""The addresses of a host: looked up once, in bounded time."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Final

from functions.executor.targets.endings import CallEnded, CallFailed, seconds_left

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.executor.targets.protocol import Deadline

    GetAddrInfo = Callable[..., list[tuple[Any, Any, int, str, tuple[Any, ...]]]]

LOOKUP_SECONDS: Final = 5


class LookupFailed(CallFailed):
    """The host has no addresses, or nobody said in time."""

    kind = "dns_failed"
    text = "{host} cannot be looked up: {fault}"


@dataclass(frozen=True, slots=True)
class Address:
    """One address to connect to: what `socket.socket` and `connect` are given, and what it is."""

    family: int
    sockaddr: tuple[Any, ...]
    ip: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Lookup:
    """Looks hosts up with the system's resolver.

    getaddrinfo cannot be interrupted, so it runs in a thread that is no longer waited for after `LOOKUP_SECONDS`, or
    when the call ends. Such a thread holds nothing and does nothing afterwards, and the resolver itself ends it (after
    10 s, unless the environment variable RES_OPTIONS says otherwise).
    """

    getaddrinfo: GetAddrInfo = socket.getaddrinfo

    def __call__(self, host: str, port: int, deadline: Deadline, *, absolute: bool) -> list[Address]:
        """All addresses of `host`, in the order in which to try them. An `absolute` name is not tried with the
        domains of the machine's search list.

        Raises:
            LookupFailed: there are none.
            CallEnded: the deadline was over first.
        """
        try:
            ip = ip_address(host)
        except ValueError:
            return self._resolved(f"{host}." if absolute else host, port, deadline)
        return [Address(socket.AF_INET if ip.version == 4 else socket.AF_INET6, (host, port), ip)]

    def _resolved(self, name: str, port: int, deadline: Deadline) -> list[Address]:
        found: list[list[tuple[Any, Any, int, str, tuple[Any, ...]]]] = []
        faults: list[str] = []
        done = threading.Event()

        def look_up() -> None:
            try:
                found.append(self.getaddrinfo(name, port, type=socket.SOCK_STREAM))
            except OSError as error:
                faults.append(error.strerror or "no answer")
            except UnicodeError:
                faults.append("not a name that can be looked up")
            finally:
                done.set()

        deadline.on_stop(done.set)
        seconds = min(seconds_left(deadline), LOOKUP_SECONDS)
        threading.Thread(target=look_up, name="lookup", daemon=True).start()
        done.wait(seconds)
        if deadline.remaining() <= 0:
            raise CallEnded
        if not found or not found[0]:
            raise LookupFailed(faults[0] if faults else f"no answer within {LOOKUP_SECONDS} s")
        return [Address(family, sockaddr, ip_address(sockaddr[0])) for family, _, _, _, sockaddr in found[0]]
