"""Alert rules, escalation policies and alerts that are wrong."""

from __future__ import annotations

import json
from typing import Any

from tests.bad_input.rows import JSON, UNKNOWN_ID, BadInput, bad_query

_RULE: dict[str, Any] = {"name": "failures", "kind": "failed_for_good"}
_STEP: dict[str, Any] = {"after": "0s", "channels": [UNKNOWN_ID]}
_TEMPLATES = {"template_ids": [UNKNOWN_ID]}


def _rule(name: str, pointer: str, **members: Any) -> BadInput:
    body = json.dumps({**_RULE, **members}).encode()
    return BadInput(f"rule: {name}", "POST", "/v1/alert-rules", JSON, body, 422, "validation-failed", pointer)


def _policy(name: str, pointer: str, **members: Any) -> BadInput:
    body = json.dumps({"name": "on call", "steps": [_STEP], **members}).encode()
    return BadInput(f"policy: {name}", "POST", "/v1/escalation-policies", JSON, body, 422, "validation-failed", pointer)


def _silence(name: str, pointer: str, body: Any) -> BadInput:
    raw = json.dumps(body).encode()
    path = f"/v1/alerts/{UNKNOWN_ID}/silence"
    return BadInput(f"silence: {name}", "POST", path, JSON, raw, 422, "validation-failed", pointer)


def _list(query: str, name: str) -> BadInput:
    row = bad_query(query, name)
    return row._replace(name=f"alerts {query}", path=f"/v1/alerts?{query}")


ALERTS = [
    _rule("no kind", "/kind", kind=None),
    _rule("a kind that is not", "/kind", kind="on_fire"),
    _rule("an unknown member", "/channel", channel="x"),
    _rule("a severity that is not", "/severity", severity="fatal"),
    _rule("enabled as text", "/enabled", enabled="yes"),
    _rule("a count that it has no use for", "/count", count=3),
    _rule("no count", "/count", kind="failures_in_a_row"),
    _rule("too many in a row", "/count", kind="failures_in_a_row", count=21),
    _rule("none in a row", "/count", kind="failures_in_a_row", count=0),
    _rule("a count as a boolean", "/count", kind="failures_in_a_row", count=True),
    _rule("no threshold", "/threshold", kind="late_start"),
    _rule("a threshold without a unit", "/threshold", kind="late_start", threshold="60"),
    _rule("a threshold of nothing", "/threshold", kind="late_start", threshold="0s"),
    _rule("no factor", "/factor", kind="running_long", scope=_TEMPLATES),
    _rule("a factor of one", "/factor", kind="running_long", scope=_TEMPLATES, factor=1),
    _rule("running long of everything", "/scope", kind="running_long", factor=3),
    _rule("nothing succeeded by tags", "/scope", kind="nothing_succeeded", threshold="1h", scope={"tags": {"a": "b"}}),
    _rule("dead letters of a group", "/scope", kind="dead_letter_count", count=10, scope={"group": "g"}),
    _rule("a scope of nothing", "/scope", scope={}),
    _rule("a scope of two kinds", "/scope", scope={"group": "g", "tags": {"a": "b"}}),
    _rule("no template in a scope", "/scope/template_ids", scope={"template_ids": []}),
    _rule("a group of the scheduler's own", "/scope/group", scope={"group": "punctual.notifications"}),
    _rule("quiet hours on Mars", "/quiet_hours/timezone", quiet_hours={"timezone": "M", "from": "1:00", "to": "2"}),
    _rule("quiet from 25 h", "/quiet_hours/from", quiet_hours={"timezone": "UTC", "from": "25:00", "to": "07:00"}),
    _rule("quiet all day", "/quiet_hours/to", quiet_hours={"timezone": "UTC", "from": "07:00", "to": "07:00"}),
    _rule("a cap of nothing", "/storm_cap/alerts", storm_cap={"alerts": 0, "per": "10m"}),
    _rule("a policy that is not there", "/escalation_policy_id", escalation_policy_id=UNKNOWN_ID),
    _rule("a policy that cannot be one", "/escalation_policy_id", escalation_policy_id="../x"),
    _rule("a grace of a year", "/grace", grace="365d"),
    _policy("no steps", "/steps", steps=[]),
    _policy("eleven steps", "/steps", steps=[_STEP] * 11),
    _policy("a step for nobody", "/steps/0/channels", steps=[{"after": "0s", "channels": []}]),
    _policy("a step without a time", "/steps/0/after", steps=[{"channels": [UNKNOWN_ID]}]),
    _policy("steps that do not rise", "/steps/1/after", steps=[_STEP, _STEP]),
    _policy(
        "rounds shorter than the steps",
        "/repeat/every",
        steps=[{**_STEP, "after": "2h"}],
        repeat={"every": "1h", "times": 1},
    ),
    _policy("no round", "/repeat/times", repeat={"every": "1h", "times": 0}),
    _policy("a channel that is not there", "/steps/0/channels/0"),
    _silence("no end", "/until", {}),
    _silence("two ends", "/until", {"for": "1h", "until": "2030-01-01T00:00:00Z"}),
    _silence("an end that has passed", "/until", {"until": "2020-01-01T00:00:00Z"}),
    _silence("for a year", "/for", {"for": "365d"}),
    _silence("a note of many pages", "/note", {"for": "1h", "note": "n" * 257}),
    _list("state=burning", "state"),
    _list("severity=3", "severity"),
    _list("from=yesterday", "from"),
    _list("limit=0", "limit"),
    _list("rule=r1", "rule"),
    BadInput("an unknown alert", "GET", f"/v1/alerts/{UNKNOWN_ID}", {}, None, 404, "not-found"),
    BadInput("an alert that cannot be one", "GET", "/v1/alerts/..%2Fx", {}, None, 404, "not-found"),
    BadInput("an unknown rule", "DELETE", f"/v1/alert-rules/{UNKNOWN_ID}", {}, None, 404, "not-found"),
    BadInput("a built-in rule", "GET", "/v1/alert-rules/built-in-failed-for-good", {}, None, 404, "not-found"),
    BadInput("an unknown policy", "DELETE", f"/v1/escalation-policies/{UNKNOWN_ID}", {}, None, 404, "not-found"),
    BadInput("an unknown rule", "PATCH", f"/v1/alert-rules/{UNKNOWN_ID}", JSON, b"{}", 404, "not-found"),
    BadInput(
        "a job in a group of the scheduler's own",
        "POST",
        "/v1/jobs",
        JSON,
        json.dumps({"target": {"type": "http", "url": "https://example.com/"}, "group": "punctual.events"}).encode(),
        422,
        "validation-failed",
        "/group",
    ),
]
