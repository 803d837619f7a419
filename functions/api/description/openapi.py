"""The OpenAPI 3.1 document, made from the routes, the shapes and the problems. It prints itself."""

from __future__ import annotations

import json
import re
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import models_json_schema

from functions.api.description.answers import GatewayRefusal, Problem
from functions.api.description.operation import IF_NONE_MATCH
from functions.api.description.operations import OPERATIONS
from functions.api.description.patches import with_patches
from functions.api.problems import CONTENT_TYPE, PROBLEMS
from functions.api.routes import ROUTES, Route
from shared.model import limits

if TYPE_CHECKING:
    from pydantic import BaseModel

    from functions.api.description.operation import Operation

_REF: Final = "#/components/schemas/{model}"
# What never reaches the API is no problem document.
_OF_THE_GATEWAY: Final = {
    HTTPStatus.UNAUTHORIZED: "From the gateway: no API key.",
    HTTPStatus.FORBIDDEN: "From the gateway: a key that is unknown, wrong, expired or revoked.",
    HTTPStatus.TOO_MANY_REQUESTS: "From the gateway: too many requests; try again a little later.",
}
_ABOUT: Final = """\
A job scheduler. Times are RFC 3339 with an offset and are answered in UTC; durations are strings with a unit, such as
30s or 1h30m. Every refusal is a problem document (RFC 9457) that names the field and says what would be right, and
nothing is stored by it. `X-Correlation-Id` comes back as it was sent, and goes with the job into log lines and calls.
"""
_CORRELATION: Final = {
    "name": "X-Correlation-Id",
    "in": "header",
    "description": "Printable ASCII. Kept with a job that is created, and sent along with each call of its target.",
    "schema": {"type": "string", "minLength": 1, "maxLength": limits.MAX_CORRELATION_ID_LENGTH},
}


def openapi_document() -> dict[str, Any]:
    """The document as a value."""
    _, definitions = models_json_schema(_shapes(), ref_template=_REF)
    patches = {one.body.__name__ for one in OPERATIONS.values() if one.body is not None and one.is_patch}
    schemas = with_patches(definitions["$defs"], sorted(patches))
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, OPERATIONS[route.method, route.path])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Punctual",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: _plain(shape) for name, shape in sorted(schemas.items())},
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key: `<id>.<secret>`."}
            },
        },
    }


def openapi_text() -> str:
    """The document as it is kept and served."""
    return json.dumps(openapi_document(), indent=1, ensure_ascii=False) + "\n"


def problems_of(route: Route) -> list[str]:
    """The slugs of the problems that a route may answer with, in the order of their table."""
    operation = OPERATIONS[route.method, route.path]
    slugs = set(operation.problems)
    if route.scope is not None:
        slugs |= {"invalid-parameter", "unauthenticated", "forbidden", "unavailable"}
    if route.method != "GET":
        slugs |= {"malformed-json", "payload-too-large", "unsupported-media-type", "validation-failed"}
    return [slug for slug in PROBLEMS if slug in slugs]


def _shapes() -> list[tuple[type[BaseModel], Any]]:
    asked = {one.body for one in OPERATIONS.values() if one.body is not None}
    answered = {one.answer for one in OPERATIONS.values() if not isinstance(one.answer, str)}
    answered |= {one.dry_run for one in OPERATIONS.values() if one.dry_run is not None} | {Problem, GatewayRefusal}
    by_name = sorted(asked, key=lambda shape: shape.__name__), sorted(answered, key=lambda shape: shape.__name__)
    return [(shape, "validation") for shapes in by_name for shape in shapes]


def _operation(route: Route, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation.id, "summary": operation.summary}
    if operation.description:
        described["description"] = operation.description
    described["tags"] = [route.path.split("/")[2] if route.path.startswith("/v1/") else "service"]
    if route.scope is not None:
        described["security"] = [{"apiKey": []}]
        described["description"] = f"{operation.description} Needs the scope `{route.scope}`.".strip()
    if route.path.startswith("/v1/"):
        described["parameters"] = _parameters(route, operation)
    if operation.body is not None:
        content = {"schema": _reference(operation.body), "example": operation.example}
        described["requestBody"] = {
            "required": operation.needs_body,
            "content": dict.fromkeys(operation.body_types, content),
        }
    described["responses"] = _responses(route, operation)
    return described


def _parameters(route: Route, operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    others = [
        {"name": one.name, "in": one.place, "description": one.description, "schema": one.schema}
        for one in operation.parameters
    ]
    return [*in_path, *others, _CORRELATION]


def _responses(route: Route, operation: Operation) -> dict[str, Any]:
    answer = operation.answer
    content_types = (answer if isinstance(answer, str) else "application/json", *operation.answer_types)
    schema = {"type": "string"} if isinstance(answer, str) else _reference(answer)
    if operation.id == "getOpenApi":
        schema = {"type": "object"}
    responses: dict[str, Any] = {
        str(status): {"description": text, "content": {kind: {"schema": schema} for kind in content_types}}
        for status, text in operation.statuses.items()
    }
    if operation.dry_run is not None:
        whole = responses.setdefault("200", {"description": "", "content": {"application/json": {}}})
        asked = _reference(operation.dry_run)
        whole["content"]["application/json"] = {"schema": {"anyOf": [schema, asked]} if whole["description"] else asked}
        whole["description"] = f"{whole['description']}\n\nWith `dry_run`: what it would be.".strip()
    if IF_NONE_MATCH in operation.parameters:
        responses["304"] = {"description": "What `If-None-Match` names is still what would be answered."}
    for slug in problems_of(route):
        status, title = PROBLEMS[slug]
        response = responses.setdefault(
            str(status),
            {"description": HTTPStatus(status).phrase, "content": {CONTENT_TYPE: {"schema": _reference(Problem)}}},
        )
        response["description"] += f"\n\n`{slug}`: {title}."
    for status, said in _OF_THE_GATEWAY.items() if route.path.startswith("/v1/") else ():
        if route.scope is not None or status == HTTPStatus.TOO_MANY_REQUESTS:
            response = responses.setdefault(str(status.value), {"description": status.phrase, "content": {}})
            response["description"] += f"\n\n{said}"
            response["content"]["application/json"] = {"schema": _reference(GatewayRefusal)}
    return dict(sorted(responses.items()))


def _reference(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=shape.__name__)}


def _plain(schema: Any) -> Any:
    """Without the titles that are made from the names of members, and so say nothing."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {member: _plain(one) for member, one in value.items()} if name == "properties" else _plain(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }


if __name__ == "__main__":
    sys.stdout.write(openapi_text())
