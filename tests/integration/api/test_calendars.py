"""Calendars over the API: declared, imported, judged before a change, and what a change does to templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions.api.description import calendar_answers as answers
from functions.api.description.calendar_operations import CALENDAR_OPERATIONS
from shared.model.lifecycle import Status
from tests.http_api import HTTP_TARGET, Api, Reply
from tests.integration.api.test_description import check

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFICE = "/v1/calendars/office"
WEEKEND = {"name": "Office", "weekend": ["saturday", "sunday"]}
# The clock begins on Sunday, 2026-03-01, at noon.
MONDAY, TUESDAY = "2026-03-02", "2026-03-03"
HOLIDAY = {"dates": [{"date": MONDAY, "name": "company holiday"}]}


def put(api: Api, document: Mapping[str, Any], path: str = OFFICE, **options: Any) -> Reply:
    return api.request("PUT", path, document, **options)


def daily(api: Api, *calendars: str, **schedule: Any) -> dict[str, Any]:
    """A template that runs each day at nine but on days that the calendars exclude."""
    body = {
        "name": "report",
        "schedule": {"cron": "0 9 * * *", "calendars": list(calendars or ("office",)), **schedule},
        "job": {"target": HTTP_TARGET},
    }
    reply = api.post("/v1/templates", body)
    assert reply.status == 201, reply.text
    template: dict[str, Any] = reply.body
    return template


def waiting(api: Api) -> list[str]:
    """When the jobs are due that have not begun."""
    return sorted(f"{job.run_at:%m-%d %H:%M}" for job in api.jobs.all_jobs() if job.status is Status.SCHEDULED)


def test_a_calendar_is_declared_read_and_answered_in_order(api: Api) -> None:
    new = put(api, {"weekend": ["sunday", "saturday"], "dates": ["2026-12-24", "2026-01-01"], "name": "Office"})
    read = api.get(OFFICE)

    assert (new.status, new.headers["etag"], new.headers["location"]) == (201, '"1"', OFFICE)
    assert (read.status, read.body, read.headers["etag"]) == (200, new.body, '"1"')
    check(answers.Calendar, new.body)
    assert new.body["weekend"] == ["saturday", "sunday"]
    assert new.body["dates"] == ["2026-01-01", "2026-12-24"]
    assert (new.body["ranges"], new.body["holidays"], new.body["is_applied"]) == ([], [], True)


def test_what_is_answered_can_be_sent_again_and_changes_nothing(api: Api) -> None:
    new = put(api, CALENDAR_OPERATIONS["PUT", "/v1/calendars/{calendar_id}"].example)
    members = {name: new.body[name] for name in ("name", "weekend", "dates", "ranges", "holidays")}
    api.clock.advance(60)

    again = put(api, members)

    assert new.status == 201
    assert (again.status, again.body) == (200, new.body)


def test_versions_rise_and_a_change_goes_by_the_version_that_was_seen(api: Api) -> None:
    none = put(api, WEEKEND, headers={"If-Match": '"1"'})
    any_there_is = put(api, WEEKEND, headers={"If-Match": "*"})
    put(api, WEEKEND)
    changed = put(api, HOLIDAY, headers={"If-Match": '"1"'})
    stale = put(api, WEEKEND, headers={"If-Match": '"1"'})
    gone = api.request("DELETE", OFFICE, headers={"If-Match": '"1"'})

    assert (none.status, none.slug) == (any_there_is.status, any_there_is.slug) == (412, "precondition-failed")
    assert (changed.status, changed.body["version"], changed.body["name"]) == (200, 2, None)
    assert (stale.status, stale.slug, stale.headers["etag"]) == (412, "precondition-failed", '"2"')
    assert (gone.status, gone.slug) == (412, "precondition-failed")
    assert api.get(OFFICE).body == changed.body


def test_a_change_of_the_name_alone_is_a_version_but_plans_nothing(api: Api) -> None:
    put(api, WEEKEND)
    template = daily(api)

    renamed = put(api, {**WEEKEND, "name": "Head office"})

    assert (renamed.body["version"], renamed.body["name"]) == (2, "Head office")
    assert api.get(f"/v1/templates/{template['id']}").body["version"] == 1


def test_calendars_are_listed_page_by_page_without_their_days(api: Api) -> None:
    for name in ("z", "A.b", "office", "a-1", "_"):
        put(api, {**WEEKEND, **HOLIDAY}, f"/v1/calendars/{name}")
    put(api, WEEKEND, "/v1/calendars/theirs", tenant="globex")

    first = api.get("/v1/calendars", {"limit": "3"})
    second = api.get("/v1/calendars", {"limit": "3", "cursor": first.body["next_cursor"]})

    check(answers.CalendarList, first.body)
    assert [one["id"] for one in first.body["items"]] == ["A.b", "_", "a-1"]
    assert [one["id"] for one in second.body["items"]] == ["office", "z"]
    assert "next_cursor" not in second.body
    assert (first.body["items"][0]["dates"], first.body["items"][0]["ranges"]) == (1, 0)
    assert api.get("/v1/calendars", {"cursor": first.body["next_cursor"]}, tenant="globex").slug == "invalid-page-token"


@pytest.mark.parametrize("path", [OFFICE, "/v1/calendars/%20", "/v1/calendars/" + "a" * 65])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_another_tenants_calendar_is_as_unknown_as_none(api: Api, method: str, path: str) -> None:
    put(api, WEEKEND, tenant="globex")

    reply = api.request(method, path)

    assert (reply.status, reply.slug, reply.body["detail"]) == (404, "not-found", "there is no such calendar")
    assert api.get(OFFICE, tenant="globex").status == 200


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"weekend": ["Sunday"]}, "/weekend/0"),
        ({"dates": [{"date": "2026-02-30"}]}, "/dates/0/date"),
        ({"holidays": [{"country": "Germany"}]}, "/holidays/0/country"),
        ({"days": []}, "/days"),
        ({"name": ""}, "/name"),
        ({"dates": None}, "/dates"),
    ],
)
@pytest.mark.parametrize("path", [OFFICE, f"{OFFICE}/impact"])
def test_what_is_no_calendar_is_refused_with_a_pointer(
    api: Api, document: dict[str, Any], pointer: str, path: str
) -> None:
    reply = api.request("PUT" if path == OFFICE else "POST", path, document)

    assert (reply.status, reply.slug, reply.pointers) == (422, "validation-failed", [pointer])
    assert api.get(OFFICE).status == 404


def test_a_calendar_has_an_id_that_schedules_can_name(api: Api) -> None:
    for path in ("/v1/calendars/a b", "/v1/calendars/" + "a" * 65, "/v1/calendars/.", "/v1/calendars/.."):
        assert put(api, WEEKEND, path).slug == "not-found"
        assert api.post(f"{path}/import", {"ics": ics("20260302")}).slug == "not-found"


def test_after_a_change_the_jobs_of_its_templates_follow_at_once(api: Api) -> None:
    put(api, WEEKEND)
    template = daily(api)
    before = waiting(api)

    changed = put(api, {**WEEKEND, **HOLIDAY})

    after = api.get(f"/v1/templates/{template['id']}").body
    assert changed.body["is_applied"] is True
    assert (before, waiting(api)) == (["03-02 09:00"], ["03-03 09:00"])
    assert (after["version"], after["next_run_at"]) == (2, f"{TUESDAY}T09:00:00.000Z")
    rows = api.get(
        f"/v1/templates/{template['id']}/occurrences", {"from": f"{MONDAY}T00:00:00Z", "to": f"{MONDAY}T23:00:00Z"}
    ).body["items"]
    assert (rows[0]["status"], rows[0]["reason"], rows[0]["detail"]) == ("excluded", "calendar", "company holiday")


def test_what_is_not_done_in_time_is_answered_so_and_stays_due(api: Api) -> None:
    put(api, WEEKEND)
    daily(api)
    api.seconds_left = 8.0

    changed = put(api, {**WEEKEND, **HOLIDAY})

    assert (changed.status, changed.body["is_applied"]) == (200, False)
    assert waiting(api) == ["03-02 09:00"]
    assert api.calendars.get_calendar("acme", "office").expand_at is not None


def test_a_template_that_takes_up_a_calendar_follows_it_too(api: Api) -> None:
    put(api, WEEKEND)
    put(api, {}, "/v1/calendars/other")
    template = daily(api, "other")
    api.patch(f"/v1/templates/{template['id']}", {"schedule": {"calendars": ["office"]}})

    put(api, {**WEEKEND, **HOLIDAY})

    assert waiting(api) == ["03-03 09:00"]


def test_a_calendar_that_a_template_uses_is_not_deleted(api: Api) -> None:
    put(api, WEEKEND)
    template = daily(api)

    refused = api.request("DELETE", OFFICE)
    api.patch(f"/v1/templates/{template['id']}", {"schedule": {"calendars": []}})
    gone = api.request("DELETE", OFFICE)

    assert (refused.status, refused.slug, refused.body["state"]) == (409, "invalid-state", "in_use")
    assert template["id"] in refused.body["detail"]
    assert gone.status == 200
    check(answers.DeletedCalendar, gone.body)
    assert api.get(OFFICE).status == 404


def test_a_deleted_template_does_not_keep_a_calendar(api: Api) -> None:
    put(api, WEEKEND)
    template = daily(api)
    api.request("DELETE", f"/v1/templates/{template['id']}")

    assert api.request("DELETE", OFFICE).status == 200


def test_a_change_is_judged_before_it_is_saved(api: Api) -> None:
    put(api, WEEKEND)
    first, second = daily(api), daily(api, on_excluded="next_business_day", cron="0 9 2 * *")
    daily(api, cron="0 9 5 * *")
    put(api, {}, "/v1/calendars/other")
    daily(api, "other")
    jobs = waiting(api)

    reply = api.post(f"{OFFICE}/impact", {**WEEKEND, **HOLIDAY})

    check(answers.CalendarImpact, {**reply.body, "next_cursor": None})
    found = reply.body
    assert (found["templates"], found["changed_templates"], found["changed_occurrences"]) == (3, 2, 2)
    assert (found["is_complete"], found["until"]) == (True, "2026-05-30T12:00:00.000Z")
    monday = {"nominal_at": f"{MONDAY}T09:00:00.000Z", "was": f"{MONDAY}T09:00:00.000Z", "reason": "company holiday"}
    by_id = {one["template_id"]: one["first"] for one in found["items"]}
    assert by_id[first["id"]] == [{**monday, "becomes": None}]
    assert by_id[second["id"]] == [{**monday, "becomes": f"{TUESDAY}T09:00:00.000Z"}]
    assert (waiting(api), api.get(OFFICE).body["version"]) == (jobs, 1)


def test_an_occurrence_that_a_client_took_out_is_not_changed(api: Api) -> None:
    put(api, WEEKEND)
    template = daily(api)
    api.post(f"/v1/templates/{template['id']}/skip", {"nominal_at": f"{MONDAY}T09:00:00Z"})

    assert api.post(f"{OFFICE}/impact", {**WEEKEND, **HOLIDAY}).body["changed_occurrences"] == 0


def test_a_judgement_says_where_it_stopped(api: Api) -> None:
    put(api, {})
    template = daily(api, cron="* * * * * ?")

    dense = api.post(f"{OFFICE}/impact", {"weekend": ["sunday"]}).body
    api.seconds_left = 4.0
    out_of_time = api.post(f"{OFFICE}/impact", HOLIDAY).body

    (item,) = dense["items"]
    # Of the Sunday's seconds 9,000 are followed: from noon on two hours and a half.
    assert (item["template_id"], item["changed_occurrences"], len(item["first"])) == (template["id"], 9_000, 3)
    assert (dense["is_complete"], item["until"]) == (False, "2026-03-01T14:29:59.000Z")
    assert (out_of_time["is_complete"], out_of_time["templates"], out_of_time["items"]) == (False, 0, [])


def ics(day: str, **more: str) -> str:
    lines = {"DTSTART;VALUE=DATE": day, "SUMMARY": "company holiday", **more}
    event = "\r\n".join(f"{name}:{value}" for name, value in lines.items())
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:tests\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def test_an_import_takes_the_place_of_dates_and_ranges_and_leaves_the_rest(api: Api) -> None:
    put(api, {**WEEKEND, "dates": ["2026-05-05"], "ranges": [{"first": "2026-06-01", "last": "2026-06-02"}]})
    daily(api)

    reply = api.post(f"{OFFICE}/import", {"ics": ics("20260302", RRULE="FREQ=YEARLY")})

    assert (reply.status, reply.body["version"], reply.body["weekend"]) == (200, 2, ["saturday", "sunday"])
    assert [one["date"] for one in reply.body["dates"]] == ["2026-03-02", "2027-03-02", "2028-03-02"]
    assert (reply.body["ranges"], reply.body["name"]) == ([], "Office")
    assert waiting(api) == ["03-03 09:00"]
    assert api.post(f"{OFFICE}/import", {"ics": ics("20260302", RRULE="FREQ=YEARLY")}).body["version"] == 2


def test_an_import_can_be_tried_and_can_make_a_calendar(api: Api) -> None:
    body = {"ics": ics("20260302"), "first_year": 2026, "last_year": 2026, "timezone": "Europe/Berlin"}

    tried = api.post(f"{OFFICE}/import", {**body, "dry_run": True})
    unknown = api.get(OFFICE).status
    made = api.post(f"{OFFICE}/import", body)

    days = {"weekend": [], "dates": HOLIDAY["dates"], "ranges": [], "holidays": []}
    assert (tried.status, tried.body) == (200, {"dry_run": True, "name": None, **days})
    assert unknown == 404
    assert (made.status, {name: made.body[name] for name in days}) == (201, days)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/ics"),
        ({"ics": "nonsense"}, "/ics"),
        ({"ics": ics("20250302")}, "/ics"),
        ({"ics": ics("20260302"), "first_year": 1969}, "/first_year"),
        ({"ics": ics("20260302"), "last_year": 2025}, "/last_year"),
        ({"ics": ics("20260302"), "first_year": 2026, "last_year": 2046}, "/last_year"),
        ({"ics": ics("20260302"), "timezone": "Berlin"}, "/timezone"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_a_pointer(api: Api, body: dict[str, Any], pointer: str) -> None:
    reply = api.post(f"{OFFICE}/import", body)

    assert (reply.status, reply.slug, reply.pointers) == (422, "validation-failed", [pointer])
    assert api.get(OFFICE).status == 404


def test_the_largest_text_that_is_accepted_fits_into_a_body(api: Api) -> None:
    text = ics("20260302")
    filler = "X-NOTE:" + "ü" * 60 + "\r\n"
    text = text.replace("BEGIN:VEVENT", filler * ((256 * 1024 - len(text)) // len(filler)) + "BEGIN:VEVENT")

    taken = api.post(f"{OFFICE}/import", {"ics": text})
    refused = api.post(f"{OFFICE}/import", json.dumps({"ics": "x" * 1600 * 1024}).encode())

    assert taken.status == 201
    assert (refused.status, refused.slug) == (413, "payload-too-large")


def test_the_example_of_an_import_is_accepted(api: Api) -> None:
    example = CALENDAR_OPERATIONS["POST", "/v1/calendars/{calendar_id}/import"].example

    assert len(api.post(f"{OFFICE}/import", example).body["dates"]) == 3


@pytest.mark.parametrize("path", [OFFICE, f"{OFFICE}/import"])
def test_whoever_may_only_read_may_judge_but_not_change(api: Api, path: str) -> None:
    refused = api.request("PUT" if path == OFFICE else "POST", path, WEEKEND, scopes="read")

    assert (refused.status, refused.slug) == (403, "forbidden")
    assert api.post(f"{OFFICE}/impact", WEEKEND, scopes="read").status == 200
