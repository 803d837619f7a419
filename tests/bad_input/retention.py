"""Retentions that are wrong."""

from __future__ import annotations

import json
from typing import Any

from tests.bad_input.rows import JSON, BadInput


def _row(name: str, body: Any, pointer: str, status: int = 422, slug: str = "validation-failed") -> BadInput:
    return BadInput(
        f"retention: {name}", "PUT", "/v1/retention", JSON, json.dumps(body).encode(), status, slug, pointer
    )


RETENTIONS = [
    _row("an array", [], ""),
    _row("a number", {"failed": 30}, "/failed"),
    _row("days without a unit", {"failed": "30"}, "/failed"),
    _row("nothing", {"failed": "0s"}, "/failed"),
    _row("half a day", {"failed": "12h"}, "/failed"),
    _row("a day and a half", {"failed": "36h"}, "/failed"),
    _row("a thousand years", {"failed": "365000d"}, "/failed"),
    _row("more digits than there are days", {"failed": "9" * 400 + "d"}, "/failed"),
    _row("an end that is none", {"running": "7d"}, "/running"),
    _row("what is answered", {"applies": {}}, "/applies"),
    BadInput("retention: deleted", "DELETE", "/v1/retention", {}, None, 405, "method-not-allowed"),
    BadInput(
        "retention: of another tenant",
        "GET",
        "/v1/retention?tenant=other",
        {},
        None,
        400,
        "invalid-parameter",
        "tenant",
    ),
]
