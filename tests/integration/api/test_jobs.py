"""Jobs as they are created and read, one at a time."""

from __future__ import annotations

import pytest

from shared.model import moves
from shared.model.lifecycle import Status
from tests.bad_input import UNKNOWN_ID
from tests.http_api import HTTP_TARGET, Api
from tests.integration.api.samples import EVERYTHING, running
from tests.jobs import RETENTION, failed_once


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


def test_executions_tell_of_the_attempts_also_of_the_one_that_runs(api: Api) -> None:
    job = running(api, api.create())
    api.jobs.change(job.key, failed_once(job))
    api.clock.advance(60)
    api.post(f"/v1/jobs/{job.id}/run")
    running(api, {"id": job.id})

    items = api.get(f"/v1/jobs/{job.id}/executions").body["items"]

    nothing = {"output_url": None, "awaiting_callback_since": None}
    assert items == [
        {
            "attempt": 1,
            "redrive": 0,
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
            "redrive": 0,
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
