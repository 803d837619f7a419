"""Occurrences explained, what is ahead, what a changed schedule would mean, and backfills, as clients meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.model.lifecycle import Status
from tests.http_api import HTTP_TARGET, Api
from tests.jobs import START, TENANT
from tests.unit.recurring import EACH_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

DAILY = {"cron": "0 9 * * *", "timezone": "UTC"}


@pytest.fixture
def api() -> Api:
    return Api()


def created(api: Api, schedule: dict[str, Any] | None = None, **more: Any) -> str:
    """The id of a new template; the clock stands at noon of the first of March."""
    body = {"name": "report", "schedule": schedule or EACH_MINUTE, "job": {"target": HTTP_TARGET}, **more}
    reply = api.post("/v1/templates", body)
    assert reply.status == 201, reply.text
    return str(reply.body["id"])


def rows(api: Api, template_id: str, **query: str) -> Iterator[dict[str, Any]]:
    """Every row of the list, page by page."""
    asked = dict(query)
    while True:
        reply = api.get(f"/v1/templates/{template_id}/occurrences", asked)
        assert reply.status == 200, reply.text
        yield from reply.body["items"]
        if "next_cursor" not in reply.body:
            return
        asked["cursor"] = reply.body["next_cursor"]


def test_every_occurrence_is_listed_with_what_becomes_of_it(api: Api) -> None:
    template_id = created(api)
    api.post(f"/v1/templates/{template_id}/skip", {"nominal_at": "2026-03-01T12:03:00Z"})

    found = list(rows(api, template_id, **{"from": "2026-03-01T12:00:00Z", "to": "2026-03-01T13:00:00Z", "limit": "7"}))

    # The template was created at noon, and what is due at that very moment is before it.
    assert [row["nominal_at"][11:16] for row in found] == [f"12:{minute:02d}" for minute in range(1, 60)] + ["13:00"]
    assert [row["status"] for row in found[:4]] == ["scheduled", "scheduled", "skipped", "scheduled"]
    assert found[2]["reason"] == "skipped_by_client"
    assert found[-1] | {"notes": None} == {
        "nominal_at": "2026-03-01T13:00:00.000Z",
        "nominal_local": "2026-03-01T13:00:00",
        "effective_at": "2026-03-01T13:00:00.000Z",
        "utc_offset": "+00:00",
        "status": "expected",
        "reason": None,
        "detail": None,
        "job_id": None,
        "started_at": None,
        "ended_at": None,
        "template_version": 2,
        "notes": None,
        "window": None,
    }


def test_a_row_leads_to_its_job(api: Api) -> None:
    template_id = created(api)

    row = next(rows(api, template_id))
    job = api.get(f"/v1/jobs/{row['job_id']}").body

    assert (job["template_id"], job["nominal_at"]) == (template_id, row["nominal_at"])


def test_a_cursor_is_bound_to_what_was_asked(api: Api) -> None:
    template_id = created(api)
    path = f"/v1/templates/{template_id}/occurrences"
    cursor = api.get(path, {"limit": "2"}).body["next_cursor"]

    other = api.get(path, {"limit": "2", "cursor": cursor, "to": "2026-03-05T00:00:00Z"})

    assert (other.status, other.slug) == (400, "invalid-page-token")


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
        {"from": "2026-03-02T00:00:00Z", "to": "2027-06-01T00:00:00Z"},
        {"from": "yesterday"},
        {"limit": "0"},
    ],
)
def test_a_list_of_occurrences_refuses_what_makes_no_sense(api: Api, query: dict[str, str]) -> None:
    reply = api.get(f"/v1/templates/{created(api)}/occurrences", query)

    assert (reply.status, reply.slug) == (400, "invalid-parameter")


def test_the_forecast_counts_what_is_ahead(api: Api) -> None:
    created(api)
    created(api, DAILY)

    body = api.get("/v1/forecast", {"to": "2026-03-02T12:00:00Z"}).body

    assert (body["templates"], body["occurrences"], body["is_complete"]) == (2, 24 * 60 + 1, True)
    assert len(body["buckets"]) == 24
    assert body["peaks"] == []


def test_a_forecast_begins_now_however_soon_it_is_to_end(api: Api) -> None:
    created(api)

    body = api.get("/v1/forecast", {"to": "2026-03-01T12:30:00Z"}).body

    assert (body["from"], body["occurrences"]) == ("2026-03-01T12:00:00.000Z", 30)


@pytest.mark.parametrize(
    "query",
    [
        {"resolution": "second"},
        {"resolution": "minute", "to": "2026-03-09T00:00:00Z"},
        {"from": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_forecast_refuses_what_it_cannot_look_through(api: Api, query: dict[str, str]) -> None:
    reply = api.get("/v1/forecast", query)

    assert (reply.status, reply.slug) == (400, "invalid-parameter")


def test_a_preview_tells_what_would_change_for_a_template(api: Api) -> None:
    template_id = created(api, {"cron": "0 9,17 * * *", "timezone": "UTC"})
    would_be = {"cron": "0 9,12 * * *", "timezone": "UTC"}

    body = api.post("/v1/schedules/preview", {"schedule": would_be, "template_id": template_id, "count": 4}).body

    difference = body["difference"]
    assert [one["nominal_at"][5:16] for one in difference["added"]] == ["03-02T12:00", "03-03T12:00"]
    assert [one["nominal_at"][5:16] for one in difference["removed"]] == ["03-01T17:00", "03-02T17:00"]
    assert difference["until"] == "2026-03-03T12:00:00.000Z"


def test_a_preview_tells_which_runs_would_move(api: Api) -> None:
    template_id = created(api, DAILY)
    would_be = {**DAILY, "spread": "30m"}

    body = api.post("/v1/schedules/preview", {"schedule": would_be, "template_id": template_id, "count": 2}).body

    difference = body["difference"]
    assert (difference["added"], difference["removed"]) == ([], [])
    assert [(one["nominal_at"], one["was"]) for one in difference["moved"]] == [
        ("2026-03-02T09:00:00.000Z", "2026-03-02T09:00:00.000Z"),
        ("2026-03-03T09:00:00.000Z", "2026-03-03T09:00:00.000Z"),
    ]


def test_a_preview_without_further_runs_tells_all_that_would_disappear(api: Api) -> None:
    template_id = created(api, {**DAILY, "end_at": "2026-03-05T00:00:00Z"})
    would_be = {"at": ["2026-03-02T09:00:00Z"]}

    body = api.post("/v1/schedules/preview", {"schedule": would_be, "template_id": template_id}).body

    assert [one["nominal_at"][5:10] for one in body["difference"]["removed"]] == ["03-03", "03-04"]


def test_a_preview_for_a_template_that_is_not_there_is_not_found(api: Api) -> None:
    reply = api.post("/v1/schedules/preview", {"schedule": DAILY, "template_id": "0123456789abcdef01234567"})

    assert (reply.status, reply.slug) == (404, "not-found")


RANGE = {"from": "2026-02-01T00:00:00Z", "to": "2026-02-10T23:59:59Z"}


def test_a_dry_run_tells_what_a_backfill_would_do_and_stores_nothing(api: Api) -> None:
    template_id = created(api, DAILY)

    reply = api.post(f"/v1/templates/{template_id}/backfills", {**RANGE, "per_minute": 4, "dry_run": True})

    assert reply.status == 200
    assert (reply.body["total"], reply.body["passed_over"], reply.body["takes_at_least"]) == (10, 0, "3m")
    assert reply.body["first"][0] == "2026-02-01T09:00:00.000Z"
    assert api.get("/v1/backfills").body == {"items": []}


def test_a_backfill_is_created_read_listed_and_aborted(api: Api) -> None:
    template_id = created(api, DAILY)

    new = api.post(f"/v1/templates/{template_id}/backfills", RANGE)
    path = new.headers["location"]
    aborted = api.post(f"{path}/abort")

    assert (new.status, new.body["status"], new.body["progress"]["total"]) == (201, "running", 10)
    assert (aborted.status, aborted.body["status"]) == (200, "aborted")
    assert api.get(path).body["status"] == "aborted"
    assert [one["id"] for one in api.get("/v1/backfills").body["items"]] == [new.body["id"]]
    assert api.post(f"{path}/abort").body["status"] == "aborted"


def test_a_backfill_that_is_sent_twice_under_a_key_is_one(api: Api) -> None:
    template_id = created(api, DAILY)
    path, key = f"/v1/templates/{template_id}/backfills", {"Idempotency-Key": "once"}
    first = api.post(path, RANGE, headers=key)
    api.clock.advance(60)

    again = api.post(path, RANGE, headers=key)
    other = api.post(path, {**RANGE, "only": "all"}, headers=key)

    assert again.body["id"] == first.body["id"]
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status, other.slug) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"to": "2026-03-01T12:00:00Z"}, "/to"),
        ({"to": "2026-01-01T00:00:00Z"}, "/to"),
        ({"per_minute": 0}, "/per_minute"),
        ({"at_once": 100_000}, "/at_once"),
        ({"only": "some"}, "/only"),
        ({"from": None}, "/from"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_a_backfill_refuses_what_makes_no_sense(api: Api, change: dict[str, Any], pointer: str) -> None:
    reply = api.post(f"/v1/templates/{created(api, DAILY)}/backfills", {**RANGE, **change})

    assert (reply.status, reply.slug) == (422, "validation-failed")
    assert [error["pointer"] for error in reply.body["errors"]] == [pointer]


def test_a_range_that_is_too_long_is_refused(api: Api) -> None:
    reply = api.post(f"/v1/templates/{created(api)}/backfills", {**RANGE, "only": "all"})

    assert (reply.status, reply.slug) == (422, "validation-failed")


def test_a_deleted_template_is_not_backfilled(api: Api) -> None:
    template_id = created(api, DAILY)
    api.request("DELETE", f"/v1/templates/{template_id}")

    reply = api.post(f"/v1/templates/{template_id}/backfills", RANGE)

    assert (reply.status, reply.slug) == (409, "invalid-state")


def test_there_is_no_backfill_of_another_tenant(api: Api) -> None:
    template_id = created(api, DAILY)
    path = api.post(f"/v1/templates/{template_id}/backfills", RANGE).headers["location"]

    reply = api.get(path, tenant="other")

    assert (reply.status, reply.slug) == (404, "not-found")


def test_an_aborted_backfill_cancels_what_waits(api: Api) -> None:
    from functions.recurrence.advance_backfill import AdvanceBackfill
    from shared.ports.templates import ExpandEntry, Planned
    from tests.jobs import RETENTION, SHARDING

    template_id = created(api, DAILY)
    backfill = api.post(f"/v1/templates/{template_id}/backfills", {**RANGE, "per_minute": 3}).body
    services = api.application._services.templates()
    advance = AdvanceBackfill(
        backfills=api.backfills,
        templates=api.templates,
        calendars=api.calendars,
        jobs=api.jobs,
        choose=services.create_backfill.choose,
        stop_jobs=services.abort_backfill.stop_jobs,
        clock=api.clock,
        sharding=SHARDING,
        retention=RETENTION,
    )
    advance(ExpandEntry(START, TENANT, Planned.BACKFILL, backfill["id"]), lambda: 60)

    api.post(f"/v1/backfills/{backfill['id']}/abort")

    made = [job for job in api.jobs.all_jobs() if job.correlation_id == backfill["id"]]
    assert [job.status for job in made] == [Status.CANCELLED] * 3
