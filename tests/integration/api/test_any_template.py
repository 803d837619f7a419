"""Whatever comes in about templates: never a 5xx, nothing stored by a refusal, and what is taken can be sent again."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.http_api import HTTP_TARGET, Api
from tests.integration.api.template_samples import text_of
from tests.integration.api.test_any_input import VALUES, mutated
from tests.integration.api.test_bad_input import state_of

EVERYTHING: dict[str, Any] = {
    "name": "a",
    "external_key": "k",
    "schedule": {
        "cron": "0 9 * * 1-5",
        "timezone": "Europe/Berlin",
        "dst_gap": "skip",
        "dst_overlap": "both",
        "start_at": "2026-01-01T00:00:00Z",
        "end_at": "2027-01-01T00:00:00Z",
        "max_occurrences": 500,
        "spread": "5m",
        "calendars": [],
        "on_excluded": "run",
    },
    "misfire": {"policy": "fire_all", "after": "30s", "max": 3, "within": "1h"},
    "job": {
        "target": {**HTTP_TARGET, "headers": {"X-N": "{{ occurrence_number }}"}},
        "payload": {"at": "{{ nominal_time | date }}"},
        "priority": "low",
        "timeout": "10s",
        "expires_after": "1h",
        "retry": {"max_attempts": 2},
        "delivery": "at_least_once",
    },
    "tags": {"team": "ops"},
}
TRIGGERS = st.sampled_from(
    [
        {"every": "90s"},
        {"cron": "H H * * *"},
        {"cron": "0 0 12 LW * ?"},
        {"rrule": "FREQ=DAILY", "start_at": "2026-03-01T09:00:00Z"},
        {"any_of": [{"every": "1h"}, {"at": ["2026-03-02T00:00:00Z"]}]},
        {"cron": "rate(5 minutes)"},
        {"cron": "{{ nominal_time }}"},
    ]
)
TEXTS = st.text(alphabet="{}|' aé_:nominal_time", max_size=30)
BODIES = mutated(EVERYTHING) | VALUES | TRIGGERS.map(lambda one: {**EVERYTHING, "schedule": one})
PATCHES = (
    BODIES
    | st.builds(lambda value: {"job": {"payload": value}}, VALUES | TEXTS)
    | st.builds(lambda value: {"job": {"target": {"headers": {"X-A": value}}}}, TEXTS)
    | TRIGGERS.map(lambda one: {"schedule": one})
)
ACTIONS: dict[str, dict[str, Any]] = {
    "/pause": {"note": "a", "until": text_of(3_600), "missed": "skip"},
    "/resume": {"missed": "apply_misfire", "dry_run": False},
    "/skip": {"nominal_at": text_of(300)},
    "/unskip": {"nominal_at": text_of(300)},
    "/clone": {"name": "b"},
    "/trigger": {},
}
BULK: dict[str, Any] = {
    "action": "pause",
    "filter": {"name": "a", "tags": {"team": "ops"}, "status": "active"},
    "all": True,
    "dry_run": False,
    "note": "a",
    "until": text_of(3_600),
    "missed": "skip",
}
MEMBERS = ("name", "external_key", "schedule", "misfire", "job", "tags")


def judge(api: Api, reply: Any, before: Any) -> None:
    assert reply.status < 500, reply.text
    if reply.status >= 400:
        assert reply.slug
        assert state_of(api) == before
        if reply.status not in {404, 409, 412}:
            assert all(error["detail"] for error in reply.body["errors"])


@settings(max_examples=200)
@given(body=BODIES)
@example(body={**EVERYTHING, "external_key": None})
def test_a_template_that_is_nearly_right_is_taken_or_refused_with_a_pointer(body: Any) -> None:
    api = Api()
    before = state_of(api)

    reply = api.post("/v1/templates", body)

    judge(api, reply, before)
    if reply.status == 201:
        path = f"/v1/templates/{reply.body['id']}"
        assert api.get(path).body == reply.body
        again = api.request("PUT", path, {name: reply.body[name] for name in MEMBERS})
        # A secret is hidden, and cannot be sent back.
        assert again.body == reply.body or "hidden-value" in again.text


@settings(max_examples=200)
@given(patch=PATCHES, method=st.sampled_from(["PATCH", "PUT"]))
def test_any_change_of_a_template_is_made_or_refused(patch: Any, method: str) -> None:
    api = Api()
    path = f"/v1/templates/{api.post('/v1/templates', EVERYTHING).body['id']}"
    before = state_of(api)

    reply = api.request(method, path, patch)

    judge(api, reply, before)
    if reply.status == 200:
        assert api.get(path).body == reply.body
        assert api.request(method, path, patch).body == reply.body


@settings(max_examples=200)
@given(data=st.data(), action=st.sampled_from(sorted(ACTIONS)), is_paused=st.booleans(), passed=st.integers(0, 7_200))
def test_any_action_is_done_or_refused(data: st.DataObject, action: str, is_paused: bool, passed: int) -> None:
    api = Api()
    template = api.post("/v1/templates", {**EVERYTHING, "schedule": {"every": "5m"}}).body
    path = f"/v1/templates/{template['id']}"
    if is_paused:
        api.post(f"{path}/pause")
    api.clock.advance(passed)
    # What is overdue is expanded before it is changed, also by a change that is refused then.
    api.patch(path, {})
    before = state_of(api)

    reply = api.post(path + action, data.draw(mutated(ACTIONS[action]) | VALUES if ACTIONS[action] else VALUES))

    judge(api, reply, before)
    assert api.get(path).status == 200


@settings(max_examples=200)
@given(body=mutated(BULK) | VALUES)
def test_any_bulk_action_is_done_or_refused(body: Any) -> None:
    api = Api()
    api.post("/v1/templates", EVERYTHING)
    before = state_of(api)

    reply = api.post("/v1/templates/bulk-actions", body)

    judge(api, reply, before)
