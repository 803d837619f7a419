"""Maintenance windows over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.api.description import window_answers
from functions.api.description.operations import OPERATIONS
from shared.model import limits
from shared.model.times import format_time
from tests.jobs import START, at

if TYPE_CHECKING:
    from tests.http_api import Api, Reply

PATH = "/v1/maintenance-windows"
HOUR = {"name": "database upgrade", "ends_at": format_time(at(3_600))}
NIGHTLY = {"name": "backup", "schedule": {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}, "duration": "45m"}


def create(api: Api, **members: Any) -> dict[str, Any]:
    reply = api.post(PATH, {**HOUR, **members})
    assert reply.status == 201, reply.text
    answer: dict[str, Any] = reply.body
    return answer


def at_path(window: dict[str, Any], action: str = "") -> str:
    return f"{PATH}/{window['id']}{action}"


def errors_of(reply: Reply) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in reply.body["errors"]]


def test_a_window_is_created_with_its_defaults_and_read_again(api: Api) -> None:
    reply = api.post(PATH, HOUR)

    assert reply.status == 201
    assert reply.headers["location"] == f"{PATH}/{reply.body['id']}"
    assert reply.headers["etag"] == '"1"'
    assert reply.body == {
        "id": reply.body["id"],
        "name": "database upgrade",
        "note": None,
        "state": "active",
        "effect": "hold",
        "silences_alerts": True,
        "scope": None,
        "starts_at": format_time(START),
        "ends_at": HOUR["ends_at"],
        "schedule": None,
        "duration": None,
        "spans": [{"starts_at": format_time(START), "ends_at": HOUR["ends_at"]}],
        "release_over": "1m",
        "ended_at": None,
        "version": 1,
        "created_at": format_time(START),
        "changed_at": format_time(START),
        "changed_by": reply.body["changed_by"],
    }
    assert api.get(reply.headers["location"]).body == reply.body


@pytest.mark.parametrize(
    "scope",
    [
        {"tags": {"team": "payroll"}},
        {"template_ids": ["06c3v8n1r4t7x2z5b8d1f4h7", "x"]},
        {"target": {"type": "http"}},
        {"target": {"host": "*.example.com"}},
        {"target": {"arn": "arn:aws:lambda:*:*:function:orders-*"}},
    ],
)
def test_a_scope_is_answered_as_it_was_sent(api: Api, scope: dict[str, Any]) -> None:
    window = create(api, scope=scope, effect="skip", note="why", release_over="0s")

    assert (window["scope"], window["effect"], window["note"], window["release_over"]) == (scope, "skip", "why", "0s")
    assert api.get(at_path(window)).body == window


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({"effect": "hold"}, True),
        ({"effect": "skip"}, True),
        ({"effect": "run"}, False),
        ({"effect": "run", "silences_alerts": True}, True),
        ({"effect": "hold", "silences_alerts": False}, False),
        ({"effect": "run", "silences_alerts": None}, False),
    ],
)
def test_a_window_says_whether_it_silences_alerts(api: Api, asked: dict[str, Any], answered: bool) -> None:
    window = create(api, **asked)

    assert window["silences_alerts"] is answered
    assert api.get(at_path(window)).body == window


def test_a_window_is_replaced_by_one_that_only_silences(api: Api) -> None:
    window = create(api)

    reply = api.put(at_path(window), {**HOUR, "effect": "run", "silences_alerts": True})

    assert (reply.status, reply.body["effect"], reply.body["silences_alerts"]) == (200, "run", True)
    assert api.windows.get_window("acme", window["id"]).is_silencing


def test_a_recurring_window_shows_its_next_spans(api: Api) -> None:
    window = create(api, **NIGHTLY, ends_at=None)

    assert window["state"] == "upcoming"
    assert (window["starts_at"], window["ends_at"], window["duration"]) == (None, None, "45m")
    assert window["schedule"] == {**NIGHTLY["schedule"], "dialect": "unix"}
    assert len(window["spans"]) == 10
    assert window["spans"][0] == {"starts_at": "2026-03-02T02:00:00.000Z", "ends_at": "2026-03-02T02:45:00.000Z"}
    # The clocks go forward on 29 March, and the window with them.
    assert api.windows.get_window("acme", window["id"]).spans[28].starts_at.hour == 1


def test_a_recurring_window_that_has_begun_already_is_active(api: Api) -> None:
    assert create(api, ends_at=None, schedule={"cron": "30 11 * * *"}, duration="1h")["state"] == "active"


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"name": None}, "/name", "wrong-type"),
        ({"ends_at": None}, "/ends_at", "required"),
        ({"ends_at": None, "duration": "1h"}, "/ends_at", "contradiction"),
        ({"duration": "1h"}, "/ends_at", "contradiction"),
        ({"schedule": NIGHTLY["schedule"], "duration": "1h"}, "/schedule", "contradiction"),
        ({"ends_at": None, "schedule": NIGHTLY["schedule"]}, "/schedule", "contradiction"),
        ({"ends_at": format_time(START)}, "/ends_at", "out-of-range"),
        ({"starts_at": format_time(at(3_600))}, "/ends_at", "contradiction"),
        ({"starts_at": format_time(START - timedelta(days=31))}, "/ends_at", "out-of-range"),
        (
            {"starts_at": "2031-03-05T11:00:00Z", "ends_at": "2031-03-05T12:00:01Z"},
            "/ends_at",
            "out-of-range",
        ),
        ({"effect": "pause"}, "/effect", "not-one-of"),
        ({"silences_alerts": "yes"}, "/silences_alerts", "wrong-type"),
        ({"release_over": "61m"}, "/release_over", "out-of-range"),
        ({"scope": {}}, "/scope", "required"),
        ({"scope": {"tags": {}}}, "/scope/tags", "out-of-range"),
        ({"scope": {"tags": {"a": "b"}, "template_ids": ["x"]}}, "/scope", "contradiction"),
        ({"scope": {"template_ids": ["A"]}}, "/scope/template_ids/0", "invalid-format"),
        ({"scope": {"target": {}}}, "/scope/target", "required"),
        ({"scope": {"target": {"type": "http", "host": "a.b"}}}, "/scope/target", "contradiction"),
        ({"scope": {"target": {"type": "ftp"}}}, "/scope/target/type", "not-one-of"),
        ({"scope": {"target": {"host": "https://a.b"}}}, "/scope/target/host", "invalid-format"),
        ({"scope": {"target": {"arn": "orders-*"}}}, "/scope/target/arn", "invalid-format"),
        ({"scope": {"all": True}}, "/scope/all", "unknown-field"),
        ({"ends_at": None, "duration": "32d", "schedule": NIGHTLY["schedule"]}, "/duration", "out-of-range"),
        ({"ends_at": None, "duration": "1h", "schedule": {"cron": "x"}}, "/schedule/cron", "validation-failed"),
        (
            {"ends_at": None, "duration": "1h", "schedule": {"cron": "0 3 * * *", "calendars": ["de"]}},
            "/schedule/calendars",
            "validation-failed",
        ),
        (
            {"ends_at": None, "duration": "1h", "schedule": {"cron": "0 3 * * *", "spread": "1m"}},
            "/schedule/spread",
            "validation-failed",
        ),
        (
            {"ends_at": None, "duration": "1h", "schedule": {"at": ["2026-02-01T00:00:00Z"]}},
            "/schedule",
            "validation-failed",
        ),
        ({"ends_at": None, "duration": "1d", "schedule": {"every": "1s"}}, "/duration", "validation-failed"),
    ],
)
def test_what_is_no_window_is_refused_and_says_where(
    api: Api, members: dict[str, Any], pointer: str, code: str
) -> None:
    reply = api.post(PATH, {**HOUR, **members})

    assert (reply.status, reply.slug) == (422, "validation-failed")
    assert errors_of(reply) == [(pointer, code)]
    assert list(api.windows.windows("acme")) == []


def test_the_same_key_and_body_create_one_window(api: Api) -> None:
    first = api.post(PATH, HOUR, headers={"Idempotency-Key": "deploy-7"})
    api.clock.advance(1)
    second = api.post(PATH, HOUR, headers={"Idempotency-Key": "deploy-7"})

    assert (second.status, second.body) == (201, first.body)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert len(api.windows.windows("acme")) == 1


def test_a_repeated_create_is_answered_when_the_same_body_would_be_refused_by_now(api: Api) -> None:
    first = api.post(PATH, HOUR, headers={"Idempotency-Key": "deploy-7"})
    api.clock.advance(4_000)

    second = api.post(PATH, HOUR, headers={"Idempotency-Key": "deploy-7"})

    assert (second.status, second.body) == (201, {**first.body, "state": "past"})


def test_the_same_key_with_another_body_is_refused(api: Api) -> None:
    api.post(PATH, HOUR, headers={"Idempotency-Key": "deploy-7"})

    reply = api.post(PATH, {**HOUR, "effect": "skip"}, headers={"Idempotency-Key": "deploy-7"})

    assert (reply.status, reply.slug) == (422, "idempotency-key-reused")


def test_windows_are_listed_active_then_upcoming_then_past_each_by_their_start(api: Api) -> None:
    past = create(api, ends_at=format_time(at(5)))
    api.clock.advance(10)
    late, soon = (
        create(api, name=name, starts_at=format_time(at(start)), ends_at=format_time(at(9_000)))
        for name, start in (("late", 8_000), ("soon", 7_000))
    )
    active = create(api)

    def ids(**query: str) -> list[str]:
        return [item["id"] for item in api.get(PATH, query).body["items"]]

    assert ids() == [active["id"], soon["id"], late["id"], past["id"]]
    assert ids(state="upcoming") == [soon["id"], late["id"]]
    assert ids(state="past") == [past["id"]]
    assert api.get(PATH, {"state": "over"}).slug == "invalid-parameter"


def test_a_window_is_replaced_and_keeps_its_id_and_its_creation(api: Api) -> None:
    window = create(api, note="x", effect="skip")
    api.clock.advance(5)

    reply = api.request("PUT", at_path(window), {"name": "longer", "ends_at": format_time(at(7_200))})

    assert reply.status == 200
    assert reply.headers["etag"] == '"2"'
    changed = {"name": "longer", "note": None, "effect": "hold", "ends_at": format_time(at(7_200)), "version": 2}
    assert changed.items() <= reply.body.items()
    assert (reply.body["id"], reply.body["created_at"]) == (window["id"], window["created_at"])


def test_a_window_that_others_have_changed_is_not_replaced_ended_or_deleted(api: Api) -> None:
    window = create(api)
    api.request("PUT", at_path(window), HOUR)
    seen = {"If-Match": '"1"'}

    for method, path, body in (("PUT", "", HOUR), ("POST", "/end", None), ("DELETE", "", None)):
        reply = api.request(method, at_path(window, path), body, headers=seen)
        assert (reply.status, reply.slug) == (412, "precondition-failed")
        assert reply.headers["etag"] == '"2"'

    assert api.request("PUT", at_path(window), HOUR, headers={"If-Match": '"2"'}).status == 200


def test_a_window_that_is_over_stays_as_it_was(api: Api) -> None:
    window = create(api)
    api.clock.advance(3_600)

    reply = api.request("PUT", at_path(window), {**HOUR, "ends_at": format_time(at(9_000))})

    assert (reply.status, reply.slug, reply.body["state"]) == (409, "invalid-state", "past")


def test_an_active_window_is_ended_now_and_ending_it_again_changes_nothing(api: Api) -> None:
    window = create(api)
    api.clock.advance(60)

    reply = api.post(at_path(window, "/end"))
    api.clock.advance(60)

    assert reply.status == 200
    assert (reply.body["state"], reply.body["ends_at"], reply.body["ended_at"]) == (
        "past",
        format_time(at(60)),
        format_time(at(60)),
    )
    assert api.post(at_path(window, "/end")).body == reply.body


def test_a_window_that_has_not_begun_cannot_be_ended(api: Api) -> None:
    window = create(api, starts_at=format_time(at(60)))

    reply = api.post(at_path(window, "/end"))

    assert (reply.status, reply.slug, reply.body["state"]) == (409, "invalid-state", "upcoming")


def test_a_recurring_window_that_is_ended_early_begins_again_next_time_whatever_else_is_changed(api: Api) -> None:
    often = {"name": "probe", "schedule": {"every": "1h"}, "duration": "30m"}
    window = create(api, **often, ends_at=None)
    api.clock.advance(60)
    api.post(at_path(window, "/end"))

    reply = api.request("PUT", at_path(window), {**often, "note": "quiet"})

    assert (reply.status, reply.body["state"], reply.body["note"]) == (200, "upcoming", "quiet")
    assert reply.body["spans"][0]["starts_at"] == format_time(at(3_600))
    changed = api.request("PUT", at_path(window), {**often, "duration": "40m"})
    assert (changed.body["state"], changed.body["spans"][0]["starts_at"]) == ("active", format_time(START))


def test_a_deleted_window_is_gone(api: Api) -> None:
    window = create(api)

    reply = api.request("DELETE", at_path(window))

    assert (reply.status, reply.body) == (200, window)
    assert (api.get(at_path(window)).status, api.get(PATH).body["items"]) == (404, [])
    assert api.request("DELETE", at_path(window)).slug == "not-found"


@pytest.mark.parametrize("window_id", ["nothing", "A", "%20", "x" * 65])
def test_there_is_no_other_window(api: Api, window_id: str) -> None:
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/end")):
        body = HOUR if method == "PUT" else None
        reply = api.request(method, f"{PATH}/{window_id}{path}", body)
        assert (reply.status, reply.slug) == (404, "not-found")


def test_a_tenant_sees_and_changes_its_own_windows_alone(api: Api) -> None:
    window = create(api)

    assert api.get(PATH, tenant="globex").body["items"] == []
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/end")):
        body = HOUR if method == "PUT" else None
        assert api.request(method, at_path(window, path), body, tenant="globex").status == 404


def test_one_window_too_many_is_refused_until_another_is_over(api: Api) -> None:
    for number in range(limits.MAX_WINDOWS):
        create(api, ends_at=format_time(at(60 if number == 0 else 3_600)))
    assert api.post(PATH, HOUR).slug == "limit-reached"

    api.clock.advance(60)
    create(api)

    # The one that was over made room.
    assert len(api.windows.windows("acme")) == limits.MAX_WINDOWS
    assert api.get(PATH, {"state": "past"}).body["items"] == []


def test_answers_have_the_members_that_are_described_and_no_others(api: Api) -> None:
    for example in (OPERATIONS["POST", PATH].example, OPERATIONS["PUT", f"{PATH}/{{window_id}}"].example):
        reply = api.post(PATH, example)
        assert reply.status == 201
        assert set(reply.body) == set(window_answers.MaintenanceWindow.model_fields)
        window_answers.MaintenanceWindow.model_validate(reply.body, extra="forbid")
    window_answers.MaintenanceWindowList.model_validate(api.get(PATH).body, extra="forbid")
