"""What the OpenAPI document says of each answer that a test gets, and of each request that is taken, holds."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from functions.api.description.openapi import openapi_document
from functions.api.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.http_api import Reply

_URI = "urn:described"
_SAID_OF_NONE = {404, 500}


def check_described(event: Mapping[str, Any], reply: Reply) -> None:
    """Of no operation it is said that there may be nothing at its path, or that it may have a defect."""
    method, path = event["requestContext"]["http"]["method"], event["rawPath"]
    route = next((one.path for one in ROUTES if one.method == method and one.matches(path)), None)
    if route is None or reply.status in _SAID_OF_NONE:
        return
    operation = _document()["paths"][route][method.lower()]
    answer = operation["responses"].get(str(reply.status))
    assert answer is not None, f"{method} {route} is not said to answer with {reply.status}: {reply.text[:500]}"
    if "content" not in answer:
        assert not reply.text, f"{method} {route} is said to answer {reply.status} without a body"
        return
    content_type = reply.headers["content-type"].partition(";")[0]
    assert content_type in answer["content"], f"{method} {route} is not said to answer with {content_type}"
    if "json" in content_type and method != "HEAD":
        where = ("paths", route, method.lower(), "responses", str(reply.status), "content", content_type, "schema")
        _fits(where, json.loads(reply.text))
    # Of many jobs each is taken or refused by itself.
    if reply.status < 300 and "requestBody" in operation and route != "/v1/jobs/bulk":
        _check_request(operation["requestBody"], event, ("paths", route, method.lower(), "requestBody"))


def _check_request(described: Mapping[str, Any], event: Mapping[str, Any], where: tuple[str, ...]) -> None:
    body = event.get("body") or ""
    if not body.strip():
        assert not described["required"], f"{where}: taken without a body, which is said to be needed"
        return
    content_type = next(iter(described["content"]))
    _fits((*where, "content", content_type, "schema"), json.loads(body))


def _fits(where: tuple[str, ...], value: Any) -> None:
    error = next(_validator(where).iter_errors(value), None)
    assert error is None, f"{' '.join(where[1:5])}: {error.json_path}: {error.message[:500]}"


@cache
def _document() -> dict[str, Any]:
    return openapi_document()


@cache
def _validator(where: tuple[str, ...]) -> Draft202012Validator:
    registry: Registry[Any] = Registry().with_resource(_URI, Resource(contents=_document(), specification=DRAFT202012))
    pointer = "/".join(re.sub("/", "~1", step) for step in where)
    return Draft202012Validator({"$ref": f"{_URI}#/{pointer}"}, registry=registry)
