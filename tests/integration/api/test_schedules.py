"""What a schedule means, asked over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.times import format_time
from tests.jobs import START

if TYPE_CHECKING:
    from tests.http_api import Api

PREVIEW = "/v1/schedules/preview"


def occurrences(api: Api, schedule: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    reply = api.post(PREVIEW, {"schedule": schedule, **more})
    assert reply.status == 200, reply
    found: list[dict[str, Any]] = reply.body["occurrences"]
    return found


def test_a_preview_shows_the_next_occurrences_with_their_offset(api: Api) -> None:
    reply = api.post(
        PREVIEW,
        {
            "schedule": {"cron": "30 9 * * 1-5", "timezone": "Europe/Berlin"},
            "after": "2026-03-27T12:00:00Z",
            "count": 2,
        },
    )

    assert reply.status == 200
    assert reply.body["dialect"] == "unix"
    assert reply.body["occurrences"] == [
        {
            "nominal_at": f"2026-03-{day}T07:30:00.000Z",
            "nominal_local": f"2026-03-{day}T09:30:00",
            "effective_at": f"2026-03-{day}T07:30:00.000Z",
            "utc_offset": "+02:00",
            "notes": [],
            "window": None,
        }
        for day in (30, 31)
    ]


def test_a_preview_says_the_schedule_in_words(api: Api) -> None:
    working_days = {"cron": "30 9 * * 1-5", "timezone": "Europe/Berlin"}
    last_fridays = {"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "start_at": "2026-01-02T09:00:00Z"}

    said = [api.post(PREVIEW, {"schedule": schedule}).body["description"] for schedule in (working_days, last_fridays)]

    assert said == ["At 09:30, Monday through Friday", "Every month on the last Friday at 09:00"]


def test_what_is_not_asked_for_is_ten_from_now_on(api: Api) -> None:
    found = occurrences(api, {"every": "1h"})

    assert len(found) == 10
    assert found[0]["nominal_at"] == format_time(START + timedelta(hours=1))


def test_a_change_of_the_clocks_is_told(api: Api) -> None:
    night = {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}

    (shifted,) = occurrences(api, night, after="2026-03-28T12:00:00Z", count=1)
    (skipped,) = occurrences(api, {**night, "dst_gap": "skip"}, after="2026-03-28T12:00:00Z", count=1)
    (twice,) = occurrences(api, night, after="2026-10-24T12:00:00Z", count=1)

    assert (shifted["nominal_local"], shifted["effective_at"]) == ("2026-03-29T02:30:00", "2026-03-29T01:00:00.000Z")
    assert [note["code"] for note in shifted["notes"]] == ["dst_gap"]
    assert (skipped["effective_at"], [note["code"] for note in skipped["notes"]]) == (None, ["dst_gap"])
    assert [note["code"] for note in twice["notes"]] == ["dst_overlap"]


def test_the_schedule_comes_back_as_it_was_understood(api: Api) -> None:
    reply = api.post(PREVIEW, {"schedule": {"cron": "cron(0 12 ? * MON *)"}})

    assert reply.body["dialect"] == "eventbridge"
    assert reply.body["schedule"]["timezone"] == "UTC"


def test_a_schedule_that_ends_shows_what_is_left(api: Api) -> None:
    found = occurrences(api, {"at": ["2026-05-01T00:00:00Z"]}, after="2026-04-01T00:00:00Z")

    assert [one["effective_at"] for one in found] == ["2026-05-01T00:00:00.000Z"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/schedule"),
        ({"schedule": []}, "/schedule"),
        ({"schedule": {}}, "/schedule"),
        ({"schedule": {"cron": "* * * *"}}, "/schedule/cron"),
        ({"schedule": {"cron": "61 * * * *"}}, "/schedule/cron"),
        ({"schedule": {"cron": "0 0 30 2 *"}}, "/schedule/cron"),
        ({"schedule": {"every": "0s"}}, "/schedule/every"),
        ({"schedule": {"cron": "@daily", "timezone": "Mars/Phobos"}}, "/schedule/timezone"),
        ({"schedule": {"cron": "@daily", "timezone": "../../etc/passwd"}}, "/schedule/timezone"),
        ({"schedule": {"cron": "@daily", "calendars": ["holidays"]}}, "/schedule/calendars"),
        ({"schedule": {"cron": "@daily"}, "count": 501}, "/count"),
        ({"schedule": {"cron": "@daily"}, "count": 0}, "/count"),
        ({"schedule": {"cron": "@daily"}, "after": "tomorrow"}, "/after"),
        ({"schedule": {"cron": "@daily"}, "more": 1}, "/more"),
    ],
    ids=str,
)
def test_a_schedule_that_is_wrong_is_refused_with_the_place(api: Api, body: Any, pointer: str) -> None:
    reply = api.post(PREVIEW, body)

    assert (reply.status, reply.slug) == (422, "validation-failed")
    assert reply.body["errors"][0]["pointer"].startswith(pointer)


def test_time_zones_are_listed(api: Api) -> None:
    reply = api.get("/v1/schedules/timezones")

    assert reply.status == 200
    assert {"UTC", "Europe/Berlin", "America/New_York"} <= set(reply.body["items"])
    assert reply.body["items"] == sorted(reply.body["items"])
