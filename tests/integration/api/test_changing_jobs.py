"""Jobs as clients change them: by a patch, another time, a cancel, or at once."""

from __future__ import annotations

from typing import Any

import pytest

from shared.model import moves
from shared.model.execution import Output
from tests.http_api import HTTP_TARGET, Api
from tests.integration.api.samples import EVERYTHING, running
from tests.jobs import RETENTION, failed_once


def test_a_patch_changes_what_it_names_and_nothing_else(api: Api) -> None:
    before = api.post("/v1/jobs", EVERYTHING).body

    reply = api.patch(
        f"/v1/jobs/{before['id']}",
        {
            "priority": "low",
            "retry": {"never_retry_on": ["exit_2"]},
            "payload": {"b": None, "c": 1},
            "tags": {"env": "dev"},
        },
        headers={"Content-Type": "application/merge-patch+json", "If-Match": '"1"'},
    )

    assert reply.status == 200
    assert reply.headers["etag"] == '"2"'
    expected = {
        **before,
        "priority": "low",
        "version": 2,
        "retry": {**before["retry"], "never_retry_on": ["exit_2"]},
        "payload": {"a": [1, 2.5, None, "ü"], "c": 1},
        "tags": {"team": "ops", "env": "dev"},
    }
    assert reply.body == expected
    assert api.stored(before["id"]).target["headers"]["Authorization"] == "Bearer secret"


def test_null_takes_a_member_back_to_its_default(api: Api) -> None:
    job = api.post("/v1/jobs", EVERYTHING).body

    names = ("name", "tags", "payload", "priority", "timeout", "expires_after", "retry")
    after = api.patch(f"/v1/jobs/{job['id']}", dict.fromkeys(names)).body

    fresh = api.create()
    assert {name: after[name] for name in names} == {name: fresh[name] for name in names}


def test_what_is_left_of_a_target_of_another_type_is_to_be_set_to_null(api: Api) -> None:
    job = api.create(target={**HTTP_TARGET, "method": "PUT"}, delay="1h")
    path = f"/v1/jobs/{job['id']}"

    refused = api.patch(path, {"target": {"type": "task", "name": "a", "nmae": "b"}})
    accepted = api.patch(path, {"target": {"type": "task", "name": "a", "url": None, "method": None}})

    details = {error["pointer"]: error["detail"] for error in refused.body["errors"]}
    left_over = "left from the old target, and no member of the new one: set it to null"
    assert details["/target/url"] == details["/target/method"] == left_over
    assert "known: type, name" in details["/target/nmae"]
    assert accepted.body["target"] == {"type": "task", "name": "a"}


def test_a_patch_that_changes_nothing_writes_nothing(api: Api) -> None:
    job = api.post("/v1/jobs", EVERYTHING).body
    same = {name: job[name] for name in ("name", "run_at", "timeout", "retry", "payload", "tags", "priority")}

    reply = api.patch(f"/v1/jobs/{job['id']}", same)

    assert reply.status == 200
    assert reply.body == job


def test_a_time_that_stays_is_not_judged_again(api: Api) -> None:
    job = api.create(run_at="2026-03-01T00:00:00Z")
    api.clock.advance(3 * 86_400)

    reply = api.patch(f"/v1/jobs/{job['id']}", {"run_at": job["run_at"], "name": "late"})

    assert reply.status == 200
    assert reply.body["name"] == "late"


def test_a_large_payload_can_be_created_read_and_changed(api: Api) -> None:
    job = api.create(payload={"text": "a" * 10_000})
    created = api.stored(job["id"]).payload

    changed = api.patch(f"/v1/jobs/{job['id']}", {"payload": {"more": "b" * 10_000}})

    assert None not in {created.ref, api.stored(job["id"]).payload.ref}
    assert changed.body["payload"] == {"text": "a" * 10_000, "more": "b" * 10_000}
    assert api.get(f"/v1/jobs/{job['id']}").body["payload"] == changed.body["payload"]


@pytest.mark.parametrize(
    "body", [{"run_at": "2026-03-05T00:00:00Z"}, {"delay": "84h"}, {"delay": "P3DT12H", "run_at": None}]
)
def test_a_job_is_rescheduled_to_a_time_or_by_a_delay(api: Api, body: dict[str, Any]) -> None:
    job = api.create(delay="1h", expires_after="1h")

    after = api.post(f"/v1/jobs/{job['id']}/reschedule", body).body

    assert after["run_at"] == after["wake_at"] == "2026-03-05T00:00:00.000Z"
    assert after["expires_at"] == "2026-03-05T01:00:00.000Z"


def test_a_waiting_job_is_cancelled_at_once_and_again_without_effect(api: Api) -> None:
    job = api.create(delay="1h")

    first = api.post(f"/v1/jobs/{job['id']}/cancel")
    second = api.post(f"/v1/jobs/{job['id']}/cancel", {})

    assert first.status == second.status == 200
    assert first.body["status"] == "cancelled"
    assert second.body == first.body


def test_a_running_job_is_asked_to_stop(api: Api) -> None:
    job = running(api, api.create())

    first = api.post(f"/v1/jobs/{job.id}/cancel")
    second = api.post(f"/v1/jobs/{job.id}/cancel")

    assert first.status == second.status == 202
    assert first.body["cancel_requested_at"] is not None
    assert second.body == first.body


@pytest.mark.parametrize(("method", "action"), [("POST", "/run"), ("POST", "/reschedule"), ("PATCH", "")])
def test_a_running_job_is_not_changed(api: Api, method: str, action: str) -> None:
    job = running(api, api.create())

    reply = api.request(method, f"/v1/jobs/{job.id}{action}", {"delay": "1s"} if action != "/run" else None)

    assert (reply.status, reply.slug, reply.body["state"]) == (409, "invalid-state", "running")


def test_a_patch_of_a_running_job_is_refused_whether_or_not_it_would_change_it(api: Api) -> None:
    job = running(api, api.create())

    reply = api.patch(f"/v1/jobs/{job.id}", {"name": None})

    assert (reply.status, reply.slug) == (409, "invalid-state")


def test_a_finished_job_is_not_cancelled(api: Api) -> None:
    job = running(api, api.create())
    api.jobs.change(job.key, moves.succeed(job, output=Output(), now=api.clock.now(), retention=RETENTION))

    reply = api.post(f"/v1/jobs/{job.id}/cancel")

    assert (reply.status, reply.slug, reply.body["state"]) == (409, "invalid-state", "succeeded")


def test_a_job_is_run_before_its_time(api: Api) -> None:
    job = api.create(delay="1h")

    after = api.post(f"/v1/jobs/{job['id']}/run").body

    assert after["run_at"] == after["wake_at"] == "2026-03-01T12:00:00.000Z"
    assert after["version"] == 2


def test_a_job_that_waits_for_a_retry_is_run_without_waiting(api: Api) -> None:
    job = running(api, api.create())
    api.jobs.change(job.key, failed_once(job))

    after = api.post(f"/v1/jobs/{job.id}/run").body

    assert after["wake_at"] == "2026-03-01T12:00:00.000Z"
    assert after["attempt"] == 1


def test_a_stale_if_match_is_told_the_present_version(api: Api) -> None:
    job = api.create(delay="1h")
    api.patch(f"/v1/jobs/{job['id']}", {"name": "first"})

    reply = api.patch(f"/v1/jobs/{job['id']}", {"name": "second"}, headers={"If-Match": '"1"'})

    assert (reply.status, reply.slug, reply.headers["etag"]) == (412, "precondition-failed", '"2"')
    assert api.stored(job["id"]).name == "first"
