"""Templates over the API: created, read, changed, paused, resumed and deleted, and what becomes of their jobs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from shared.model.times import format_time
from tests.http_api import HTTP_TARGET
from tests.jobs import at

if TYPE_CHECKING:
    from tests.http_api import Api

EVERY_FIVE_MINUTES: dict[str, Any] = {
    "name": "payroll",
    "schedule": {"cron": "*/5 * * * *", "timezone": "Europe/Berlin"},
    "job": {"target": HTTP_TARGET, "payload": {"n": 1}},
    "tags": {"team": "ops"},
}


def created(api: Api, **members: Any) -> dict[str, Any]:
    reply = api.post("/v1/templates", {**EVERY_FIVE_MINUTES, **members})
    assert reply.status == 201, reply.text
    answer: dict[str, Any] = reply.body
    return answer


def fates(api: Api) -> Counter[tuple[str, str | None]]:
    """How many jobs stand where, and why."""
    return Counter((str(job.status), job.reason) for job in api.jobs.all_jobs())


def test_a_template_is_created_with_its_next_jobs(api: Api) -> None:
    reply = api.post("/v1/templates", EVERY_FIVE_MINUTES)

    assert (reply.status, reply.headers["etag"]) == (201, '"1"')
    assert reply.headers["location"] == f"/v1/templates/{reply.body['id']}"
    assert reply.body["next_run_at"] == format_time(at(300))
    assert reply.body["schedule"] == {"cron": "*/5 * * * *", "dialect": "unix", "timezone": "Europe/Berlin"}
    assert api.get(f"/v1/templates/{reply.body['id']}").body == reply.body
    jobs = sorted(api.jobs.all_jobs(), key=lambda job: job.run_at)
    assert [job.run_at for job in jobs[:3]] == [at(300), at(600), at(900)]
    assert all(job.template_id == reply.body["id"] and job.nominal_at == job.run_at for job in jobs)


def test_a_paused_template_runs_nothing_until_it_is_resumed(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"

    paused = api.post(f"{path}/pause", {"note": "the bank migrates"})
    during = fates(api)
    api.clock.advance(720)
    resumed = api.post(f"{path}/resume")

    assert (paused.status, paused.body["status"], paused.body["next_run_at"]) == (200, "paused", None)
    assert paused.body["pause"]["note"] == "the bank migrates"
    assert set(during) == {("skipped", "withdrawn")}
    assert (resumed.body["status"], resumed.body["pause"], resumed.body["runs"]) == ("active", None, 0)
    waiting = [job.run_at for job in api.jobs.all_jobs() if job.status == "scheduled"]
    assert min(waiting) == at(900)


def test_a_deleted_template_leaves_what_explains_the_past(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"

    first = api.request("DELETE", path)
    second = api.request("DELETE", path)

    assert first.status == second.status == 200
    assert first.body["status"] == "deleted"
    assert api.get(path).body == second.body == first.body
    assert set(fates(api)) == {("skipped", "withdrawn")}
