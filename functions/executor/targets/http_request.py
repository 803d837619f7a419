"""What an HTTP target is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.executor.targets.http_exchange import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.executor.targets.protocol import Call
    from shared.model.outbound import OutboundUrl

USER_AGENT: Final = "Punctual/1"
_DEFAULT_METHOD: Final = "POST"
# RFC 9110 §8.6: these announce a body's length even when there is none.
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def request_of(call: Call, url: OutboundUrl, signature: Mapping[str, str]) -> Request:
    """The request that `call` means. Of what the job's own headers may set, theirs is taken instead of ours."""
    method = str(call.target.get("method") or _DEFAULT_METHOD)
    body = call.payload or b""
    headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    if body:
        headers["Content-Type"] = "application/json"
    given: Mapping[str, str] = call.target.get("headers") or {}
    theirs = {name.lower() for name in given}
    merged = {name: value for name, value in headers.items() if name.lower() not in theirs}
    merged |= given
    merged |= call.headers()
    merged |= signature
    if body or method in _WITH_BODY:
        merged["Content-Length"] = str(len(body))
    lines = [("Host", url.host_header), *merged.items(), ("Connection", "close")]
    return Request(method, url.path, lines, body)
