"""A row of the table of bad input, and short ways to write one."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

JSON = {"Content-Type": "application/json"}
TARGET: dict[str, Any] = {"type": "http", "url": "https://example.com/hook"}
UNKNOWN_ID = "06c3v8n1r4t7x2z5b8d1f4h7"


class BadInput(NamedTuple):
    """`pointer` is that of the first error, or None where there is none to name."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    status: int
    slug: str
    pointer: str | None = None


def bad_create(name: str, body: Any, status: int, slug: str, pointer: str | None = None) -> BadInput:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return BadInput(name, "POST", "/v1/jobs", JSON, raw, status, slug, pointer)


def bad_field(
    name: str, member: str, value: Any, slug: str = "validation-failed", pointer: str | None = None
) -> BadInput:
    return bad_create(name, {"target": TARGET, member: value}, 422, slug, pointer or f"/{member}")


def bad_target(name: str, target: Any, slug: str, pointer: str, status: int = 422) -> BadInput:
    return bad_create(name, {"target": target}, status, slug, pointer)


def bad_url(url: str) -> BadInput:
    return bad_target(f"url {url}", {**TARGET, "url": url}, "target-url-forbidden", "/target/url")


def bad_header(name: str, value: str) -> BadInput:
    pointer = "/target/headers/" + name.replace("~", "~0").replace("/", "~1")
    return bad_target(f"header {name!r}", {**TARGET, "headers": {name: value}}, "invalid-header", pointer)


def bad_query(query: str, name: str) -> BadInput:
    return BadInput(f"query {query}", "GET", f"/v1/jobs?{query}", {}, None, 400, "invalid-parameter", name)


def malformed(name: str, raw: bytes) -> BadInput:
    return bad_create(name, raw, 400, "malformed-json", "")
