"""From API Gateway's event to its answer, for every route alike: who asks, what comes back, what is logged."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from functions.api.answer import Answer
from functions.api.preconditions import has_seen
from functions.api.problems import CONTENT_TYPE, is_expected, problem
from functions.api.refusals import Refused
from functions.api.request import correlation_id_of, read_request
from functions.api.routes import ROUTES, Route, allowed_methods, needs_caller
from functions.api.wire.json_text import compact
from shared.model.lease_token import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.request import Request
    from functions.api.services import Services

_ALWAYS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}


# A path may hold the token of a lease, which is a secret: what stands where one would, or looks like one.
_TOKEN: Final = re.compile(rf"(?<=/v1/executions)/[^/]+|/{PREFIX}[^/]*", re.IGNORECASE)


class Application:
    """One per process. Not for several events at once: Lambda hands a process one event after another."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._resolver = APIGatewayHttpResolver()
        for route in ROUTES:
            rule = route.path.replace("{", "<").replace("}", ">")
            self._resolver.route(rule, method=route.method)(self._serving(route))
        self._resolver.exception_handler(Exception)(self._refuse)
        self._resolver.not_found(self._refuse_path)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """The answer to an event of an HTTP API, payload 2.0. Whatever a client sends, this does not raise."""
        http = event["requestContext"]["http"]
        if http["method"] != "HEAD":
            return dict(self._resolver.resolve(event, context))
        # HEAD is GET without the body (RFC 9110 §9.3.2).
        as_get = {**event, "requestContext": {**event["requestContext"], "http": {**http, "method": "GET"}}}
        return {**self._resolver.resolve(as_get, context), "body": "", "isBase64Encoded": False}

    def _serving(self, route: Route) -> Callable[..., Response[Any]]:
        def serve(**parameters: str) -> Response[Any]:
            request = self._request()
            if route.scope is not None:
                request.authenticated().require(route.scope)
            if needs_caller(request.path) and not route.takes_query:
                request.parameters()
            correlation_id = request.correlation_id()
            answer = _if_news(route.endpoint(request, self._services, **parameters), request)
            return self._respond(answer, correlation_id or answer.correlation_id)

        return serve

    def _refuse_path(self, error: Exception) -> Response[Any]:
        """Nothing is routed there: an unknown path, or a known one that does not take the method."""
        del error
        try:
            request = self._request()
            if needs_caller(request.path):
                request.authenticated()
            methods = allowed_methods(request.path)
            if methods and request.method not in methods:
                allow = ", ".join(methods)
                raise Refused("method-not-allowed", f"this path takes {allow}", headers={"Allow": allow})
            raise Refused("not-found", "there is nothing at this path; see /docs")
        except Refused as refusal:
            return self._refuse(refusal)

    def _refuse(self, error: Exception) -> Response[Any]:
        is_read = self._event["requestContext"]["http"]["method"] == "GET"
        status, document, headers = problem(error, self._request_id, is_read=is_read)
        if not is_expected(error):
            self._services.telemetry.defect("failed_to_answer", error, request_id=self._request_id)
        facts = {
            "problem": document["type"].rpartition("/")[2],
            "pointers": [one["pointer"] for one in document["errors"]],
        }
        answer = Answer(status=status, body=document, content_type=CONTENT_TYPE, headers=headers, facts=facts)
        return self._respond(answer, self._correlation_id_or_none())

    def _respond(self, answer: Answer, correlation_id: str | None) -> Response[Any]:
        named = correlation_id or self._request_id
        self._services.telemetry.note(
            "answered", status=answer.status, correlation_id=named, **_logged(self._event), **answer.facts
        )
        is_text = isinstance(answer.body, (str, bytes))
        return Response(
            status_code=answer.status,
            content_type=answer.content_type,
            body=answer.body if is_text else compact(answer.body).decode(),
            headers={**_ALWAYS, **answer.headers, "X-Correlation-Id": named},
        )

    @property
    def _event(self) -> dict[str, Any]:
        return dict(self._resolver.current_event.raw_event)

    @property
    def _request_id(self) -> str:
        return str(self._event["requestContext"].get("requestId") or "")

    def _request(self) -> Request:
        context = self._resolver.lambda_context
        return read_request(self._event, seconds_left=lambda: context.get_remaining_time_in_millis() / 1000)

    def _correlation_id_or_none(self) -> str | None:
        """The one that came, when it is such that it may go out again."""
        headers = {name.lower(): value for name, value in (self._event.get("headers") or {}).items()}
        try:
            return correlation_id_of(headers)
        except Refused:
            return None


def _if_news(answer: Answer, request: Request) -> Answer:
    """`answer`, or that the client has it already (RFC 9110 §15.4.5)."""
    tag = answer.headers.get("ETag")
    if request.method != "GET" or tag is None or answer.outlives_etag:
        return answer
    if not has_seen(request.headers.get("if-none-match"), tag):
        return answer
    return replace(answer, status=HTTPStatus.NOT_MODIFIED, body="")


def _logged(event: dict[str, Any]) -> dict[str, Any]:
    """What each request's log line says of the request: no header and no query, since they may hold secrets."""
    context = event["requestContext"]
    caller = (context.get("authorizer") or {}).get("lambda") or {}
    return {
        "request_id": context.get("requestId"),
        "method": context["http"]["method"],
        "path": _TOKEN.sub("/***", str(event["rawPath"]))[:256],
        "tenant": caller.get("tenant"),
        "key_id": caller.get("key_id"),
    }
