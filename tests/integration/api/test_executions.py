"""What whoever does the work of an attempt reports over the API, with nothing but the token of its lease."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.model import limits, moves
from shared.model.execution import NO_OUTPUT, Outcome
from shared.model.lifecycle import Status
from shared.ports.telemetry import Metric
from tests.http_api import HTTP_TARGET
from tests.integration.api.work import BODIES, REPORTS, Work
from tests.jobs import RETENTION

if TYPE_CHECKING:
    from tests.http_api import Api

HOURS_2 = 7_200


@pytest.fixture
def work(api: Api) -> Work:
    work = Work(api)
    work.accept()
    return work


def test_work_that_is_reported_as_done_has_succeeded(work: Work) -> None:
    reply = work.report("complete", {"output": {"rows": 7}})

    assert (reply.status, reply.body) == (200, {"status": "succeeded", "next_attempt_at": None})
    assert work.job.status is Status.SUCCEEDED
    assert [(one.outcome, one.output.text) for one in work.job.executions] == [(Outcome.SUCCEEDED, '{"rows":7}')]


def test_work_that_is_reported_as_failed_is_tried_again_by_the_jobs_policy(work: Work) -> None:
    error = {"type": "disk_full", "message": "no space left"}

    reply = work.report("fail", {"error": error, "retry_after": "1m"})

    job = work.job
    assert (reply.status, reply.body) == (
        200,
        {"status": "scheduled", "next_attempt_at": "2026-03-01T12:01:00.000Z"},
    )
    assert (job.status, job.awaiting_since, job.due_shard.lane) == (Status.SCHEDULED, None, job.lane)
    assert [(one.error_type, one.error_message) for one in job.executions] == [("disk_full", "no space left")]


def test_work_that_no_other_attempt_helps_has_failed_for_good(work: Work) -> None:
    reply = work.report("fail", {"retryable": False})

    assert reply.body["status"] == "failed"
    assert (work.job.status, work.job.reason) == (Status.FAILED, "not_retryable")


def test_a_report_without_a_body_says_all_that_has_to_be_said(api: Api) -> None:
    done, failed = Work(api), Work(api)

    assert done.report("complete").body["status"] == "succeeded"
    assert failed.report("fail").body["status"] == "scheduled"


def test_a_heartbeat_extends_the_lease_and_costs_no_entry_of_the_index(work: Work, api: Api) -> None:
    before = work.job
    api.clock.advance(100)

    reply = work.report("heartbeat")

    assert reply.body == {"lease_until": "2026-03-01T12:06:40.000Z", "cancel_requested": False}
    assert work.job.wake_at == before.wake_at
    assert work.job.version == before.version


def test_the_lease_ends_with_the_time_for_the_work(work: Work, api: Api) -> None:
    api.clock.advance(HOURS_2 - 10)
    work.report("heartbeat")

    late = work.report("heartbeat")
    api.clock.advance(11)
    too_late = work.report("heartbeat")

    assert late.body["lease_until"] == "2026-03-01T14:00:00.000Z"
    assert (too_late.status, too_late.slug) == (409, "lease-lost")


@pytest.mark.parametrize("what", ["heartbeat", "checkpoint"])
def test_a_first_sign_of_life_tells_that_the_work_was_accepted_before_the_executor_does(api: Api, what: str) -> None:
    work = Work(api)

    reply = work.report(what, BODIES.get(what))

    assert reply.body == {"lease_until": "2026-03-01T12:05:00.000Z", "cancel_requested": False}
    assert work.job.awaiting_since is not None
    assert work.job.due_shard.lane is None
    assert work.report("complete").status == 200


def test_work_may_be_done_before_its_executor_knows_that_it_was_accepted(api: Api) -> None:
    work = Work(api)

    reply = work.report("complete", {"output": "quick"})

    assert reply.body["status"] == "succeeded"
    assert work.job.executions[0].output.text == "quick"


def test_a_worker_learns_of_a_cancel_and_its_lease_is_not_extended_any_more(work: Work, api: Api) -> None:
    cancelled = api.post(f"/v1/jobs/{work.id}/cancel")
    lease = work.job.lease_until
    api.clock.advance(60)

    reply = work.report("heartbeat")

    assert cancelled.status == 202
    assert reply.body["cancel_requested"] is True
    assert work.job.lease_until == lease


def test_a_job_whose_worker_gives_up_for_a_cancel_is_cancelled(work: Work, api: Api) -> None:
    api.post(f"/v1/jobs/{work.id}/cancel")

    reply = work.report("fail")

    assert reply.body == {"status": "cancelled", "next_attempt_at": None}
    assert work.job.executions[0].outcome is Outcome.CANCELLED


def test_a_success_beats_a_cancel(work: Work, api: Api) -> None:
    api.post(f"/v1/jobs/{work.id}/cancel")

    assert work.report("complete").body["status"] == "succeeded"


@pytest.mark.parametrize("action", ["run", "reschedule"])
def test_a_job_that_awaits_a_report_is_not_moved(work: Work, api: Api, action: str) -> None:
    before = work.job

    reply = api.post(f"/v1/jobs/{work.id}/{action}", {"delay": "1h"} if action == "reschedule" else None)

    assert (reply.status, reply.slug, reply.body["state"]) == (409, "invalid-state", "running")
    assert work.job == before
    assert api.patch(f"/v1/jobs/{work.id}", {"priority": "high"}).slug == "invalid-state"


def test_a_job_shows_since_when_it_awaits_a_report_and_so_does_its_execution(work: Work, api: Api) -> None:
    work.report("checkpoint", {"checkpoint": 1})

    shown = api.get(f"/v1/jobs/{work.id}").body
    (listed,) = api.get("/v1/jobs").body["items"]
    (execution,) = api.get(f"/v1/jobs/{work.id}/executions").body["items"]

    since = "2026-03-01T12:00:00.000Z"
    assert (shown["completion"], shown["heartbeat_timeout"], shown["timeout"]) == ("callback", "5m", "2h")
    assert {one["awaiting_callback_since"] for one in (shown, listed, execution)} == {since}
    assert shown["checkpoint_at"] == since


@pytest.mark.parametrize("what", REPORTS)
def test_a_report_of_an_attempt_that_was_overtaken_changes_nothing(work: Work, api: Api, what: str) -> None:
    stale = work.token
    work.report("checkpoint", {"checkpoint": "first"})
    api.clock.advance(400)
    work.reap()
    api.clock.advance(60)
    work.claim()
    before = work.job

    reply = work.report(what, BODIES.get(what), token=stale)

    assert (reply.status, reply.slug) == (409, "lease-lost")
    assert work.job == before
    assert work.checkpoint()["checkpoint"] == "first"


@pytest.mark.parametrize("what", REPORTS)
def test_a_report_on_work_that_has_ended_changes_nothing(work: Work, what: str) -> None:
    work.report("complete", {"output": "done"})
    before = work.job

    reply = work.report(what, BODIES.get(what))

    assert (reply.status, reply.slug) == (409, "lease-lost")
    assert work.job == before


@pytest.mark.parametrize("what", REPORTS)
def test_whoever_guesses_a_token_learns_not_even_whether_there_is_such_a_job(work: Work, what: str) -> None:
    forged = work.token[:-1] + "0"
    unknown = work.token.replace(work.id, "0" * 24)
    before = work.job

    replies = [work.report(what, BODIES.get(what), token=token) for token in (forged, unknown)]

    assert {(reply.status, reply.slug, reply.body["detail"]) for reply in replies} == {
        (409, "lease-lost", replies[0].body["detail"])
    }
    assert work.job == before


@pytest.mark.parametrize("what", ["complete", "fail"])
def test_whoever_guesses_a_token_does_not_learn_how_work_ended(work: Work, what: str) -> None:
    work.report(what)

    reply = work.report(what, token=work.token[:-1] + "0")

    assert (reply.status, reply.slug) == (409, "lease-lost")


def test_whoever_guesses_a_token_does_not_learn_how_a_call_ended(api: Api) -> None:
    work = Work(api, completion="response", timeout="30s")
    work.job_after(moves.succeed(work.job, output=NO_OUTPUT, now=api.clock.now(), retention=RETENTION))

    reply = work.report("complete", token=work.token[:-1] + "0")

    assert (reply.status, reply.slug) == (409, "lease-lost")


@pytest.mark.parametrize("body", [{"output": {"rows": 7}}, {"output": "x" * 5_000}, None])
def test_the_same_report_is_answered_again_when_its_answer_was_lost(work: Work, body: Any) -> None:
    first = work.report("complete", body)
    before = work.job

    again = work.report("complete", body)

    assert (again.status, again.body) == (first.status, first.body) == (200, first.body)
    assert work.job == before


def test_a_failure_is_answered_again_too_and_another_report_is_not(work: Work) -> None:
    error = {"error": {"type": "disk_full"}}
    first = work.report("fail", error)

    assert work.report("fail", error).body == first.body
    assert work.report("fail", {"error": {"type": "out_of_paper"}}).status == 409
    assert work.report("complete").status == 409


@pytest.mark.parametrize(
    ("what", "body", "counted"),
    [
        ("complete", None, Metric.SUCCEEDED),
        ("fail", None, Metric.RETRIED),
        ("fail", {"retryable": False}, Metric.FAILED),
    ],
)
def test_an_end_that_is_reported_is_counted_once_like_those_of_executors(
    work: Work, api: Api, what: str, body: Any, counted: Metric
) -> None:
    api.clock.advance(90)
    work.report("heartbeat")
    work.report("checkpoint", {"checkpoint": 1})

    work.report(what, body)
    work.report(what, body)

    assert api.telemetry.values == {counted: [1], Metric.DURATION_MS: [90_000]}


def test_a_cancelled_job_is_counted_as_such_by_whoever_ends_it(work: Work, api: Api) -> None:
    api.post(f"/v1/jobs/{work.id}/cancel")

    work.report("fail")

    assert api.telemetry.values[Metric.CANCELLED] == [1]


def test_a_failure_is_not_answered_again_once_another_attempt_has_followed(work: Work, api: Api) -> None:
    first, error = work.token, {"error": {"type": "disk_full"}}
    work.report("fail", error)
    api.clock.advance(60)
    work.claim()
    before = work.job

    reply = work.report("fail", error, token=first)

    assert (reply.status, reply.slug) == (409, "lease-lost")
    assert work.job == before


def test_long_output_is_kept_whole(work: Work, api: Api) -> None:
    work.report("complete", {"output": "x" * 5_000})

    (execution,) = api.get(f"/v1/jobs/{work.id}/executions").body["items"]
    assert execution["output_bytes"] == 5_000
    assert len(api.get(execution["output_url"]).text) == 5_000


@pytest.mark.parametrize("value", [{"page": 17}, "text", 5, None, [], "x" * 150_000])
def test_a_checkpoint_is_there_for_the_next_attempt(work: Work, api: Api, value: Any) -> None:
    kept = work.report("checkpoint", {"checkpoint": value})
    work.report("fail")
    api.clock.advance(60)
    work.claim()

    found = work.checkpoint()

    assert kept.status == 200
    assert found == {"checkpoint": value, "attempt": 1, "saved_at": "2026-03-01T12:00:00.000Z"}


def test_without_a_checkpoint_there_is_none_and_nothing_is_read_for_it(work: Work) -> None:
    work.api.checkpoints.load = None  # type: ignore[assignment, method-assign]

    assert work.checkpoint() == {"checkpoint": None, "attempt": None, "saved_at": None}


def test_a_checkpoint_says_that_the_work_goes_on(work: Work, api: Api) -> None:
    api.clock.advance(100)

    reply = work.report("checkpoint", {"checkpoint": 1})

    assert reply.body["lease_until"] == "2026-03-01T12:06:40.000Z"


def test_what_ends_with_its_targets_answer_leaves_checkpoints_and_reports_no_end(api: Api) -> None:
    work = Work(api, completion="response", timeout="30s")
    lease = work.job.lease_until

    saved = work.report("checkpoint", {"checkpoint": 1})
    done = work.report("complete")

    assert (saved.status, work.job.lease_until) == (200, lease)
    assert (done.status, done.slug, done.body["state"]) == (409, "invalid-state", "running")
    assert work.job.status is Status.RUNNING
    assert work.report("heartbeat").body["cancel_requested"] is False


def test_nobody_keeps_a_call_alive_for_longer_than_it_may_take(api: Api) -> None:
    work = Work(api, completion="response", timeout="10m")
    for _ in range(20):
        api.clock.advance(30)
        work.report("heartbeat")
    lease = work.job.lease_until

    api.clock.advance(30)
    late = work.report("heartbeat")

    assert (late.status, work.job.lease_until) == (200, lease)


@pytest.mark.parametrize(
    ("what", "body", "status", "pointers"),
    [
        ("checkpoint", {}, 422, ["/checkpoint"]),
        ("checkpoint", {"checkpoint": 1, "more": 2}, 422, ["/more"]),
        ("checkpoint", {"checkpoint": "x" * (limits.MAX_CHECKPOINT_BYTES + 1)}, 413, ["/checkpoint"]),
        ("checkpoint", None, 400, [""]),
        ("checkpoint", b"[1]", 422, [""]),
        ("heartbeat", {"alive": True}, 422, ["/alive"]),
        ("complete", {"result": 1}, 422, ["/result"]),
        ("complete", b"{", 400, [""]),
        ("fail", {"error": {"type": "Disk Full"}}, 422, ["/error/type"]),
        ("fail", {"error": "broken"}, 422, ["/error"]),
        ("fail", {"retryable": "no"}, 422, ["/retryable"]),
        ("fail", {"retry_after": "2h"}, 422, ["/retry_after"]),
        ("fail", {"retry_after": 5}, 422, ["/retry_after"]),
    ],
)
def test_a_report_that_cannot_be_read_is_refused_and_changes_nothing(
    work: Work, what: str, body: Any, status: int, pointers: list[str]
) -> None:
    before = work.job

    reply = work.report(what, body)

    assert (reply.status, reply.pointers) == (status, pointers)
    assert work.job == before


def test_no_log_line_holds_a_token(work: Work, api: Api) -> None:
    secret = work.token.rpartition(".")[2]

    for what in REPORTS:
        work.report(what, BODIES.get(what))
        api.get(f"/v1/executions/{work.token}/{what}/more", tenant=None)
        api.get(f"/v1/elsewhere/{work.token}", tenant=None)

    told = [facts for action, facts in api.telemetry.notes if action == "answered"]
    assert {"/v1/executions/***/heartbeat", "/v1/elsewhere/***"} <= {facts["path"] for facts in told}
    assert secret not in str(api.telemetry.notes)


def test_a_job_says_which_completion_it_has_and_its_times_go_with_that(api: Api) -> None:
    def refused(**members: Any) -> list[str]:
        return api.post("/v1/jobs", {"target": HTTP_TARGET, **members}).pointers

    assert refused(timeout="15m") == ["/timeout"]
    assert refused(timeout="8d", completion="callback") == ["/timeout"]
    assert refused(heartbeat_timeout="1m") == ["/heartbeat_timeout"]
    assert refused(heartbeat_timeout="9s", completion="callback") == ["/heartbeat_timeout"]
    assert refused(completion="later") == ["/completion"]
    assert api.create(timeout="7d", completion="callback", heartbeat_timeout="7d")["timeout"] == "7d"


def test_a_waiting_job_may_get_another_completion_with_times_that_go_with_it(api: Api) -> None:
    job = api.create(delay="1h", timeout="10m")
    path = f"/v1/jobs/{job['id']}"

    longer = api.patch(path, {"completion": "callback", "timeout": "2h", "heartbeat_timeout": "30s"})
    too_long = api.patch(path, {"completion": None})
    back = api.patch(path, {"completion": None, "timeout": None, "heartbeat_timeout": None})

    assert (longer.status, longer.body["heartbeat_timeout"]) == (200, "30s")
    assert api.stored(job["id"]).due_shard.lane == "normal"
    assert (too_long.status, too_long.pointers) == (422, ["/timeout"])
    assert (back.body["completion"], back.body["timeout"], back.body["heartbeat_timeout"]) == ("response", "30s", None)


def test_occurrences_of_a_template_have_its_completion(api: Api) -> None:
    definition = {"target": HTTP_TARGET, "completion": "callback", "timeout": "3h", "heartbeat_timeout": "2m"}

    made = api.post("/v1/templates", {"name": "long", "schedule": {"every": "1h"}, "job": definition})
    job_id = api.post(f"/v1/templates/{made.body['id']}/trigger").body["id"]

    assert {name: made.body["job"][name] for name in definition} == definition
    job = api.stored(job_id)
    assert (job.completion, job.timeout_seconds, job.heartbeat_timeout_seconds) == ("callback", 10_800, 120)
    assert api.post(
        "/v1/templates", {"name": "x", "schedule": {"every": "1h"}, "job": {**definition, "completion": None}}
    ).pointers == ["/job/timeout"]


def test_a_report_of_other_work_is_not_taken_for_the_one_before(work: Work, api: Api) -> None:
    lost = Work(api)
    lost.accept()
    work.report("complete", {"output": "x" * 5_000})
    api.clock.advance(400)
    lost.reap()

    assert work.report("complete", {"output": "x" * 6_000}).status == 409
    assert lost.report("fail", {"error": {"type": "lost"}}).status == 409
