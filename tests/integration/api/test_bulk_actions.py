"""Bulk actions on dead letters, over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.api.description import dead_letter_answers
from functions.watcher.advance_bulk_actions import AdvanceBulkActions
from shared.model import limits
from shared.model.attention import fingerprint_of
from shared.model.lifecycle import Status
from tests.bulk_actions import a_bulk_action
from tests.integration.api.failing import fail_again, failed, succeed
from tests.jobs import BOOM, TENANT

if TYPE_CHECKING:
    from tests.http_api import Api, Reply

PATH = "/v1/bulk-actions"
ALL = {"action": "redrive", "all": True}


def begin(api: Api, **members: Any) -> Reply:
    return api.post(PATH, {**ALL, **members})


def watch(api: Api) -> None:
    """A minute later, the watcher."""
    api.clock.advance(60)
    begin_of = api.application._services.dead_letters().begin
    AdvanceBulkActions(actions=api.bulk_actions, advance=begin_of.advance, clock=api.clock, telemetry=api.telemetry)(
        lambda: 60.0
    )


def test_it_begins_at_once_and_says_how_far_it_is(api: Api) -> None:
    jobs = [failed(api) for _ in range(3)]

    reply = begin(api, reason="the upstream is back")

    assert reply.status == 201
    assert reply.headers["location"] == f"{PATH}/{reply.body['id']}"
    dead_letter_answers.BulkAction.model_validate(reply.body)
    assert reply.body["status"] == "done"
    assert reply.body["progress"] == {"matched": 3, "done": 3, "refused": 0, "failed": 0}
    assert {api.stored(job.id).redriven_by for job in jobs} == {reply.body["id"]}
    assert sorted((api.stored(job.id).wake_at - api.clock.now()).total_seconds() for job in jobs) == [0, 0.1, 0.2]
    assert api.get(reply.headers["location"]).body == reply.body
    assert api.get(PATH).body["items"] == [reply.body]


def test_there_are_so_many_that_have_not_ended_and_no_more(api: Api) -> None:
    first, second = failed(api), failed(api)
    key = {"Idempotency-Key": "the-first"}
    begun = api.post(PATH, {**ALL, "canary": True}, headers=key)
    for number in range(1, limits.MAX_UNFINISHED_BULK_ACTIONS):
        api.bulk_actions.create_bulk_action(a_bulk_action(action_id=f"bulk{number}"))

    assert begun.body["status"] == "canary"
    assert begin(api).slug == "limit-reached"
    assert api.post(PATH, {**ALL, "canary": True}, headers=key).body == begun.body

    api.post(f"{PATH}/bulk1/abort")

    assert begin(api, filter={"ids": [first.id, second.id]}).status == 201


def test_however_many_that_end_at_once_are_begun_in_a_minute(api: Api) -> None:
    replies = [begin(api) for _ in range(limits.MAX_UNFINISHED_BULK_ACTIONS + 1)]

    assert {reply.status for reply in replies} == {201}
    assert api.bulk_actions.steps_of(TENANT) == []


def test_a_list_of_large_actions_goes_on_page_after_page(api: Api) -> None:
    begun = [begin(api, payload={"text": "x" * 200_000}, reason=str(number)).body["id"] for number in range(30)]

    pages = [api.get(PATH, {"limit": "200"})]
    while cursor := pages[-1].body.get("next_cursor"):
        pages.append(api.get(PATH, {"limit": "200", "cursor": cursor}))

    assert max(len(page.text) for page in pages) < 3_000_000
    assert sorted(one["id"] for page in pages for one in page.body["items"]) == sorted(begun)


def test_only_what_the_filter_means_is_redriven(api: Api) -> None:
    one, other = failed(api), failed(api, failure=BOOM)

    begin(api, all=False, filter={"fingerprint": fingerprint_of(one.target, one.executions)})

    assert [api.stored(job.id).status for job in (one, other)] == [Status.SCHEDULED, Status.FAILED]


def test_jobs_may_be_named(api: Api) -> None:
    one, other = failed(api), failed(api)

    reply = begin(api, filter={"ids": [one.id, "none"]})

    assert reply.body["progress"] == {"matched": 2, "done": 1, "refused": 1, "failed": 0}
    assert reply.body["refusals"] == [{"id": "none", "why": "gone"}]
    assert api.stored(other.id) == other


@pytest.mark.parametrize("filter_", [{}, {"error_type": "http_404"}])
def test_a_dry_run_counts_and_changes_nothing(api: Api, filter_: dict[str, Any]) -> None:
    jobs = [failed(api) for _ in range(2)]

    reply = begin(api, dry_run=True, filter=filter_)
    named = begin(api, dry_run=True, filter={"ids": [jobs[0].id, "none"]})

    assert reply.status == 200
    assert (reply.body["matched"], reply.body["is_complete"]) == (2, True)
    assert reply.body["first"] == [jobs[1].id, jobs[0].id]
    assert named.body["matched"] == 1
    assert [api.stored(job.id) for job in jobs] == jobs
    assert api.get(PATH).body["items"] == []


def test_many_are_discarded_for_a_reason(api: Api) -> None:
    jobs = [failed(api) for _ in range(2)]

    reply = begin(api, action="discard", reason="too old")

    assert reply.body["rate_per_second"] is None
    assert {api.stored(job.id).discard_reason for job in jobs} == {"too old"}


def test_payloads_are_edited(api: Api) -> None:
    job = failed(api, payload={"a": 1, "b": 1})

    begin(api, payload={"b": None})

    assert api.get(f"/v1/jobs/{job.id}").body["payload"] == {"a": 1}


def test_behind_a_canary_that_succeeds_come_the_others(api: Api) -> None:
    jobs = [failed(api) for _ in range(3)]
    reply = begin(api, canary=True)
    assert (reply.body["status"], reply.body["canary_job_id"]) == ("canary", jobs[-1].id)
    assert api.stored(jobs[0].id) == jobs[0]

    succeed(api, jobs[-1].id)
    watch(api)

    assert api.get(f"{PATH}/{reply.body['id']}").body["status"] == "done"
    assert api.stored(jobs[0].id).status is Status.SCHEDULED


def test_behind_a_canary_that_fails_nothing_comes(api: Api) -> None:
    jobs = [failed(api) for _ in range(3)]
    reply = begin(api, canary=True)

    fail_again(api, jobs[-1].id)
    watch(api)

    answer = api.get(f"{PATH}/{reply.body['id']}").body
    assert (answer["status"], answer["progress"]["done"]) == ("aborted", 1)
    assert "did not succeed" in answer["note"]
    assert api.stored(jobs[0].id) == jobs[0]


def test_what_the_call_has_no_time_for_the_watcher_does(api: Api) -> None:
    jobs = [failed(api) for _ in range(3)]
    api.seconds_left = 4

    reply = begin(api)
    watch(api)

    assert (reply.body["status"], reply.body["progress"]["done"]) == ("running", 0)
    assert {api.stored(job.id).redrives for job in jobs} == {1}
    assert api.get(f"{PATH}/{reply.body['id']}").body["status"] == "done"


def test_an_aborted_one_goes_no_further(api: Api) -> None:
    job = failed(api)
    api.seconds_left = 4
    action = begin(api).body["id"]

    reply = api.post(f"{PATH}/{action}/abort")
    again = api.post(f"{PATH}/{action}/abort")
    watch(api)

    assert (reply.status, reply.body["status"], reply.body["note"]) == (200, "aborted", "aborted by a client")
    assert again.body == reply.body
    assert api.stored(job.id) == job


def test_what_is_done_cannot_be_aborted(api: Api) -> None:
    action = begin(api).body["id"]

    reply = api.post(f"{PATH}/{action}/abort")

    assert (reply.status, reply.body["state"]) == (409, "done")


def test_the_same_key_means_the_same_action(api: Api) -> None:
    failed(api)
    key = {"Idempotency-Key": "k1"}

    first, second = api.post(PATH, ALL, headers=key), api.post(PATH, ALL, headers=key)
    other = api.post(PATH, {**ALL, "canary": True}, headers=key)

    assert first.body["progress"]["done"] == 1
    api.clock.advance(1)
    third = api.post(PATH, ALL, headers=key)
    assert second.body == third.body == first.body
    assert third.headers["idempotent-replayed"] == "true"
    assert (other.status, other.body["type"]) == (422, "/problems/idempotency-key-reused")


def test_they_are_listed_page_by_page(api: Api) -> None:
    made = []
    for _ in range(3):
        made.append(begin(api).body["id"])
        api.clock.advance(1)

    first = api.get(PATH, {"limit": "2"}).body
    second = api.get(PATH, {"limit": "2", "cursor": first["next_cursor"]}).body

    assert [one["id"] for body in (first, second) for one in body["items"]] == made[::-1]


def test_another_tenants_are_not_seen_and_not_stopped(api: Api) -> None:
    failed(api)
    api.seconds_left = 4
    action = begin(api).body["id"]

    assert api.get(f"{PATH}/{action}", tenant="globex").status == 404
    assert api.post(f"{PATH}/{action}/abort", tenant="globex").status == 404
    assert api.get(PATH, tenant="globex").body["items"] == []
    assert api.get(f"{PATH}/{action}").body["status"] == "running"
