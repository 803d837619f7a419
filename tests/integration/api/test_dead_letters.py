"""The workbench of what failed for good: lists, groups, one job, redrive and discard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions.api.description import dead_letter_answers
from shared.model.attention import fingerprint_of
from shared.model.lifecycle import Status
from tests.http_api import HTTP_TARGET, TENANT
from tests.integration.api.failing import fail_again, failed
from tests.jobs import BOOM, discard_of

if TYPE_CHECKING:
    from shared.model.job import Job
    from tests.http_api import Api, Reply

PATH = "/v1/dead-letters"
OTHER_TARGET = {**HTTP_TARGET, "url": "https://other.example.org/"}


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.text
    return [one["id"] for one in reply.body["items"]]


def cause(job: Job) -> str:
    return fingerprint_of(job.target, job.executions)


def redrive(api: Api, job: Job, body: Any = None, **options: Any) -> Reply:
    return api.post(f"{PATH}/{job.id}/redrive", body, **options)


def test_they_are_listed_the_latest_first_with_their_causes(api: Api) -> None:
    first, second = failed(api), failed(api, failure=BOOM)

    items = api.get(PATH).body["items"]

    assert [one["id"] for one in items] == [second.id, first.id]
    assert items[1]["fingerprint"] == cause(first)
    assert items[1]["error"] == {"type": "http_404", "message": "no such page"}
    assert items[1]["target_identity"] == "http:example.com:443"
    for one in items:
        dead_letter_answers.ListedDeadLetter.model_validate(one, strict=True)


def test_a_list_goes_on_page_by_page(api: Api) -> None:
    jobs = [failed(api).id for _ in range(5)]

    first = api.get(PATH, {"limit": "2"})
    second = api.get(PATH, {"limit": "2", "cursor": first.body["next_cursor"]})
    third = api.get(PATH, {"limit": "2", "cursor": second.body["next_cursor"]})

    assert ids(first) + ids(second) + ids(third) == jobs[::-1]
    assert "next_cursor" not in third.body


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ({"error_type": "http_503"}, [1]),
        ({"error_type": "http_5xx"}, [1]),
        ({"target": "http:other.example.org:443"}, [2]),
        ({"tag": "team:ops"}, [3]),
        ({"from": "2026-03-01T12:00:03Z", "to": "2026-03-01T12:00:07Z"}, [2, 1]),
        ({"template_id": "nothing"}, []),
    ],
)
def test_a_list_is_narrowed_by_filters(api: Api, query: dict[str, str], meant: list[int]) -> None:
    jobs = [failed(api), failed(api, failure=BOOM), failed(api, target=OTHER_TARGET), failed(api, tags={"team": "ops"})]

    assert ids(api.get(PATH, query)) == [jobs[number].id for number in meant]


def test_a_fingerprint_lists_what_failed_of_one_cause(api: Api) -> None:
    one, other = failed(api), failed(api, failure=BOOM)

    assert ids(api.get(PATH, {"fingerprint": cause(one)})) == [one.id]
    assert ids(api.get(PATH, {"fingerprint": cause(other)})) == [other.id]


def test_groups_are_counted_by_cause_with_a_sample(api: Api) -> None:
    many = [failed(api, failure=replace(BOOM, message=f"order {number} is gone")) for number in range(3)]
    one = failed(api)

    body = api.get(f"{PATH}/groups").body

    dead_letter_answers.DeadLetterGroups.model_validate(body, strict=True)
    assert [(group["fingerprint"], group["count"]) for group in body["items"]] == [(cause(many[0]), 3), (cause(one), 1)]
    assert body["items"][0]["sample"]["id"] == many[-1].id
    assert body["items"][0]["error"] == {"type": "http_503", "message": "order 2 is gone"}
    assert body["items"][0]["first_failed_at"] == "2026-03-01T12:00:01.000Z"
    assert body["items"][0]["last_failed_at"] == "2026-03-01T12:00:05.000Z"
    assert body["looked_at"] == 4
    assert "next_cursor" not in body


def test_one_that_failed_before_there_were_fingerprints_is_counted_with_its_like(api: Api) -> None:
    old, new = failed(api), failed(api)
    api.jobs._write(old, replace(old, attention_sk=f"{old.attention_sk[:13]}#{old.id[-8:]}"))

    (group,) = api.get(f"{PATH}/groups").body["items"]

    assert (group["fingerprint"], group["count"]) == (cause(new), 2)
    assert ids(api.get(PATH, {"fingerprint": cause(new)})) == [new.id, old.id]


def test_more_than_one_call_counts_are_counted_on_from_where_it_ended(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.api.list_dead_letters._KEYS", 2)
    for _ in range(3):
        failed(api)

    first = api.get(f"{PATH}/groups").body
    second = api.get(f"{PATH}/groups", {"cursor": first["next_cursor"]}).body

    assert [body["items"][0]["count"] for body in (first, second)] == [2, 1]
    assert "next_cursor" not in second


def test_one_is_answered_with_all_attempts_its_payload_and_what_to_do(api: Api) -> None:
    job = failed(api, payload={"a": 1})

    reply = api.get(f"{PATH}/{job.id}")

    dead_letter_answers.DeadLetter.model_validate(reply.body, strict=True)
    assert reply.headers["etag"] == f'"{job.version}"'
    assert reply.body["payload"] == {"a": 1}
    assert len(reply.body["executions"]) == 1
    assert reply.body["advice"].startswith("The error is none that another attempt helps against")
    assert reply.body["needs_confirmation"] is False


def test_what_has_not_failed_is_no_dead_letter(api: Api) -> None:
    waiting = api.create()

    assert api.get(f"{PATH}/{waiting['id']}").status == 404
    assert api.get(f"{PATH}/{waiting['id']}").body["detail"] == (
        f"the job has not failed for good: it is scheduled; see /v1/jobs/{waiting['id']}"
    )
    assert api.get(PATH).body == {"items": []}


def test_another_tenants_are_not_seen_and_not_touched(api: Api) -> None:
    job = failed(api)

    assert api.get(PATH, tenant="globex").body == {"items": []}
    assert api.get(f"{PATH}/groups", tenant="globex").body == {"items": [], "looked_at": 0}
    assert api.get(f"{PATH}/{job.id}", tenant="globex").status == 404
    assert redrive(api, job, tenant="globex").status == 404
    assert api.post(f"{PATH}/{job.id}/discard", tenant="globex").status == 404
    assert api.stored(job.id) == job


def test_a_redriven_job_runs_at_once_and_leaves_the_list(api: Api) -> None:
    job = failed(api)

    reply = redrive(api, job)

    assert reply.status == 200
    assert (reply.body["status"], reply.body["attempt"], reply.body["redrives"]) == ("scheduled", 0, 1)
    assert reply.body["wake_at"] == reply.body["redriven_at"] == "2026-03-01T12:00:02.000Z"
    assert len(reply.body["executions"]) == 1
    assert ids(api.get(PATH)) == []
    assert api.stored(job.id).redriven_by


def test_its_executions_say_to_which_budget_they_belong(api: Api) -> None:
    job = failed(api)
    redrive(api, job)
    fail_again(api, job.id)

    executions = api.get(f"{PATH}/{job.id}").body["executions"]

    assert [(one["redrive"], one["attempt"]) for one in executions] == [(0, 1), (1, 1)]


def test_outputs_of_attempts_with_one_number_are_told_apart(api: Api) -> None:
    job = failed(api)
    first = replace(job.executions[0], output=api.outputs.keep(job, b"first" * 1_000))
    api.jobs._write(job, replace(job, executions=(first,)))
    redrive(api, job)
    again = fail_again(api, job.id)
    second = replace(again.executions[1], output=api.outputs.keep(again, b"second" * 1_000))
    api.jobs._write(again, replace(again, executions=(first, second)))

    urls = [one["output_url"] for one in api.get(f"/v1/jobs/{job.id}/executions").body["items"]]

    assert urls == [f"/v1/jobs/{job.id}/executions/1/output?redrive=0", f"/v1/jobs/{job.id}/executions/1/output"]
    assert api.get(urls[1]).text == "second" * 1_000
    assert api.get(urls[1], {"redrive": "0"}).text == "first" * 1_000
    assert api.get(urls[1], {"redrive": "2"}).status == 404


def test_what_is_edited_is_what_runs(api: Api) -> None:
    job = failed(api, payload={"a": 1, "b": 2})

    reply = redrive(
        api,
        job,
        {"payload": {"b": None, "c": 3}, "retry": {"max_attempts": 5}, "target": OTHER_TARGET, "timeout": "90s"},
    )

    assert reply.body["payload"] == {"a": 1, "c": 3}
    assert reply.body["retry"]["max_attempts"] == 5
    assert reply.body["target"]["url"] == "https://other.example.org/"
    assert reply.body["timeout"] == "90s"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"run_at": "2026-03-02T12:00:00Z"}, "/run_at"),
        ({"edit": {}}, "/edit"),
        ({"target": {"url": "https://10.0.0.1/"}}, "/target/url"),
        ({"target": None}, "/target"),
        ({"retry": {"max_attempts": 0}}, "/retry/max_attempts"),
        ({"confirm_at_most_once": "yes"}, "/confirm_at_most_once"),
        ({"priority": "urgent"}, "/priority"),
    ],
)
def test_an_edit_that_is_not_acceptable_leaves_the_job_as_it_is(api: Api, body: Any, pointer: str) -> None:
    job = failed(api)

    reply = redrive(api, job, body)

    assert reply.status == 422
    assert reply.body["errors"][0]["pointer"] == pointer
    assert api.stored(job.id) == job


def test_asking_twice_is_asking_once(api: Api) -> None:
    job = failed(api)
    first = redrive(api, job)

    assert redrive(api, job).body == first.body
    assert redrive(api, job, {"payload": 1}).status == 409


def test_a_version_that_was_not_seen_is_not_redriven(api: Api) -> None:
    job = failed(api)

    stale = redrive(api, job, headers={"If-Match": f'"{job.version - 1}"'})
    fresh = redrive(api, job, headers={"If-Match": f'"{job.version}"'})
    fail_again(api, job.id)
    again = redrive(api, job, headers={"If-Match": f'"{job.version}"'})

    assert (stale.status, fresh.status, again.status) == (412, 200, 412)
    assert api.stored(job.id).redrives == 1


@pytest.mark.parametrize("action", ["redrive", "discard"])
def test_a_waiting_job_is_neither_redriven_nor_discarded(api: Api, action: str) -> None:
    waiting = api.create()

    reply = api.post(f"{PATH}/{waiting['id']}/{action}")

    assert (reply.status, reply.body["state"]) == (409, "scheduled")
    assert reply.body["detail"] == ("the job is scheduled: only one that failed for good can be redriven or discarded")


def test_a_job_that_begins_at_most_once_needs_a_confirmation(api: Api) -> None:
    job = failed(api, delivery="at_most_once")

    refused, confirmed = redrive(api, job), redrive(api, job, {"confirm_at_most_once": True})

    assert api.get(f"{PATH}/{job.id}").status == 404
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/confirm_at_most_once")
    assert confirmed.status == 200


def test_a_discarded_job_stays_as_it_is_but_is_listed_no_more(api: Api) -> None:
    job = failed(api)

    reply = api.post(f"{PATH}/{job.id}/discard", {"reason": "the customer is gone"})
    again = api.post(f"{PATH}/{job.id}/discard", {"reason": "another"})

    assert (reply.status, reply.body["status"]) == (200, "failed")
    assert reply.body["discard_reason"] == again.body["discard_reason"] == "the customer is gone"
    assert ids(api.get(PATH)) == []
    assert api.get(f"{PATH}/{job.id}").body["discarded_at"] == "2026-03-01T12:00:02.000Z"
    assert redrive(api, job).body["discarded_at"] is None


def test_a_key_that_has_not_caught_up_is_not_shown(api: Api) -> None:
    job = failed(api)
    discarded = api.jobs.change_and_get(job.key, discard_of(job))
    api.jobs._attention.move(None, (job.attention_pk, (job.attention_sk, TENANT, job.id)))

    assert discarded.status is Status.FAILED
    assert ids(api.get(PATH)) == []
