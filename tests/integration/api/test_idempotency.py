"""Idempotency-Key, and what happens when the store fails at the wrong moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.errors import ChangeRefused, StoreUnavailable
from tests.http_api import HTTP_TARGET, Api
from tests.jobs import claim_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.memory.jobs import MemoryJobStore
    from shared.model.change import Change
    from shared.model.job import Job, JobKey
    from shared.ports.jobs import Creation

KEY = {"Idempotency-Key": "order-7"}
BODY: dict[str, Any] = {"target": HTTP_TARGET, "delay": "1h", "payload": {"a": 1, "b": 2}}


class FlakyStore:
    """A store of which single calls can be made to go wrong; everything else goes through."""

    def __init__(self, store: MemoryJobStore) -> None:
        self._store = store
        self.create: Callable[[Job], Creation] = store.create
        self.change_and_get: Callable[[JobKey, Change], Job] = store.change_and_get

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
def flaky(api: Api) -> FlakyStore:
    store = FlakyStore(api.jobs)
    api.around = lambda _: store  # type: ignore[assignment,return-value]
    api.__post_init__()
    return store


def test_the_same_call_answers_with_the_job_as_it_is_now(api: Api) -> None:
    first = api.post("/v1/jobs", BODY, headers=KEY)
    api.clock.advance(60)
    api.post(f"/v1/jobs/{first.body['id']}/cancel")

    again = api.post("/v1/jobs", BODY, headers=KEY)

    assert "idempotent-replayed" not in first.headers
    assert again.status == 201
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.body == api.get(f"/v1/jobs/{first.body['id']}").body
    assert again.body["status"] == "cancelled"
    assert len(api.jobs.all_jobs()) == 1


def test_spaces_and_the_order_of_members_make_no_other_body(api: Api) -> None:
    first = api.post("/v1/jobs", b'{"target":{"type":"task","name":"a"},"payload":{"a":1,"b":2}}', headers=KEY)
    again = api.post(
        "/v1/jobs", b'{ "payload": {"b": 2, "a": 1}, "target": {"name": "a", "type": "task"} }', headers=KEY
    )

    assert again.body["id"] == first.body["id"]


@pytest.mark.parametrize("other", [{"delay": "2h"}, {"payload": {"large": "a" * 5_000}}, {"priority": "urgent"}])
def test_the_same_key_with_another_body_is_refused_and_leaves_nothing(api: Api, other: dict[str, Any]) -> None:
    api.post("/v1/jobs", BODY, headers=KEY)

    reply = api.post("/v1/jobs", {**BODY, **other}, headers=KEY)

    assert (reply.status, reply.slug) == (422, "idempotency-key-reused")
    assert len(api.jobs.all_jobs()) == 1
    assert not api.jobs._payloads


def test_keys_of_two_tenants_have_nothing_to_do_with_each_other(api: Api) -> None:
    ours = api.post("/v1/jobs", BODY, headers=KEY)
    theirs = api.post("/v1/jobs", {**BODY, "delay": "2h"}, headers=KEY, tenant="globex")

    assert theirs.status == 201
    assert theirs.body["id"] != ours.body["id"]


def test_what_was_accepted_once_is_answered_even_when_its_time_is_too_long_past_by_now(api: Api) -> None:
    body = {"target": HTTP_TARGET, "run_at": "2026-02-28T13:00:00Z"}
    first = api.post("/v1/jobs", body, headers=KEY)
    api.clock.advance(20 * 3_600)

    again = api.post("/v1/jobs", body, headers=KEY)
    fresh = api.post("/v1/jobs", body)

    assert again.body == first.body
    assert fresh.slug == "validation-failed"


def test_of_many_creates_at_once_with_one_key_one_makes_the_job(api: Api) -> None:
    # Each in an application of its own, as Lambda has a process for each.
    apis = [replace(api) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda one: one.post("/v1/jobs", BODY, headers=KEY), apis))

    assert {reply.status for reply in replies} == {201}
    assert len({reply.body["id"] for reply in replies}) == len(api.jobs.all_jobs()) == 1


def test_a_create_that_was_applied_but_failed_says_so_and_is_found_by_its_key(api: Api, flaky: FlakyStore) -> None:
    def applied_but_failed(job: Job) -> Creation:
        api.jobs.create(job)
        raise StoreUnavailable("create job", outcome_unknown=True)

    flaky.create = applied_but_failed
    lost = api.post("/v1/jobs", BODY, headers=KEY)
    flaky.create = api.jobs.create
    api.clock.advance(5)
    found = api.post("/v1/jobs", BODY, headers=KEY)

    assert (lost.status, lost.slug) == (503, "unavailable")
    assert "same Idempotency-Key" in lost.body["detail"]
    assert lost.headers["retry-after"]
    assert found.status == 201
    assert found.headers["idempotent-replayed"] == "true"
    assert len(api.jobs.all_jobs()) == 1


def test_a_throttled_create_is_no_201(api: Api, flaky: FlakyStore) -> None:
    def throttled(job: Job) -> Creation:
        raise StoreUnavailable("create job: ThrottlingException", outcome_unknown=False)

    flaky.create = throttled

    reply = api.post("/v1/jobs", BODY)

    assert (reply.status, reply.slug) == (503, "unavailable")
    assert "nothing was done" in reply.body["detail"]
    assert not api.jobs.all_jobs()


@pytest.mark.parametrize("headers", [{}, KEY])
def test_a_create_sent_twice_on_its_way_is_one_create(api: Api, flaky: FlakyStore, headers: dict[str, str]) -> None:
    def sent_twice(job: Job) -> Creation:
        api.jobs.create(job)
        api.jobs.change(job.key, claim_of(job, now=api.clock.now()))
        return api.jobs.create(job)

    flaky.create = sent_twice

    reply = api.post("/v1/jobs", {"target": HTTP_TARGET}, headers=headers)

    assert reply.status == 201
    assert reply.body["status"] == "running"
    assert "idempotent-replayed" not in reply.headers


def test_a_change_sent_twice_on_its_way_is_one_change(api: Api, flaky: FlakyStore) -> None:
    def sent_twice(key: JobKey, change: Change) -> Job:
        api.jobs.change(key, change)
        return api.jobs.change_and_get(key, change)

    job = api.create(delay="1h")
    flaky.change_and_get = sent_twice

    reply = api.patch(f"/v1/jobs/{job['id']}", {"name": "new"}, headers={"If-Match": '"1"'})

    assert (reply.status, reply.body["name"], reply.body["version"]) == (200, "new", 2)


def test_a_lost_race_is_run_again_on_the_fresh_job(api: Api, flaky: FlakyStore) -> None:
    job = api.create(delay="1h")
    others = replace(api, around=lambda store: store)
    races = iter(range(3))

    def overtaken(key: JobKey, change: Change) -> Job:
        if (race := next(races, None)) is not None:
            others.patch(f"/v1/jobs/{job['id']}", {"tags": {"race": str(race)}})
        return api.jobs.change_and_get(key, change)

    flaky.change_and_get = overtaken

    reply = api.patch(f"/v1/jobs/{job['id']}", {"name": "new"})

    assert reply.status == 200
    assert (reply.body["name"], reply.body["tags"], reply.body["version"]) == ("new", {"race": "2"}, 5)


@pytest.mark.parametrize(
    ("method", "action", "body"),
    [
        ("POST", "/cancel", None),
        ("POST", "/run", None),
        ("POST", "/reschedule", {"delay": "3h"}),
        ("PATCH", "", {"name": "new"}),
    ],
)
def test_a_change_of_one_version_loses_its_race_for_good(
    api: Api, flaky: FlakyStore, method: str, action: str, body: dict[str, Any] | None
) -> None:
    job = api.create(delay="1h")
    others = replace(api, around=lambda store: store)

    def overtaken(key: JobKey, change: Change) -> Job:
        others.patch(f"/v1/jobs/{job['id']}", {"tags": {"race": "lost"}})
        return api.jobs.change_and_get(key, change)

    flaky.change_and_get = overtaken

    reply = api.request(method, f"/v1/jobs/{job['id']}{action}", body, headers={"If-Match": '"1"'})

    assert (reply.status, reply.slug) == (412, "precondition-failed")
    assert api.stored(job["id"]).version == 2


def test_a_request_to_stop_one_version_of_a_running_job_loses_its_race_for_good(api: Api, flaky: FlakyStore) -> None:
    job = api.create()
    api.jobs.change(api.stored(job["id"]).key, claim_of(api.stored(job["id"])))
    others = replace(api, around=lambda store: store)

    def overtaken(key: JobKey, change: Change) -> Job:
        api.clock.advance(1)
        others.post(f"/v1/jobs/{job['id']}/cancel")
        return api.jobs.change_and_get(key, change)

    flaky.change_and_get = overtaken

    reply = api.post(f"/v1/jobs/{job['id']}/cancel", headers={"If-Match": '"2"'})

    assert (reply.status, reply.slug) == (412, "precondition-failed")


def test_a_job_that_goes_before_it_is_changed_is_not_found(api: Api, flaky: FlakyStore) -> None:
    job = api.create(delay="1h")

    def gone(key: JobKey, change: Change) -> Job:
        raise ChangeRefused(None)

    flaky.change_and_get = gone

    assert api.post(f"/v1/jobs/{job['id']}/cancel").status == 404


def test_a_job_that_does_not_hold_still_is_a_conflict(api: Api, flaky: FlakyStore) -> None:
    job = api.create(delay="1h")
    others = replace(api, around=lambda store: store)

    def overtaken(key: JobKey, change: Change) -> Job:
        others.post(f"/v1/jobs/{job['id']}/reschedule", {"delay": f"{api.stored(job['id']).version + 1}h"})
        return api.jobs.change_and_get(key, change)

    flaky.change_and_get = overtaken

    reply = api.patch(f"/v1/jobs/{job['id']}", {"name": "new"})

    assert (reply.status, reply.slug) == (409, "conflict")


def test_a_defect_is_answered_without_a_trace_and_logged_with_one(api: Api, flaky: FlakyStore) -> None:
    def defective(job: Job) -> Creation:
        raise RuntimeError("s3cret")

    flaky.create = defective

    reply = api.post("/v1/jobs", BODY)

    assert (reply.status, reply.slug) == (500, "internal-error")
    assert "s3cret" not in reply.text
    (defect,) = [facts for action, facts in api.telemetry.notes if action == "failed_to_answer"]
    assert str(defect["error"]) == "s3cret"
