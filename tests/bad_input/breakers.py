"""What may not be asked of circuit breakers."""

from __future__ import annotations

import json
from typing import Any

from tests.bad_input.rows import JSON, BadInput

_OPEN = "/v1/breakers/http:example.com:443/open"


def _bad_body(name: str, path: str, body: Any, pointer: str) -> BadInput:
    return BadInput(name, "POST", path, JSON, json.dumps(body).encode(), 422, "validation-failed", pointer)


BREAKERS = (
    *(
        _bad_body(f"open a breaker for {value!r}", _OPEN, {"for": value}, "/for")
        for value in ("0s", "8d", "1500ms", "soon", 60, True, [], {})
    ),
    _bad_body("open a breaker with a note that is too long", _OPEN, {"note": "x" * 257}, "/note"),
    _bad_body("open a breaker with a line break in its note", _OPEN, {"note": "a\nb"}, "/note"),
    _bad_body("open a breaker until a time", _OPEN, {"until": "2026-03-01T13:00:00Z"}, "/until"),
    _bad_body("open a breaker by the model's name", _OPEN, {"duration": "1h"}, "/duration"),
    _bad_body("open a breaker with a list", _OPEN, [], ""),
    _bad_body("close a breaker for a while", _OPEN.replace("open", "close"), {"for": "1h"}, "/for"),
    *(
        BadInput(f"the breaker of {target}", "POST", f"/v1/breakers/{target}/open", {}, None, 404, "not-found")
        for target in ("http", "ftp:example.com:21", "http:", "task:" + "x" * 300, "task:a%2Fb", "task:%00", "task:%FF")
    ),
    BadInput(
        "breakers in no such state", "GET", "/v1/breakers?state=ajar", {}, None, 400, "invalid-parameter", "state"
    ),
    BadInput("breakers by name", "GET", "/v1/breakers?name=x", {}, None, 400, "invalid-parameter", "name"),
)
