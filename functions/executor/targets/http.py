"""Target kind `http`: one signed request to a public host, no redirect followed, everything bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from functions.executor.targets.connection import Connection, tls_context
from functions.executor.targets.endings import CallEnded, CallFailed, ended
from functions.executor.targets.http_answer import answer_of
from functions.executor.targets.http_exchange import FRAMING_BYTES, Response, exchange
from functions.executor.targets.http_request import request_of
from functions.executor.targets.lookup import Lookup
from functions.executor.targets.protocol import Answer
from functions.executor.targets.signing import SigningUnavailable, signature_headers
from shared.model import limits
from shared.model.addresses import is_public
from shared.model.errors import InvalidField
from shared.model.execution import Failure
from shared.model.outbound import check_headers, check_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from datetime import datetime

    from functions.executor.targets.lookup import Address
    from functions.executor.targets.protocol import Call, Deadline
    from functions.executor.targets.signing import SigningSecrets
    from shared.model.outbound import OutboundUrl

# About how long an outage that is worth waiting for lasts at the least.
_SIGNING_RETRY_SECONDS: Final = 30.0


class AddressForbidden(Exception):
    """The host has an address that is not public."""


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """`now` is the wall clock; `lookup` finds a host's addresses, `tls` makes the TLS context of the first call."""

    allowed_hosts: frozenset[str]
    secrets: SigningSecrets
    now: Callable[[], datetime]
    lookup: Lookup = field(default_factory=Lookup)
    tls: Callable[[], ssl.SSLContext] = tls_context

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """Success is a whole response with a 2xx status, or one of which the first 64 KB have come."""
        response = Response()
        try:
            url = check_url(call.target["url"], self.allowed_hosts)
            check_headers(call.target.get("headers") or {})
        except InvalidField as error:
            # The rules have changed since the job was created.
            return Answer(failure=Failure(error.slug.replace("-", "_"), error.detail, retryable=False))
        try:
            self._exchange(call, url, deadline, response)
        except CallEnded:
            return ended(deadline, bytes(response.body))
        except CallFailed as error:
            return Answer(bytes(response.body), error.failure(url.host))
        except SigningUnavailable as error:
            failure = Failure("signing_unavailable", str(error), retry_after_seconds=_SIGNING_RETRY_SECONDS)
            return Answer(failure=failure)
        except AddressForbidden:
            message = f"{url.host} has an address that is not public"
            return Answer(failure=Failure("target_url_forbidden", message, retryable=False))
        return answer_of(response, url.host, self.now())

    def _exchange(self, call: Call, url: OutboundUrl, deadline: Deadline, response: Response) -> None:
        signature = signature_headers(
            self.secrets.secrets_of(call.tenant), message_id=call.job_id, now=self.now(), body=call.payload or b""
        )
        request = request_of(call, url, signature)
        addresses = self._addresses(url, deadline)
        connection = Connection(deadline, max_bytes=FRAMING_BYTES)
        try:
            connection.connect(addresses)
            if url.scheme == "https":
                connection.start_tls(url.host, self.tls())
            exchange(connection, request, response, max_body_bytes=limits.MAX_RESPONSE_BYTES)
        finally:
            connection.close()

    def _addresses(self, url: OutboundUrl, deadline: Deadline) -> list[Address]:
        """Where to connect to. Looked up once and used as they are: a second look could find others."""
        addresses = self.lookup(url.host, url.port, deadline, absolute=not url.exempt)
        if not url.exempt and not all(is_public(address.ip) for address in addresses):
            raise AddressForbidden
        return addresses
