"""Reports that cannot be taken, and jobs whose outcome cannot be reported as they ask."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.bad_input.rows import JSON, UNKNOWN_ID, BadInput, bad_create, bad_field
from tests.bad_input.rows import TARGET as _TARGET

_STALE: Final = f"pxt1.acme.{UNKNOWN_ID}.1.0123456789abcdef"


def _report(name: str, what: str, body: Any, problem: tuple[int, str, str | None], token: str = _STALE) -> BadInput:
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = {} if body is None else JSON
    return BadInput(f"report: {name}", "POST", f"/v1/executions/{token}/{what}", headers, raw, *problem)


def _invalid(pointer: str) -> tuple[int, str, str]:
    return 422, "validation-failed", pointer


_NOBODYS: Final = (404, "not-found", None)
_LOST: Final = (409, "lease-lost", None)


def _reported(name: str, pointer: str, **members: Any) -> BadInput:
    body = {"target": _TARGET, "completion": "callback", **members}
    return bad_create(name, body, 422, "validation-failed", pointer)


EXECUTIONS: Final = (
    bad_field("unknown completion", "completion", "later"),
    bad_field("completion of another type", "completion", True),
    bad_field("heartbeat timeout of a job that answers", "heartbeat_timeout", "1m"),
    bad_field("a long timeout of a job that answers", "timeout", "2h"),
    _reported("a timeout over a week", "/timeout", timeout="8d"),
    _reported("a heartbeat timeout that no worker keeps", "/heartbeat_timeout", heartbeat_timeout="9s"),
    _reported("a heartbeat timeout over a week", "/heartbeat_timeout", heartbeat_timeout="8d"),
    _reported("a heartbeat timeout without a unit", "/heartbeat_timeout", heartbeat_timeout=60),
    _report("no token", "heartbeat", None, _NOBODYS, "x"),
    _report("a token of another kind", "heartbeat", None, _NOBODYS, f"pxt2.acme.{UNKNOWN_ID}.1.0"),
    _report("a token with more behind it", "heartbeat", None, _NOBODYS, f"{_STALE}.0"),
    _report("a stale token", "heartbeat", None, _LOST),
    _report("a stale token's success", "complete", {"output": 1}, _LOST),
    _report("a stale token's failure", "fail", {"retryable": False}, _LOST),
    _report("a stale token's checkpoint", "checkpoint", {"checkpoint": 1}, _LOST),
    _report("a checkpoint that is none", "checkpoint", {}, _invalid("/checkpoint")),
    _report(
        "a checkpoint that is too large",
        "checkpoint",
        {"checkpoint": "x" * 204_801},
        (413, "payload-too-large", "/checkpoint"),
    ),
    _report("broken JSON", "complete", b'{"output": ', (400, "malformed-json", "")),
    _report("an array", "fail", b"[]", _invalid("")),
    _report("an unknown member", "complete", {"result": 1}, _invalid("/result")),
    _report("an error of another shape", "fail", {"error": "broken"}, _invalid("/error")),
    _report("an error's type in words", "fail", {"error": {"type": "No Disk"}}, _invalid("/error/type")),
    _report("a wait of years", "fail", {"retry_after": "400d"}, _invalid("/retry_after")),
    BadInput(
        "report: a heartbeat with a query",
        "POST",
        f"/v1/executions/{_STALE}/heartbeat?force=1",
        {},
        None,
        400,
        "invalid-parameter",
        "force",
    ),
    *(
        BadInput(
            f"the output after {redrive!r} redrives",
            "GET",
            f"/v1/jobs/{{ended}}/executions/1/output?redrive={redrive}",
            {},
            None,
            400,
            "invalid-parameter",
            "redrive",
        )
        for redrive in ("x", "-1", "", "9" * 30)
    ),
    _report("a heartbeat that says something", "heartbeat", {"alive": True}, _invalid("/alive")),
)
