"""What no template can be, and requests about templates that are wrong beside that."""

from __future__ import annotations

import json
from typing import Any

from tests.bad_input.rows import JSON, TARGET, UNKNOWN_ID, BadInput

NEVER_SOON = {"cron": "0 0 1 1 *", "timezone": "UTC"}
TEMPLATE: dict[str, Any] = {"name": "yearly", "schedule": NEVER_SOON, "job": {"target": TARGET}}
PATH = "/v1/templates/{template}"


def bad_template(
    name: str, members: dict[str, Any], pointer: str, slug: str = "validation-failed", status: int = 422
) -> BadInput:
    body = json.dumps({**TEMPLATE, **members}).encode()
    return BadInput(f"template: {name}", "POST", "/v1/templates", JSON, body, status, slug, pointer)


def bad_schedule(schedule: Any, pointer: str) -> BadInput:
    return bad_template(f"schedule {schedule!s:.40}", {"schedule": schedule}, pointer)


def bad_work(name: str, members: dict[str, Any], pointer: str, slug: str = "validation-failed") -> BadInput:
    return bad_template(name, {"job": {"target": TARGET, **members}}, pointer, slug)


def bad_act(name: str, action: str, body: Any, pointer: str | None, method: str = "POST") -> BadInput:
    raw = None if body is None else json.dumps(body).encode()
    return BadInput(f"{action}: {name}", method, f"{PATH}{action}", JSON, raw, 422, "validation-failed", pointer)


def bad_bulk(name: str, body: Any, pointer: str) -> BadInput:
    raw = json.dumps(body).encode()
    path = "/v1/templates/bulk-actions"
    return BadInput(f"bulk action: {name}", "POST", path, JSON, raw, 422, "validation-failed", pointer)


NEW_TEMPLATES = [
    bad_template("no name", {"name": None}, "/name"),
    bad_template("no schedule", {"schedule": None}, "/schedule"),
    bad_template("no job", {"job": None}, "/job"),
    bad_template("a job without a target", {"job": {}}, "/job/target"),
    bad_template("an unknown member", {"cron": "* * * * *"}, "/cron"),
    bad_template("an external key with a slash", {"external_key": "a/b"}, "/external_key"),
    bad_template("an external key that paths drop", {"external_key": ".."}, "/external_key"),
    bad_template("an external key of 129", {"external_key": "a" * 129}, "/external_key"),
    bad_template("eleven tags", {"tags": {str(number): "" for number in range(11)}}, "/tags"),
    bad_template("a policy that is none", {"misfire": {"policy": "fire"}}, "/misfire/policy"),
    bad_template("a bound of another policy", {"misfire": {"policy": "skip", "max": 1}}, "/misfire/max"),
    bad_template("no runs at all", {"misfire": {"policy": "fire_all", "max": 0}}, "/misfire/max"),
    bad_template("missed at once", {"misfire": {"after": "0s"}}, "/misfire/after"),
    bad_template("missed by half a second", {"misfire": {"after": "1500ms"}}, "/misfire/after"),
    bad_template("an unknown member of misfire", {"misfire": {"policies": 1}}, "/misfire/policies"),
    bad_work("a time of the job", {"run_at": "2026-11-20T12:00:00Z"}, "/job/run_at"),
    bad_work("a name of the job", {"name": "a"}, "/job/name"),
    bad_work("an unknown member of retry", {"retry": {"attempts": 1}}, "/job/retry/attempts"),
    bad_work("at_most_once with three attempts", {"delivery": "at_most_once", "retry": {"max_attempts": 3}},
             "/job/retry/max_attempts"),
    bad_work("half a surrogate pair", {"payload": ["\ud800"]}, "/job/payload/0"),
    bad_work("a target of no kind", {"target": {"type": "ftp"}}, "/job/target/type"),
    bad_work("another kind's member", {"target": {**TARGET, "argv": ["a"]}}, "/job/target/argv"),
    bad_work("a private address", {"target": {**TARGET, "url": "https://10.0.0.1/"}}, "/job/target/url",
             "target-url-forbidden"),
    bad_work("a reserved header", {"target": {**TARGET, "headers": {"Host": "a"}}}, "/job/target/headers/Host",
             "invalid-header"),
    bad_work("a mask for a secret", {"target": {**TARGET, "headers": {"Authorization": "***"}}},
             "/job/target/headers/Authorization"),
    bad_work("an unknown parameter", {"payload": {"a": ["{{ secret }}"]}}, "/job/payload/a/0"),
    bad_work("code for a parameter", {"payload": "{{ ''.__class__ }}"}, "/job/payload"),
    bad_work("an unknown filter", {"payload": "{{ nominal_time | shell }}"}, "/job/payload"),
    bad_work("a host by parameter that is none", {"target": {**TARGET, "url": "https://{{ template_name }}/"}},
             "/job/target/url", "target-url-forbidden"),
    bad_template("a payload over 128 KB", {"job": {"target": TARGET, "payload": "a" * 131_072}}, "/job/payload",
                 "payload-too-large", 413),
    bad_schedule("* * * * *", "/schedule"),
    bad_schedule({}, "/schedule"),
    bad_schedule({"cron": "* * * *"}, "/schedule/cron"),
    bad_schedule({"cron": "61 * * * *"}, "/schedule/cron"),
    bad_schedule({"cron": "0 0 31 2 *"}, "/schedule/cron"),
    bad_schedule({"cron": 5}, "/schedule/cron"),
    bad_schedule({"every": "0s"}, "/schedule/every"),
    bad_schedule({"every": "5m", "cron": "* * * * *"}, "/schedule"),
    bad_schedule({"cron": "* * * * *", "timezone": "Mars/Phobos"}, "/schedule/timezone"),
    bad_schedule({"cron": "* * * * *", "timezone": "../../etc/passwd"}, "/schedule/timezone"),
    bad_schedule({"cron": "* * * * *", "calendars": ["nothing"]}, "/schedule/calendars/0"),
    bad_schedule({"at": ["2001-01-01T00:00:00Z"]}, "/schedule"),
    bad_schedule({"every": "1h", "end_at": "2001-01-01T00:00:00Z"}, "/schedule"),
    bad_schedule({"every": "1h", "max_occurrences": 5}, "/schedule/max_occurrences"),
]  # fmt: skip

TEMPLATE_CHANGES = [
    bad_act("an unknown member", "", {"status": "paused"}, "/status", "PATCH"),
    bad_act("another external key", "", {"external_key": "b"}, "/external_key", "PATCH"),
    bad_act("the schedule taken away", "", {"schedule": None}, "/schedule", "PATCH"),
    bad_act("a trigger that is none", "", {"schedule": {"cron": "x"}}, "/schedule/cron", "PATCH"),
    bad_act("an array", "", [], "", "PATCH"),
    bad_act("a forbidden URL", "", {"job": {"target": {"url": "https://[::1]/"}}}, "/job/target/url", "PATCH")._replace(
        slug="target-url-forbidden"
    ),
    bad_act("nothing", "", {}, "/name", "PUT"),
    bad_act("with a member", "", {"force": True}, "/force", "DELETE"),
    bad_act("a note of 257 characters", "/pause", {"note": "a" * 257}, "/note"),
    bad_act("until the past", "/pause", {"until": "2001-01-01T00:00:00Z"}, "/until"),
    bad_act("until far away", "/pause", {"until": "2190-01-01T00:00:00Z"}, "/until"),
    bad_act("an unknown choice", "/pause", {"missed": "run"}, "/missed"),
    bad_act("an unknown choice", "/resume", {"missed": "all"}, "/missed"),
    bad_act("a text for a boolean", "/resume", {"dry_run": "yes"}, "/dry_run"),
    bad_act("a member", "/trigger", {"payload": {}}, "/payload"),
    bad_act("nothing", "/skip", {}, "/nominal_at"),
    bad_act("no occurrence", "/skip", {"nominal_at": "2027-01-01T00:00:01Z"}, "/nominal_at"),
    bad_act("a past occurrence", "/skip", {"nominal_at": "2001-01-01T00:00:00Z"}, "/nominal_at"),
    bad_act("no occurrence", "/unskip", {"nominal_at": "2027-01-01T00:00:01Z"}, "/nominal_at"),
    bad_act("a time without offset", "/unskip", {"nominal_at": "2027-01-01T00:00:00"}, "/nominal_at"),
    *(
        bad_act(f"the year {year}", action, {"nominal_at": f"{year}-01-01T00:00:00Z"}, "/nominal_at")
        for action in ("/skip", "/unskip")
        for year in ("0001", "9999")
    ),
    bad_act("an unknown member", "/clone", {"id": "a"}, "/id"),
    bad_act("from the year 1", "/backfills", {"from": "0001-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}, "/from"),
    bad_act("until the year 1", "/backfills", {"from": "2026-02-01T00:00:00Z", "to": "0001-01-01T00:00:00Z"}, "/to"),
    BadInput("PUT by key with another key", "PUT", "/v1/templates/by-key/a", JSON,
             json.dumps({**TEMPLATE, "external_key": "b"}).encode(), 422, "validation-failed", "/external_key"),
    BadInput("PUT by a key that is none", "PUT", "/v1/templates/by-key/a%20b", JSON, json.dumps(TEMPLATE).encode(), 404,
             "not-found"),
    BadInput("GET by an unknown key", "GET", "/v1/templates/by-key/a", {}, None, 404, "not-found"),
    BadInput("an unknown template", "GET", f"/v1/templates/{UNKNOWN_ID}", {}, None, 404, "not-found"),
    BadInput("trigger of an unknown template", "POST", f"/v1/templates/{UNKNOWN_ID}/trigger", {}, None, 404,
             "not-found"),
    BadInput("an id that cannot be one", "DELETE", "/v1/templates/A", {}, None, 404, "not-found"),
    BadInput("an unknown version", "GET", f"{PATH}/versions/7", {}, None, 404, "not-found"),
    BadInput("a version that is no number", "GET", f"{PATH}/versions/one", {}, None, 404, "not-found"),
    BadInput("a diff to an unknown version", "GET", f"{PATH}/versions/1/diff/9", {}, None, 404, "not-found"),
    BadInput("POST of a template", "POST", PATH, JSON, b"{}", 405, "method-not-allowed"),
    BadInput("a stale PUT of a template", "PUT", PATH, {**JSON, "If-Match": '"9"'},
             json.dumps({**TEMPLATE, "name": "b"}).encode(), 412, "precondition-failed"),
    BadInput("a stale pause", "POST", f"{PATH}/pause", {"If-Match": '"9"'}, None, 412, "precondition-failed"),
]  # fmt: skip

TEMPLATE_LISTS = [
    *(
        BadInput(f"templates {query}", "GET", f"/v1/templates?{query}", {}, None, 400, "invalid-parameter", name)
        for query, name in (
            ("limit=0", "limit"),
            ("status=done", "status"),
            ("last_outcome=skipped", "last_outcome"),
            ("due_before=tomorrow", "due_before"),
            ("due_after=2026-01-02T00:00:00Z&due_before=2026-01-01T00:00:00Z", "due_after"),
            ("name=", "name"),
            ("tag=a", "tag"),
            ("group=a", "group"),
        )
    ),
    *(
        BadInput(f"{path} {name} {year}", "GET", f"{path}?{name}={year}-01-01T00:00:00Z", {}, None, 400,
                 "invalid-parameter", name)
        for path in (f"{PATH}/occurrences", "/v1/forecast")
        for name in ("from", "to")
        for year in ("0001", "9999")
    ),
    BadInput("templates cursor", "GET", "/v1/templates?cursor=AAAA", {}, None, 400, "invalid-page-token"),
    BadInput("versions cursor", "GET", f"{PATH}/versions?cursor=AAAA", {}, None, 400, "invalid-page-token"),
    BadInput("jobs of a template that cannot be one", "GET", "/v1/jobs?template_id=A%2FB", {}, None, 400,
             "invalid-parameter", "template_id"),
    BadInput("jobs of a template and a group", "GET", "/v1/jobs?template_id=a&group=b", {}, None, 400,
             "invalid-parameter", "template_id"),
    bad_bulk("no filter", {"action": "pause"}, "/all"),
    bad_bulk("an empty filter", {"action": "delete", "filter": {}}, "/all"),
    bad_bulk("no action", {"all": True}, "/action"),
    bad_bulk("an unknown action", {"action": "explode", "all": True}, "/action"),
    bad_bulk("tag without tags", {"action": "tag", "all": True}, "/tags"),
    bad_bulk("tags of another action", {"action": "pause", "all": True, "tags": {"a": "b"}}, "/tags"),
    bad_bulk("a note of another action", {"action": "delete", "all": True, "note": "a"}, "/note"),
    bad_bulk("deleted ones", {"action": "delete", "filter": {"status": "deleted"}}, "/filter/status"),
    bad_bulk("an unknown member of the filter", {"action": "delete", "filter": {"nam": "a"}}, "/filter/nam"),
    bad_bulk("pause until the past", {"action": "pause", "all": True, "until": "2001-01-01T00:00:00Z"}, "/until"),
    BadInput("bulk action with a bad cursor", "POST", "/v1/templates/bulk-actions", JSON,
             b'{"action": "pause", "all": true, "cursor": "AAAA"}', 400, "invalid-page-token", "/cursor"),
]  # fmt: skip
