"""Subscriptions that are wrong."""

from __future__ import annotations

import json
from typing import Any

from tests.bad_input.rows import JSON, UNKNOWN_ID, BadInput

_NEW: dict[str, Any] = {"name": "to the data team", "channel_id": UNKNOWN_ID, "events": ["job.failed"]}


def _row(name: str, pointer: str, **members: Any) -> BadInput:
    body = json.dumps({**_NEW, **members}).encode()
    return BadInput(f"subscription: {name}", "POST", "/v1/subscriptions", JSON, body, 422, "validation-failed", pointer)


SUBSCRIPTIONS = [
    _row("a channel that is not there", "/channel_id"),
    _row("a channel's id that is none", "/channel_id", channel_id="../../etc"),
    _row("no events", "/events", events=[]),
    _row("an event that is not", "/events/0", events=["job.exploded"]),
    _row("all events there may ever be", "/events/0", events=["*"]),
    _row("the same event twice", "/events", events=["job.*", "job.*"]),
    _row("a filter that is none", "/filter", filter="team=data"),
    _row("a filter by what is not known", "/filter/colour", filter={"colour": "red"}),
    _row("a priority that is not", "/filter/priority", filter={"priority": "urgent"}),
    _row("a tag that is no text", "/filter/tags/team", filter={"tags": {"team": 7}}),
    _row("a status that is not", "/status", status=True),
]
