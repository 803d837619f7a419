"""Which window a run would meet: in previews and in lists of occurrences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.maintenance_window import Effect, Scope, Span, TargetScope
from tests.http_api import ACCOUNT, HTTP_TARGET, REGION, Api
from tests.jobs import at
from tests.unit.recurring import EACH_MINUTE
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.model.maintenance_window import MaintenanceWindow


def created(api: Api, **job: Any) -> str:
    """The id of a template that runs each minute; the clock stands at noon of the first of March."""
    body = {"name": "report", "schedule": EACH_MINUTE, "job": {"target": HTTP_TARGET, **job}, "tags": {"team": "ops"}}
    reply = api.post("/v1/templates", body)
    assert reply.status == 201, reply.text
    return str(reply.body["id"])


def put(api: Api, *minutes: tuple[int, int], **facts: Any) -> MaintenanceWindow:
    spans = [Span(at(60 * begins), at(60 * ends)) for begins, ends in minutes]
    return api.windows.create_window(a_window(*spans, **facts)).window


def occurrences(api: Api, template_id: str, *, to: str) -> list[dict[str, Any]]:
    reply = api.get(f"/v1/templates/{template_id}/occurrences", {"from": "2026-03-01T12:01:00Z", "to": to})
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.body["items"]
    return found


def preview(api: Api, template_id: str | None, **asked: Any) -> dict[str, Any]:
    body = {"schedule": EACH_MINUTE, "count": 4, **({} if template_id is None else {"template_id": template_id})}
    reply = api.post("/v1/schedules/preview", {**body, **asked})
    assert reply.status == 200, reply.text
    answer: dict[str, Any] = reply.body
    return answer


def met(rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """By the time of day, the id of the window that a row shows."""
    return {row["nominal_at"][11:16]: row["window"]["id"] for row in rows if row["window"] is not None}


def test_a_preview_shows_the_window_that_each_run_of_a_template_would_meet(api: Api) -> None:
    template_id = created(api)
    put(api, (2, 4), effect=Effect.SKIP, scope=Scope(tags={"team": "ops"}))

    shown = preview(api, template_id)["occurrences"]

    window = {"id": "w1", "name": "database upgrade", "effect": "skip", "until": "2026-03-01T12:04:00.000Z"}
    assert [row["window"] for row in shown] == [None, window, window, None]


def test_a_preview_shows_a_window_for_what_a_changed_schedule_adds(api: Api) -> None:
    template_id = created(api)
    put(api, (2, 4))

    difference = preview(api, template_id, schedule={"every": "30s"}, count=6)["difference"]

    assert [(row["nominal_at"][11:19], row["window"] is not None) for row in difference["added"]] == [
        ("12:00:30", False),
        ("12:01:30", False),
        ("12:02:30", True),
    ]


def test_a_preview_without_a_template_knows_no_jobs_and_shows_no_window(api: Api) -> None:
    put(api, (0, 60))

    assert met(preview(api, None)["occurrences"]) == {}


def test_jobs_that_are_made_and_runs_beyond_them_show_their_windows_alike(api: Api) -> None:
    template_id = created(api)
    put(api, (3, 5), (45, 47), schedule={}, duration_seconds=120)

    rows = occurrences(api, template_id, to="2026-03-01T13:00:00Z")

    assert met(rows) == dict.fromkeys(("12:03", "12:04", "12:45", "12:46"), "w1")
    assert {row["status"] for row in rows if row["window"]} == {"scheduled", "expected"}


def test_of_several_windows_the_one_that_decides_is_shown(api: Api) -> None:
    template_id = created(api)
    put(api, (0, 60))
    put(api, (2, 3), id="w2", effect=Effect.RUN, scope=Scope(template_ids=(template_id,)))

    rows = occurrences(api, template_id, to="2026-03-01T12:03:00Z")

    assert [(row["window"]["id"], row["window"]["effect"]) for row in rows] == [
        ("w1", "hold"),
        ("w2", "run"),
        ("w1", "hold"),
    ]


def test_a_window_that_is_ended_early_is_shown_no_more(api: Api) -> None:
    template_id = created(api)
    put(api, (0, 60))

    api.post("/v1/maintenance-windows/w1/end")

    assert met(occurrences(api, template_id, to="2026-03-01T13:00:00Z")) == {}


def test_a_run_that_is_taken_out_or_ahead_of_a_pause_meets_no_window(api: Api) -> None:
    template_id = created(api)
    put(api, (0, 60))
    api.post(f"/v1/templates/{template_id}/skip", {"nominal_at": "2026-03-01T12:02:00Z"})

    assert list(met(occurrences(api, template_id, to="2026-03-01T12:03:00Z"))) == ["12:01", "12:03"]

    api.post(f"/v1/templates/{template_id}/pause", {})
    assert met(occurrences(api, template_id, to="2026-03-01T12:45:00Z")) == {}


def test_a_target_is_known_by_its_arn_where_the_scheduler_runs(api: Api) -> None:
    template_id = created(api, target={"type": "lambda", "function": "orders-sync"})
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders-sync"
    put(api, (0, 60), scope=Scope(target=TargetScope(arn=arn)))

    assert len(met(preview(api, template_id)["occurrences"])) == 4
    assert len(met(occurrences(api, template_id, to="2026-03-01T12:03:00Z"))) == 3


def test_another_tenants_window_is_met_by_no_run(api: Api) -> None:
    template_id = created(api)
    put(api, (0, 60), tenant="other")

    assert met(occurrences(api, template_id, to="2026-03-01T13:00:00Z")) == {}


def test_a_forecast_counts_what_windows_will_hold_and_skip(api: Api) -> None:
    template_id = created(api)
    put(api, (10, 20))
    put(api, (15, 40), id="w2", effect=Effect.SKIP, scope=Scope(template_ids=(template_id,)))

    body = api.get("/v1/forecast", {"to": "2026-03-01T13:00:00Z"}).body

    assert body["buckets"] == [{"at": "2026-03-01T12:00:00.000Z", "count": 60, "held": 5, "skipped": 25}]
