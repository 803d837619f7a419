"""Calendars when others are at work at the same time, when something is broken, and when there is much of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from functions.api import judge_calendar
from shared.model.errors import CalendarChanged, CalendarNotFound, StoreUnavailable
from shared.model.template import TemplateKey
from tests.integration.api.test_calendars import HOLIDAY, MONDAY, OFFICE, WEEKEND, daily, put, waiting
from tests.jobs import TENANT

if TYPE_CHECKING:
    from shared.model.stored_calendar import StoredCalendar
    from tests.http_api import Api


def stored(api: Api) -> StoredCalendar:
    return api.calendars.get_calendar(TENANT, "office")


def test_of_two_who_create_a_calendar_at_once_the_second_changes_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    put(api, WEEKEND)
    get_calendar, unseen = api.calendars.get_calendar, [1]

    def late(tenant: str, calendar_id: str) -> StoredCalendar:
        if unseen:
            unseen.pop()
            raise CalendarNotFound(calendar_id)
        return get_calendar(tenant, calendar_id)

    monkeypatch.setattr(api.calendars, "get_calendar", late)
    reply = put(api, HOLIDAY)

    assert (reply.status, reply.body["version"], reply.body["dates"]) == (200, 2, HOLIDAY["dates"])


@pytest.mark.parametrize(("races", "status", "version"), [(4, 200, 6), (5, 409, 6)])
def test_a_change_that_others_are_faster_with_is_tried_again_for_a_while(
    api: Api, monkeypatch: pytest.MonkeyPatch, races: int, status: int, version: int
) -> None:
    put(api, WEEKEND)
    replace_calendar, left = api.calendars.replace_calendar, [*range(races)]

    def raced(calendar: StoredCalendar) -> None:
        if left:
            number, current = left.pop(), stored(api)
            other = replace(current, name=f"n{number}", version=current.version + 1, revision=current.revision + 1)
            replace_calendar(other)
        replace_calendar(calendar)

    monkeypatch.setattr(api.calendars, "replace_calendar", raced)
    reply = put(api, HOLIDAY)

    assert reply.status == status
    assert stored(api).version == version
    assert status == 200 or reply.slug == "conflict"


def test_a_change_before_the_turn_of_the_last_one_keeps_what_templates_are_planned_by(api: Api) -> None:
    put(api, WEEKEND)
    daily(api)
    planned_by = stored(api).document
    api.seconds_left = 8.0
    put(api, HOLIDAY)
    half_way = stored(api)
    api.calendars.replace_calendar(replace(half_way, planned_user="0", revision=half_way.revision + 1))

    put(api, {"dates": ["2026-03-03"]})

    assert (stored(api).was, stored(api).planned_user) == (planned_by, None)


def test_a_change_stands_when_its_templates_cannot_be_planned_now(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    put(api, WEEKEND)
    daily(api)

    def away(key: TemplateKey) -> Any:
        raise StoreUnavailable("away", outcome_unknown=False)

    with monkeypatch.context() as broken:
        broken.setattr(api.templates, "get_template", away)
        reply = put(api, HOLIDAY)

    assert (reply.status, reply.body["version"], reply.body["is_applied"]) == (200, 2, False)
    assert (stored(api).expand_at is not None, waiting(api)) == (True, ["03-02 09:00"])


def test_a_calendar_that_is_changed_while_it_is_deleted_stays(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    put(api, WEEKEND)

    def changed(tenant: str, calendar_id: str, *, revision: int) -> None:
        raise CalendarChanged(calendar_id)

    monkeypatch.setattr(api.calendars, "delete_calendar", changed)
    reply = api.request("DELETE", OFFICE)

    assert (reply.status, reply.slug) == (409, "conflict")


def test_a_user_behind_many_that_are_none_keeps_a_calendar(api: Api) -> None:
    put(api, WEEKEND)
    for number in range(250):
        api.calendars.note_use(TENANT, f"0{number:03}", ["office"])
    template = daily(api)

    refused = api.request("DELETE", OFFICE)
    judged = api.post(f"{OFFICE}/impact", HOLIDAY)

    assert (refused.status, refused.body["state"]) == (409, "in_use")
    assert [one["template_id"] for one in judged.body["items"]] == [template["id"]]


def test_one_broken_template_does_not_keep_the_others_from_being_judged(api: Api) -> None:
    put(api, {})
    put(api, {}, "/v1/calendars/gone")
    broken, whole, other = daily(api), daily(api), daily(api, "office", "gone")
    template = api.templates.get_template(TemplateKey(TENANT, broken["id"]))
    nonsense = {**template.schedule, "cron": "nonsense"}
    api.templates.replace_template(replace(template, schedule=nonsense, revision=template.revision + 1))
    api.calendars.delete_calendar(TENANT, "gone", revision=api.calendars.get_calendar(TENANT, "gone").revision)

    judged = api.post(f"{OFFICE}/impact", HOLIDAY).body

    assert judged["templates"] == 3
    assert {one["template_id"] for one in judged["items"]} == {whole["id"], other["id"]}
    assert all(one["changed_occurrences"] == 1 for one in judged["items"])


def test_a_calendar_that_leaves_a_template_nothing_is_judged_so(api: Api) -> None:
    put(api, {})
    daily(api, cron="0 9 * * MON")

    judged = api.post(f"{OFFICE}/impact", {"weekend": ["monday"]}).body

    # The Mondays of 90 days.
    assert (judged["changed_occurrences"], judged["is_complete"]) == (13, True)
    assert judged["items"][0]["first"][0] == {
        "nominal_at": f"{MONDAY}T09:00:00.000Z",
        "was": f"{MONDAY}T09:00:00.000Z",
        "becomes": None,
        "reason": "Monday",
    }


def test_of_many_templates_all_are_counted_and_the_first_are_shown(api: Api) -> None:
    put(api, {})
    for _ in range(53):
        daily(api)

    judged = api.post(f"{OFFICE}/impact", HOLIDAY).body

    assert (judged["changed_templates"], judged["changed_occurrences"], len(judged["items"])) == (53, 53, 50)


def test_a_call_looks_at_so_many_templates_and_the_next_goes_on_behind_them(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_calendar, "_MOST_USERS", 2)
    put(api, {})
    templates = [daily(api)["id"] for _ in range(5)]
    pages: list[dict[str, Any]] = []
    query: dict[str, str] = {}
    while len(pages) < 9:
        pages.append(api.request("POST", f"{OFFICE}/impact", HOLIDAY, query=urlencode(query)).body)
        if "next_cursor" not in pages[-1]:
            break
        query = {"cursor": pages[-1]["next_cursor"]}

    assert [one["template_id"] for page in pages for one in page["items"]] == sorted(templates)
    assert [(page["templates"], page["changed_occurrences"], page["is_complete"]) for page in pages] == [
        (2, 2, False),
        (2, 2, False),
        (1, 1, True),
    ]


def test_templates_that_used_it_once_are_looked_at_no_longer_than_those_that_do(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(api, {})
    for number in range(2_500):
        api.calendars.note_use(TENANT, f"0{number:04}", ["office"])
    template = daily(api)
    reads: list[str] = []
    read = api.templates.get_template
    monkeypatch.setattr(api.templates, "get_template", lambda key: (reads.append(key.template_id), read(key))[1])

    pages = [api.post(f"{OFFICE}/impact", HOLIDAY).body]
    counts = [len(reads)]
    while "next_cursor" in pages[-1]:
        query = urlencode({"cursor": pages[-1]["next_cursor"]})
        pages.append(api.request("POST", f"{OFFICE}/impact", HOLIDAY, query=query).body)
        counts.append(len(reads))

    # A page of templates is read at once, of which none but the first may be needed.
    assert all(later - earlier <= 1_100 for earlier, later in pairwise([0, *counts]))
    assert [one["template_id"] for page in pages for one in page["items"]] == [template["id"]]
    assert [page["is_complete"] for page in pages] == [False, False, True]


def test_without_time_for_any_template_the_next_call_begins_where_this_one_did(api: Api) -> None:
    put(api, {})
    daily(api)
    api.seconds_left = 4.0

    judged = api.post(f"{OFFICE}/impact", HOLIDAY).body

    assert (judged["templates"], judged["is_complete"]) == (0, False)
    assert "next_cursor" not in judged


def test_a_cursor_belongs_to_its_calendar_and_what_that_would_be(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_calendar, "_MOST_USERS", 1)
    put(api, {})
    daily(api)
    daily(api)
    query = urlencode({"cursor": api.post(f"{OFFICE}/impact", HOLIDAY).body["next_cursor"]})

    for path, body in ((OFFICE, WEEKEND), ("/v1/calendars/other", HOLIDAY)):
        assert api.request("POST", f"{path}/impact", body, query=query).slug == "invalid-page-token"
    assert api.request("POST", f"{OFFICE}/impact", HOLIDAY, query="cursor=x").slug == "invalid-page-token"
    assert api.request("POST", f"{OFFICE}/impact", HOLIDAY, query="limit=2").slug == "invalid-parameter"
    assert api.request("POST", f"{OFFICE}/impact", HOLIDAY, query=query).status == 200


def test_a_calendar_that_too_many_have_used_to_look_at_each_stays(api: Api) -> None:
    put(api, WEEKEND)
    for number in range(250):
        api.calendars.note_use(TENANT, f"0{number:03}", ["office"])
    api.seconds_left = 3.0

    refused = api.request("DELETE", OFFICE)

    assert (refused.status, refused.slug) == (409, "conflict")
    assert api.get(OFFICE).status == 200
    api.seconds_left = 29.0
    assert api.request("DELETE", OFFICE).status == 200
