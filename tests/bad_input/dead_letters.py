"""What may not be asked of dead letters and bulk actions."""

from __future__ import annotations

import json
from typing import Any

from tests.bad_input.rows import JSON, UNKNOWN_ID, BadInput

_BULK = "/v1/bulk-actions"
_ALL = {"action": "redrive", "all": True}


def _bad_action(name: str, members: dict[str, Any], pointer: str) -> BadInput:
    body = json.dumps({**_ALL, **members}).encode()
    return BadInput(f"bulk action with {name}", "POST", _BULK, JSON, body, 422, "validation-failed", pointer)


def _bad_query(path: str, query: str, name: str) -> BadInput:
    return BadInput(f"{path}?{query}", "GET", f"{path}?{query}", {}, None, 400, "invalid-parameter", name)


DEAD_LETTERS = (
    *(
        _bad_action(f"filter {filter_!r}"[:60], {"filter": filter_}, pointer)
        for filter_, pointer in (
            ({"fingerprint": "short"}, "/filter/fingerprint"),
            ({"fingerprint": 1234567890}, "/filter/fingerprint"),
            ({"template_id": "../x"}, "/filter/template_id"),
            ({"target": ""}, "/filter/target"),
            ({"error_type": "HTTP 503"}, "/filter/error_type"),
            ({"tags": {"": "x"}}, "/filter/tags/"),
            ({"tags": ["a"]}, "/filter/tags"),
            ({"from": "2026-03-01T12:00:00"}, "/filter/from"),
            ({"from": "2026-03-02T12:00:00Z", "to": "2026-03-01T12:00:00Z"}, "/filter/from"),
            ({"ids": []}, "/filter/ids"),
            ({"ids": ["a#b"]}, "/filter/ids/0"),
            ({"ids": ["a"] * 1_001}, "/filter/ids"),
            ({"status": "failed"}, "/filter/status"),
            ([], "/filter"),
        )
    ),
    _bad_action("no filter and no all", {"all": False}, "/all"),
    *(
        _bad_action(f"the empty filter {filter_!r} and no all", {"all": False, "filter": filter_}, "/all")
        for filter_ in ({}, {"tags": {}}, {"tags": None, "fingerprint": None})
    ),
    _bad_action("another action", {"action": "delete"}, "/action"),
    *(
        _bad_action(f"a rate of {rate!r}", {"rate_per_second": rate}, "/rate_per_second")
        for rate in (0, -1, 1e9, "5", True)
    ),
    _bad_action("a canary that is no boolean", {"canary": 1}, "/canary"),
    _bad_action("a payload that is no object", {"payload": [1]}, "/payload"),
    BadInput(
        "bulk action with a payload that none may have",
        "POST",
        _BULK,
        JSON,
        json.dumps({**_ALL, "payload": {"a": "x" * 204_800}}).encode(),
        413,
        "payload-too-large",
        "/payload",
    ),
    _bad_action("a reason that is too long", {"reason": "x" * 257}, "/reason"),
    _bad_action("a line break in its reason", {"reason": "a\nb"}, "/reason"),
    _bad_action("a member that there is not", {"limit": 5}, "/limit"),
    _bad_action("a canary for a discard", {"action": "discard", "canary": True}, "/canary"),
    _bad_action("a payload for a discard", {"action": "discard", "payload": {}}, "/payload"),
    BadInput("a list as bulk action", "POST", _BULK, JSON, b"[]", 422, "validation-failed", ""),
    BadInput("no bulk action", "POST", _BULK, JSON, b"", 400, "malformed-json", ""),
    *(
        BadInput(f"the bulk action {action}", "GET", f"{_BULK}/{action}", {}, None, 404, "not-found")
        for action in (UNKNOWN_ID, "A", "a%23b", "a" * 65, "%FF")
    ),
    BadInput("abort no bulk action", "POST", f"{_BULK}/{UNKNOWN_ID}/abort", {}, None, 404, "not-found"),
    _bad_query(_BULK, "limit=0", "limit"),
    _bad_query(_BULK, "status=done", "status"),
    _bad_query("/v1/dead-letters", "limit=201", "limit"),
    _bad_query("/v1/dead-letters", "fingerprint=x", "fingerprint"),
    _bad_query("/v1/dead-letters", "template_id=%00", "template_id"),
    _bad_query("/v1/dead-letters", "error_type=", "error_type"),
    _bad_query("/v1/dead-letters", "tag=x", "tag"),
    _bad_query("/v1/dead-letters", "from=yesterday", "from"),
    _bad_query("/v1/dead-letters", "from=2026-03-02T12:00:00Z&to=2026-03-01T12:00:00Z", "from"),
    _bad_query("/v1/dead-letters", "status=failed", "status"),
    _bad_query("/v1/dead-letters/groups", "limit=5", "limit"),
    BadInput(
        "a cursor of another list", "GET", "/v1/dead-letters?cursor=AAAA", {}, None, 400, "invalid-page-token", "cursor"
    ),
    BadInput("a dead letter that has not failed", "GET", "/v1/dead-letters/{job}", {}, None, 404, "not-found"),
    *(
        BadInput(f"{action} {job}", "POST", f"/v1/dead-letters/{job}/{action}", {}, None, status, slug)
        for action in ("redrive", "discard")
        for job, status, slug in (
            ("{job}", 409, "invalid-state"),
            ("{ended}", 409, "invalid-state"),
            (UNKNOWN_ID, 404, "not-found"),
            ("a%00", 404, "not-found"),
        )
    ),
    BadInput(
        "redrive with a name",
        "POST",
        "/v1/dead-letters/{job}/redrive",
        JSON,
        b'{"name": "x"}',
        422,
        "validation-failed",
        "/name",
    ),
    BadInput(
        "discard for a list of reasons",
        "POST",
        "/v1/dead-letters/{job}/discard",
        JSON,
        b'{"reason": ["x"]}',
        422,
        "validation-failed",
        "/reason",
    ),
)
