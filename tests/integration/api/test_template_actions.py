"""Templates paused and resumed, single occurrences skipped, jobs triggered beside the schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.model import moves
from shared.model.execution import Output
from tests.http_api import HTTP_TARGET
from tests.integration.api.samples import running
from tests.integration.api.template_samples import created, fates, text_of, waiting
from tests.jobs import RETENTION, at

if TYPE_CHECKING:
    from tests.http_api import Api


def test_a_paused_template_runs_nothing_until_it_is_resumed(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"

    paused = api.post(f"{path}/pause", {"note": "the bank migrates"})
    during = fates(api)
    api.clock.advance(720)
    resumed = api.post(f"{path}/resume")

    assert (paused.status, paused.body["status"], paused.body["next_run_at"]) == (200, "paused", None)
    expected = {"at": text_of(0), "note": "the bank migrates", "until": None, "missed": "skip"}
    assert paused.body["pause"] == expected
    assert set(during) == {("skipped", "withdrawn")}
    assert (resumed.body["status"], resumed.body["pause"], resumed.body["runs"]) == ("active", None, 0)
    assert waiting(api)[0] == text_of(900)


def test_a_pause_can_be_given_another_end_and_goes_on(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"
    api.post(f"{path}/pause")
    api.clock.advance(60)

    longer = api.post(f"{path}/pause", {"until": text_of(3_600), "missed": "apply_misfire"}).body
    same = api.post(f"{path}/pause", {"until": text_of(3_600), "missed": "apply_misfire"}).body

    assert longer["pause"] == {"at": text_of(0), "note": None, "until": text_of(3_600), "missed": "apply_misfire"}
    assert (longer["version"], same) == (3, longer)


@pytest.mark.parametrize(
    ("misfire", "runs"),
    [
        ({"policy": "skip"}, 0),
        ({"policy": "fire_latest"}, 1),
        ({"policy": "fire_all"}, 12),
        ({"policy": "fire_all", "max": 3}, 3),
        ({"policy": "fire_all", "within": "20m"}, 4),
    ],
)
def test_a_resume_tells_beforehand_and_afterwards_how_many_runs_it_makes(
    api: Api, misfire: dict[str, Any], runs: int
) -> None:
    path = f"/v1/templates/{created(api, misfire=misfire)['id']}"
    paused = api.post(f"{path}/pause").body
    api.clock.advance(3_690)

    asked = api.post(f"{path}/resume", {"dry_run": True})
    still = api.get(path).body
    resumed = api.post(f"{path}/resume", {"missed": "apply_misfire"}).body

    assert asked.body == {"dry_run": True, "runs": {"skip": 0, "apply_misfire": runs}}
    assert (still["version"], still["status"]) == (paused["version"], "paused")
    assert resumed["runs"] == runs
    assert sum(time <= text_of(3_690) for time in waiting(api)) == runs


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("misfire", "runs"),
    [
        ({"policy": "skip"}, 60),
        ({"policy": "fire_latest"}, 60),
        ({"policy": "fire_all", "within": "2m"}, 120),
        ({"policy": "fire_all"}, 10_000),
        ({"policy": "fire_all", "max": 100}, None),
    ],
)
def test_a_dense_schedule_is_counted_where_that_takes_no_time(
    api: Api, misfire: dict[str, Any], runs: int | None
) -> None:
    template = created(api, schedule={"every": "1s", "start_at": "2026-03-01T12:00:00.5Z"}, misfire=misfire)
    api.post(f"/v1/templates/{template['id']}/pause")
    api.clock.advance(7 * 86_400)

    asked = api.post(f"/v1/templates/{template['id']}/resume", {"dry_run": True})

    assert asked.body["runs"] == {"skip": 0, "apply_misfire": runs}


def test_a_long_pause_is_counted_up_to_a_bound(api: Api) -> None:
    template = created(api, schedule={"every": "10s"}, misfire={"policy": "fire_all"})
    api.post(f"/v1/templates/{template['id']}/pause")
    api.clock.advance(3 * 86_400)

    asked = api.post(f"/v1/templates/{template['id']}/resume", {"dry_run": True})

    assert asked.body["runs"] == {"skip": 0, "apply_misfire": 10_000}


def test_an_active_template_is_resumed_without_effect(api: Api) -> None:
    template = created(api)
    path = f"/v1/templates/{template['id']}/resume"

    reply = api.post(path, {"missed": "apply_misfire"})

    assert reply.body == {**template, "runs": 0}
    assert api.post(path, {"dry_run": True}).body["runs"] == {"skip": 0, "apply_misfire": 0}


def test_one_occurrence_is_taken_out_and_put_back(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"

    skipped = api.post(f"{path}/skip", {"nominal_at": "2026-03-01T13:05:00+01:00"}).body
    without = waiting(api)
    again = api.post(f"{path}/skip", {"nominal_at": text_of(300)}).body
    back = api.post(f"{path}/unskip", {"nominal_at": text_of(300)}).body

    assert (skipped["skipped"], skipped["next_run_at"]) == ([text_of(300)], text_of(600))
    assert text_of(300) not in without
    assert again == skipped
    assert (back["skipped"], back["next_run_at"], back["version"]) == ([], text_of(300), 3)
    assert waiting(api)[0] == text_of(300)


@pytest.mark.parametrize(
    ("nominal_at", "near"),
    [(360, [300, 600]), (-300, [300]), (0, [300]), (300.001, [300, 600])],
)
@pytest.mark.parametrize("action", ["skip", "unskip"])
def test_what_is_no_occurrence_ahead_is_refused_with_the_nearest(
    api: Api, action: str, nominal_at: float, near: list[float]
) -> None:
    path = f"/v1/templates/{created(api)['id']}/{action}"

    reply = api.post(path, {"nominal_at": text_of(nominal_at)})

    assert (reply.status, reply.pointers) == (422, ["/nominal_at"])
    told = reply.body["errors"][0]["detail"].partition("; the nearest: ")[2]
    assert told == " and ".join(map(text_of, near))


def test_a_hundred_occurrences_may_be_skipped_at_a_time_and_past_ones_do_not_count(api: Api) -> None:
    path = f"/v1/templates/{created(api, schedule={'every': '1h'})['id']}"
    hours = [text_of(3_600 * hour) for hour in range(1, 102)]
    for nominal_at in hours[:100]:
        assert api.post(f"{path}/skip", {"nominal_at": nominal_at}).status == 200

    refused = api.post(f"{path}/skip", {"nominal_at": hours[100]})
    api.clock.advance(26 * 3_600)
    later = api.post(f"{path}/skip", {"nominal_at": hours[100]})

    assert (refused.status, refused.pointers) == (422, ["/nominal_at"])
    assert (later.status, later.body["skipped"]) == (200, hours[1:])


def test_a_template_is_triggered_beside_its_schedule(api: Api) -> None:
    payload = {"n": "{{ occurrence_number | number }}", "at": "{{ nominal_time }}", "job": "{{ job_id }}"}
    path = f"/v1/templates/{created(api, job={'target': HTTP_TARGET, 'payload': payload})['id']}"
    api.post(f"{path}/pause")
    api.clock.advance(7)

    reply = api.post(f"{path}/trigger", headers={"X-Correlation-Id": "run-7"})

    job = reply.body
    assert (reply.status, reply.headers["location"]) == (201, f"/v1/jobs/{job['id']}")
    assert job["payload"] == {"n": 0, "at": text_of(7), "job": job["id"]}
    assert (job["run_at"], job["nominal_at"], job["correlation_id"]) == (text_of(7), None, "run-7")
    assert job["template_id"] in path
    assert waiting(api) == [text_of(7)]


def test_a_key_triggers_once(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}/trigger"
    key = {"Idempotency-Key": "k"}

    first = api.post(path, headers=key)
    api.clock.advance(5)
    second = api.post(path, headers=key)
    elsewhere = api.post("/v1/jobs", {"target": HTTP_TARGET}, headers=key)
    api.request("DELETE", path.removesuffix("/trigger"))

    assert api.post(path, headers=key).body == first.body
    assert (second.status, second.headers["idempotent-replayed"]) == (201, "true")
    assert second.body == first.body
    assert (elsewhere.status, elsewhere.slug) == (422, "idempotency-key-reused")


def test_the_jobs_of_a_template_are_listed_by_their_nominal_instants(api: Api) -> None:
    template = created(api)
    created(api)
    api.create()
    api.clock.advance(450)
    triggered = api.post(f"/v1/templates/{template['id']}/trigger").body["id"]

    def times(**query: str) -> list[str | None]:
        items = api.get("/v1/jobs", {"template_id": template["id"], **query}).body["items"]
        assert {item["template_id"] for item in items} == {template["id"]}
        return ["triggered" if item["id"] == triggered else item["nominal_at"] for item in items]

    assert times(to=text_of(900)) == [text_of(600), "triggered", text_of(300)]
    assert times(**{"from": text_of(600), "to": text_of(900)}) == [text_of(600)]
    assert len(times()) == 8


def test_the_last_run_is_found_behind_many_that_are_ahead(api: Api) -> None:
    path = f"/v1/templates/{created(api, schedule={'every': '10s'})['id']}"
    api.clock.advance(12)
    first = min(api.jobs.all_jobs(), key=lambda job: job.run_at)
    running(api, {"id": first.id})

    assert api.get(path).body["last_run"]["job_id"] == first.id


def test_the_last_run_may_be_one_that_was_rolled_back_from_a_day_ahead(api: Api) -> None:
    api.request("PUT", "/v1/calendars/c", {"name": "c", "weekend": ["saturday", "sunday"]})
    schedule = {"cron": "0 9 * * 6", "calendars": ["c"], "on_excluded": "previous_business_day"}
    path = f"/v1/templates/{created(api, schedule=schedule)['id']}"
    (job,) = api.jobs.all_jobs()
    api.clock.advance((job.run_at - at(0)).total_seconds())
    running(api, {"id": job.id})

    last = api.get(path).body["last_run"]

    assert (last["job_id"], last["nominal_at"]) == (job.id, "2026-03-07T09:00:00.000Z")


def test_a_template_tells_its_last_run(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"
    api.clock.advance(310)
    first, second, *_ = sorted(api.jobs.all_jobs(), key=lambda job: job.run_at)
    before = api.get(path).body["last_run"]
    run = running(api, {"id": first.id})
    during = api.get(path).body["last_run"]
    api.jobs.change(run.key, moves.succeed(run, output=Output(), now=at(320), retention=RETENTION))
    api.clock.advance(300)
    api.post(f"/v1/jobs/{second.id}/cancel")

    after = api.get(path).body["last_run"]

    assert before is None
    assert during == {"job_id": first.id, "nominal_at": text_of(300), "status": "running", "ended_at": None}
    assert (after["job_id"], after["status"], after["nominal_at"]) == (second.id, "cancelled", text_of(600))
