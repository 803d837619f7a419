"""A request, as endpoints see it: what API Gateway's event (payload 2.0) says, checked and decoded."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from functions.api.preconditions import Precondition, parse_if_match
from functions.api.refusals import InvalidParameter, MalformedJson, Refused, TooLarge, invalid_field
from functions.api.wire.json_text import canonical, parse_json
from shared.model import limits
from shared.model.api_key import TENANT, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
_CONTENT_TYPE: Final = re.compile(
    r'\s*([a-z0-9.+-]+/[a-z0-9.+-]+)\s*(?:;\s*charset="?(utf-8|utf8)"?\s*)?;?\s*', re.IGNORECASE
)
_MAX_PARAMETERS: Final = 50


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: what the authorizer found out about the API key."""

    tenant: str
    scopes: frozenset[str]
    key_id: str

    def require(self, scope: Scope) -> None:
        """
        Raises:
            Refused: the key lacks the scope. No scope includes another.
        """
        if scope not in self.scopes:
            raise Refused("forbidden", f"this needs an API key with the scope {scope}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`headers` by lower-case name. `seconds_left` says how long the invocation may still take."""

    method: str
    path: str
    headers: Mapping[str, str]
    query_text: str
    body: bytes
    request_id: str
    caller: Caller | None
    seconds_left: Callable[[], float]

    @property
    def tenant(self) -> str:
        """The caller's tenant; only to be asked for on routes that need a caller."""
        return self.authenticated().tenant

    def authenticated(self) -> Caller:
        """
        Raises:
            Refused: nobody was authenticated.
        """
        if self.caller is None:
            detail = "an API key is needed: Authorization: Bearer <id>.<secret>"
            raise Refused("unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})
        return self.caller

    def correlation_id(self) -> str | None:
        """The X-Correlation-Id that came with the request."""
        return correlation_id_of(self.headers)

    def idempotency_key(self) -> str | None:
        return _token(self.headers, "Idempotency-Key", limits.MAX_IDEMPOTENCY_KEY_LENGTH)

    def precondition(self) -> Precondition:
        return parse_if_match(self.headers.get("if-match"))

    def json_object(
        self, *, max_bytes: int = limits.MAX_BODY_BYTES, content_types: Iterable[str] = (JSON,)
    ) -> dict[str, Any]:
        """The body's JSON object.

        Raises:
            Refused: it is too large, of another type, not JSON, or not an object.
        """
        if len(self.body) > max_bytes:
            raise TooLarge("", f"a body has at most {max_bytes // limits.KIB} KB here")
        if self.body.strip():
            self._check_content_type(content_types)
        value = parse_json(self.body)
        if not isinstance(value, dict):
            raise invalid_field("", "wrong-type", "an object is expected")
        return value

    def refuse_body(self) -> None:
        """For actions that take none; an empty object counts as none.

        Raises:
            Refused: there is a body with something in it.
        """
        if self.body.strip():
            for name in self.json_object():
                raise invalid_field(f"/{name[:64]}", "unknown-field", "this action takes no members")

    def parameters(self, *names: str, repeatable: frozenset[str] = frozenset()) -> dict[str, list[str]]:
        """The query parameters by name.

        Raises:
            InvalidParameter: one is not among `names`, is given twice without being repeatable, or is not UTF-8.
        """
        try:
            pairs = parse_qsl(self.query_text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
        except ValueError:
            raise InvalidParameter("query", f"at most {_MAX_PARAMETERS} parameters, in UTF-8") from None
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            if name not in names:
                known = f"known: {', '.join(names)}" if names else "none is known here"
                raise InvalidParameter(name[:64], f"unknown parameter; {known}")
            if name in found and name not in repeatable:
                raise InvalidParameter(name, "given more than once")
            found.setdefault(name, []).append(value)
        return found

    def _check_content_type(self, accepted: Iterable[str]) -> None:
        match = _CONTENT_TYPE.fullmatch(self.headers.get("content-type", ""))
        if match is None or match[1].lower() not in accepted:
            raise Refused("unsupported-media-type", f"Content-Type: {' or '.join(accepted)} is expected, in UTF-8")


def read_request(event: Mapping[str, Any], seconds_left: Callable[[], float]) -> Request:
    """The request in an event of an HTTP API.

    Raises:
        MalformedJson: the body is said to be base 64 and is not.
    """
    context = event["requestContext"]
    return Request(
        method=context["http"]["method"],
        path=event["rawPath"],
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query_text=event.get("rawQueryString") or "",
        body=_body_of(event),
        request_id=context.get("requestId") or "",
        caller=_caller_of(context),
        seconds_left=seconds_left,
    )


def correlation_id_of(headers: Mapping[str, str]) -> str | None:
    """
    Raises:
        InvalidParameter: there is one, and it is not such that it can go on into log lines and calls.
    """
    return _token(headers, "X-Correlation-Id", limits.MAX_CORRELATION_ID_LENGTH)


def fingerprint(body: Any) -> str:
    """A digest by which to recognise the same body, whatever its spaces and the order of its members."""
    return hashlib.sha256(canonical(body)).hexdigest()[:32]


def _body_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    try:
        # A half surrogate pair has no encoding; no byte that a client sends becomes one.
        return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, ValueError):
        raise MalformedJson("the body cannot be decoded") from None


def _caller_of(context: Mapping[str, Any]) -> Caller | None:
    """Who the authorizer let in. Routes outside its reach carry no such context, and then there is nobody."""
    found = ((context.get("authorizer") or {}).get("lambda")) or {}
    tenant, scopes, key_id = (found.get(name) for name in ("tenant", "scopes", "key_id"))
    if not isinstance(tenant, str) or not TENANT.fullmatch(tenant):
        return None
    return Caller(tenant, frozenset(str(scopes or "").split()), str(key_id or ""))


def _token(headers: Mapping[str, str], name: str, max_length: int) -> str | None:
    value = headers.get(name.lower())
    if value is None:
        return None
    if not (0 < len(value) <= max_length and value.isascii() and value.isprintable()):
        raise InvalidParameter(name, f"1 to {max_length} printable ASCII characters are expected")
    return value
