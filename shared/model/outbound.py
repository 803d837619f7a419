"""Where HTTP targets may lead and what they may send. The API asks when a job is created, the executor at every send.

Both work on what `check_url` returns, never on the text itself: a URL that two parsers read differently is how such
checks are got around.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final

from shared.model import limits
from shared.model.addresses import is_public
from shared.model.errors import InvalidField
from shared.model.json_pointer import member_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# What https is served on. Any other port on a foreign host is more likely a service that was not meant to be called.
ALLOWED_PORTS: Final = frozenset({443, 8443})

# Names that never mean a host on the public internet: IANA's Special-Use Domain Names
# (https://www.iana.org/assignments/special-use-domain-names), `internal` (reserved for private use by ICANN in 2024;
# metadata.google.internal, EC2's own names), and what ICANN will not delegate because networks use it inside.
_PRIVATE_DOMAINS: Final = (
    "alt",
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "test",
)

# RFC 3986, without user information and fragment. The path and query may hold what URLs hold in practice ([]{}|) but
# nothing that a request line could not.
_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#\\]*)(?P<path>/[!-\[\]-~]*)?(?P<query>\?[!-\[\]-~]*)?"
)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
# WHATWG URL, "ends in a number": the resolver would take such a host for an IPv4 address in some notation.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
# How the message is framed and the connection used (RFC 9110 §7.6.1, RFC 9112), and the call's identity.
_RESERVED_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "idempotency-key",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-correlation-id",
    }
)
_RESERVED_PREFIXES: Final = ("proxy-", "webhook-", "x-punctual-")


@dataclass(frozen=True, slots=True)
class OutboundUrl:
    """A URL that may be called. `host` is a lower-case name or an address without brackets; `path` begins with a slash
    and includes the query; `exempt` says that its `host:port` is one of the stage's `allowed_hosts`."""

    scheme: str
    host: str
    port: int
    path: str
    exempt: bool

    @property
    def host_header(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def check_url(url: str, allowed_hosts: frozenset[str]) -> OutboundUrl:
    """The parts of `url`, if an HTTP target may call it: https, a public host, port 443 or 8443.

    A host is a name of two labels or more, or an address in its one canonical notation; which addresses a name has is
    looked at when it is called. `allowed_hosts` holds exact `host:port` texts, the only exceptions to https, to the
    ports and to the rule about hosts.

    Raises:
        InvalidField: with slug `target-url-forbidden`. Its text repeats nothing but the host.
    """
    if len(url) > limits.MAX_URL_LENGTH:
        raise _forbidden(f"must not be longer than {limits.MAX_URL_LENGTH} characters")
    match = _URL.fullmatch(url)
    if match is None:
        raise _forbidden(
            "must be an absolute URL in ASCII, https://host/path, without spaces, backslashes and fragment; "
            "other characters are percent-encoded, international host names written as xn--…"
        )
    scheme, authority = match["scheme"].lower(), match["authority"]
    if "#" in url:
        raise _forbidden("must not have a fragment: it would not be sent")
    if "@" in authority:
        raise _forbidden("must not hold user information; send credentials in a header")
    if scheme not in _DEFAULT_PORTS:
        raise _forbidden("must begin with https://")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise _forbidden("must have a host, and a port only as a number from 1 to 65535")
    host = parts["host"].lower()
    port = int(parts["port"] or _DEFAULT_PORTS[scheme])
    exempt = f"{host}:{port}" in allowed_hosts
    if not exempt:
        _check_public(scheme, host, port)
    path = (match["path"] or "/") + (match["query"] or "")
    return OutboundUrl(scheme, host.strip("[]"), port, path, exempt)


def host_of(url: str) -> str | None:
    """The host that `check_url` finds in `url`, whether it may be called or not; None when there is none."""
    origin = origin_of(url)
    return None if origin is None else origin[0]


def origin_of(url: str) -> tuple[str, int] | None:
    """The host and port that `check_url` finds in `url`, whether it may be called or not; None when there is none."""
    match = _URL.fullmatch(url)
    parts = None if match is None else _AUTHORITY.fullmatch(match["authority"])
    if match is None or parts is None:
        return None
    port = int(parts["port"] or _DEFAULT_PORTS.get(match["scheme"].lower(), 0))
    return parts["host"].lower().strip("[]"), port


def check_headers(headers: Mapping[str, str]) -> None:
    """Accept the headers that a job gives its HTTP target.

    Raises:
        InvalidField: with slug `invalid-header`, pointing at the header; its text never repeats the value.
    """
    if len(headers) > limits.MAX_HEADERS:
        raise InvalidField(
            "/target/headers", f"must not be more than {limits.MAX_HEADERS} headers", slug="invalid-header"
        )
    seen: set[str] = set()
    for name, value in headers.items():
        fault = _fault_of_name(name) or _fault_of_value(value)
        if fault is None and name.lower() in seen:
            fault = "is there twice; names of headers do not differ by case"
        if fault is not None:
            raise InvalidField(member_of("/target/headers", name), fault, slug="invalid-header")
        seen.add(name.lower())


def _check_public(scheme: str, host: str, port: int) -> None:
    if scheme != "https":
        raise _forbidden("must begin with https://")
    if port not in ALLOWED_PORTS:
        raise _forbidden(f"must have port {' or '.join(map(str, sorted(ALLOWED_PORTS)))}")
    if host.startswith("["):
        _check_address(IPv6Address, host.strip("[]"))
    elif _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        _check_address(IPv4Address, host)
    else:
        _check_name(host)


def _check_address(kind: type[IPv4Address | IPv6Address], text: str) -> None:
    try:
        address = kind(text)
    except AddressValueError:
        raise _forbidden(
            "has a host that is a number but no address; write one as 192.0.2.1 or [2001:db8::1]"
        ) from None
    if not is_public(address):
        raise _forbidden(f"leads to {address}, which is not a public address")


def _check_name(host: str) -> None:
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _forbidden("must have a full host name, such as hooks.example.com, without a dot at its end")
    if labels[-1] in _PRIVATE_DOMAINS:
        raise _forbidden(f"leads to {host}, which is not a public name")


def _fault_of_name(name: str) -> str | None:
    if not _TOKEN.fullmatch(name) or len(name) > limits.MAX_HEADER_NAME_LENGTH:
        return (
            f"is not the name of a header: 1 to {limits.MAX_HEADER_NAME_LENGTH} of the letters, digits "
            "and signs that RFC 9110 calls a token"
        )
    if name.lower() in _RESERVED_HEADERS or name.lower().startswith(_RESERVED_PREFIXES):
        return "is set by the scheduler or by HTTP itself, and cannot be given"
    return None


def _fault_of_value(value: str) -> str | None:
    if len(value) > limits.MAX_HEADER_VALUE_LENGTH:
        return f"must not be longer than {limits.MAX_HEADER_VALUE_LENGTH} characters"
    if _CONTROL.search(value):
        return "must not hold line breaks or other control characters"
    if any(character > "\xff" for character in value):
        return "must hold characters of Latin-1 only"
    return None


def _forbidden(detail: str) -> InvalidField:
    return InvalidField("/target/url", detail, slug="target-url-forbidden")
