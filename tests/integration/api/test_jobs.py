"""Jobs, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.model import moves
from shared.model.execution import Output
from shared.model.lifecycle import Status
from tests.bad_input import UNKNOWN_ID
from tests.http_api import HTTP_TARGET, Api
from tests.jobs import RETENTION, claim_of, failed_once

if TYPE_CHECKING:
    from shared.model.job import Job

EVERYTHING: dict[str, Any] = {
    "name": "rotate-logs",
    "run_at": "2026-03-02T13:00:00+01:00",
    "target": {**HTTP_TARGET, "method": "PUT", "headers": {"X-Team": "ops", "Authorization": "Bearer secret"}},
    "payload": {"a": [1, 2.5, None, "ü"], "b": {}},
    "priority": "high",
    "timeout": "90s",
    "expires_after": "1h",
    "retry": {
        "max_attempts": 5,
        "backoff": "exponential",
        "initial": "500ms",
        "multiplier": 1.5,
        "max_delay": "15m",
        "jitter": "none",
        "retry_on": ["timed_out", "http_5xx"],
    },
    "delivery": "at_least_once",
    "tags": {"team": "ops"},
    "group": "nightly",
    "correlation_id": "run-7",
}


def test_a_job_is_answered_as_it_was_sent_with_where_it_stands(api: Api) -> None:
    reply = api.post("/v1/jobs", EVERYTHING)

    assert reply.status == 201
    assert reply.headers["location"] == f"/v1/jobs/{reply.body['id']}"
    assert reply.headers["etag"] == '"1"'
    assert reply.headers["x-correlation-id"] == "run-7"
    sent = {**EVERYTHING, "run_at": "2026-03-02T12:00:00.000Z"}
    sent["target"] = {**sent["target"], "headers": {"X-Team": "ops", "Authorization": "***"}}
    assert {name: reply.body[name] for name in sent} == sent
    assert reply.body["status"] == "scheduled"
    assert reply.body["expires_at"] == "2026-03-02T13:00:00.000Z"
    assert reply.body["executions"] == []
    assert api.get(f"/v1/jobs/{reply.body['id']}").body == reply.body


def test_a_target_is_all_that_is_needed_and_the_rest_has_defaults(api: Api) -> None:
    job = api.create()

    assert job["run_at"] == job["created_at"] == "2026-03-01T12:00:00.000Z"
    assert (job["priority"], job["timeout"], job["delivery"]) == ("normal", "30s", "at_least_once")
    assert job["retry"]["max_attempts"] == 3
    assert job["retry"]["initial"] == "5s"
    assert job["correlation_id"] == job["id"]
    assert (job["name"], job["tags"], job["payload"], job["group"], job["expires_after"]) == (
        None,
        {},
        None,
        None,
        None,
    )


def test_null_is_the_same_as_leaving_a_member_out(api: Api) -> None:
    nulls = dict.fromkeys(("name", "run_at", "delay", "payload", "priority", "timeout", "expires_after", "retry"))

    job = api.create(**nulls, delivery=None, tags=None, group=None, correlation_id=None)

    assert {**job, "id": "", "correlation_id": ""} == {**api.create(), "id": "", "correlation_id": ""}


def test_a_secret_header_is_used_but_never_shown(api: Api) -> None:
    job = api.create(target={**HTTP_TARGET, "headers": {"X-Api-Key": "s3cret", "Cookie": "a=b"}})

    assert job["target"]["headers"] == {"X-Api-Key": "***", "Cookie": "***"}
    assert api.stored(job["id"]).target["headers"] == {"X-Api-Key": "s3cret", "Cookie": "a=b"}


def test_what_hides_a_secret_cannot_be_sent_for_one(api: Api) -> None:
    reply = api.post("/v1/jobs", {"target": {**HTTP_TARGET, "headers": {"X-Api-Key": "***"}}})

    assert (reply.slug, reply.pointers) == ("validation-failed", ["/target/headers/X-Api-Key"])


def test_at_most_once_has_one_attempt(api: Api) -> None:
    job = api.create(delivery="at_most_once", retry={"initial": "1s"})

    assert job["retry"]["max_attempts"] == 1


def test_a_time_up_to_a_day_past_and_five_years_ahead_is_accepted(api: Api) -> None:
    api.create(run_at="2026-02-28T12:00:00Z")
    api.create(run_at="2031-02-28T12:00:00Z")


def test_a_correlation_id_comes_from_the_body_then_the_header_then_the_job(api: Api) -> None:
    headers = {"X-Correlation-Id": "from-header"}

    in_header = api.post("/v1/jobs", {"target": HTTP_TARGET}, headers=headers)
    in_both = api.post("/v1/jobs", {"target": HTTP_TARGET, "correlation_id": "from-body"}, headers=headers)
    in_none = api.post("/v1/jobs", {"target": HTTP_TARGET})

    assert in_header.body["correlation_id"] == in_header.headers["x-correlation-id"] == "from-header"
    assert in_both.body["correlation_id"] == "from-body"
    assert in_both.headers["x-correlation-id"] == "from-header"
    assert in_none.headers["x-correlation-id"] == in_none.body["id"]


def test_each_request_is_logged_with_what_identifies_it_and_no_secret(api: Api) -> None:
    job = api.create(target={**HTTP_TARGET, "headers": {"Authorization": "s3cret"}}, correlation_id="run-7")

    actions = dict(api.telemetry.notes)
    assert actions["created"]["job_id"] == actions["answered"]["job_id"] == job["id"]
    assert actions["answered"]["tenant"] == "acme"
    assert actions["answered"]["correlation_id"] == "run-7"
    assert "s3cret" not in str(api.telemetry.notes)


def test_a_patch_changes_what_it_names_and_nothing_else(api: Api) -> None:
    before = api.post("/v1/jobs", EVERYTHING).body

    reply = api.patch(
        f"/v1/jobs/{before['id']}",
        {"priority": "low", "retry": {"multiplier": 3}, "payload": {"b": None, "c": 1}, "tags": {"env": "dev"}},
        headers={"Content-Type": "application/merge-patch+json", "If-Match": '"1"'},
    )

    assert reply.status == 200
    assert reply.headers["etag"] == '"2"'
    expected = {
        **before,
        "priority": "low",
        "version": 2,
        "retry": {**before["retry"], "multiplier": 3},
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


def test_executions_tell_of_the_attempts_also_of_the_one_that_runs(api: Api) -> None:
    job = running(api, api.create())
    api.jobs.change(job.key, failed_once(job))
    api.clock.advance(60)
    api.post(f"/v1/jobs/{job.id}/run")
    running(api, {"id": job.id})

    items = api.get(f"/v1/jobs/{job.id}/executions").body["items"]

    nothing = {"output_url": None}
    assert items == [
        {
            "attempt": 1,
            "started_at": "2026-03-01T12:00:00.000Z",
            "ended_at": "2026-03-01T12:00:01.000Z",
            "outcome": "failed",
            "error": {"type": "http_503", "message": "the service is unavailable"},
            "output": "",
            "output_bytes": 0,
            **nothing,
        },
        {
            "attempt": 2,
            "started_at": "2026-03-01T12:01:00.000Z",
            "ended_at": None,
            "outcome": None,
            "error": None,
            "output": None,
            "output_bytes": None,
            **nothing,
        },
    ]
    assert api.get(f"/v1/jobs/{job.id}").body["executions"] == items


@pytest.mark.parametrize(
    ("output", "content_type"),
    [
        (b"short", "text/plain; charset=utf-8"),
        (b"long" * 1_000, "text/plain; charset=utf-8"),
        (b"\xff" * 2_000, "application/octet-stream"),
    ],
)
def test_the_whole_output_is_there_for_who_asks(api: Api, output: bytes, content_type: str) -> None:
    job = running(api, api.create())
    kept = api.outputs.keep(job, output)
    api.jobs.change(job.key, moves.succeed(job, output=kept, now=api.clock.now(), retention=RETENTION))

    (execution,) = api.get(f"/v1/jobs/{job.id}/executions").body["items"]
    reply = api.get(f"/v1/jobs/{job.id}/executions/1/output")

    assert execution["output_bytes"] == len(output)
    assert execution["output_url"] == (f"/v1/jobs/{job.id}/executions/1/output" if len(output) > 1_024 else None)
    assert reply.status == 200
    assert reply.headers["content-type"] == content_type
    assert reply.raw == output


def test_a_stale_if_match_is_told_the_present_version(api: Api) -> None:
    job = api.create(delay="1h")
    api.patch(f"/v1/jobs/{job['id']}", {"name": "first"})

    reply = api.patch(f"/v1/jobs/{job['id']}", {"name": "second"}, headers={"If-Match": '"1"'})

    assert (reply.status, reply.slug, reply.headers["etag"]) == (412, "precondition-failed", '"2"')
    assert api.stored(job["id"]).name == "first"


def test_head_is_get_without_the_body(api: Api) -> None:
    job = api.create()

    reply = api.request("HEAD", f"/v1/jobs/{job['id']}")

    assert (reply.status, reply.text, reply.headers["etag"]) == (200, "", '"1"')


def test_another_tenants_job_is_no_different_from_none(api: Api) -> None:
    job = api.create(delay="1h")

    for method, action, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "mine"}),
        ("POST", "/cancel", None),
        ("POST", "/run", None),
        ("POST", "/reschedule", {"delay": "1s"}),
        ("GET", "/executions", None),
        ("GET", "/executions/1/output", None),
    ):
        theirs = api.request(method, f"/v1/jobs/{job['id']}{action}", body, tenant="globex")
        none = api.request(method, f"/v1/jobs/{UNKNOWN_ID}{action}", body, tenant="globex")
        assert (theirs.status, theirs.text) == (none.status, none.text) == (404, none.text)
    assert api.stored(job["id"]).status is Status.SCHEDULED


def running(api: Api, job: dict[str, Any]) -> Job:
    """The job, claimed by an executor."""
    stored = api.stored(job["id"])
    return api.jobs.change_and_get(stored.key, claim_of(stored, now=api.clock.now()))
