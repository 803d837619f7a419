"""Many jobs in one call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.http_api import HTTP_TARGET, Api

if TYPE_CHECKING:
    from shared.model.job import Job

KEY = {"Idempotency-Key": "import-7"}


def test_each_item_is_judged_on_its_own_and_pointed_at_in_the_body(api: Api) -> None:
    items: list[Any] = [
        {"target": HTTP_TARGET, "name": "good"},
        {"target": HTTP_TARGET, "priority": "urgent"},
        "not an object",
        {"target": {**HTTP_TARGET, "url": "https://10.0.0.1/"}},
        {"target": HTTP_TARGET, "payload": "a" * 204_801},
        {"target": HTTP_TARGET},
    ]

    reply = api.post("/v1/jobs/bulk", {"jobs": items})

    assert reply.status == 200
    results = reply.body["results"]
    assert [(one["index"], one["status"]) for one in results] == [
        (0, 201),
        (1, 422),
        (2, 422),
        (3, 422),
        (4, 413),
        (5, 201),
    ]
    pointers = {one["index"]: one["problem"]["errors"][0]["pointer"] for one in results if "problem" in one}
    assert pointers == {1: "/jobs/1/priority", 2: "/jobs/2", 3: "/jobs/3/target/url", 4: "/jobs/4/payload"}
    assert {one["id"] for one in results if "id" in one} == {job.id for job in api.jobs.all_jobs()}
    assert api.get(f"/v1/jobs/{results[0]['id']}").body["name"] == "good"


def test_a_thousand_jobs_are_created(api: Api) -> None:
    reply = api.post("/v1/jobs/bulk", {"jobs": [{"target": HTTP_TARGET, "payload": n} for n in range(1_000)]})

    assert {one["status"] for one in reply.body["results"]} == {201}
    assert len({one["id"] for one in reply.body["results"]}) == len(api.jobs.all_jobs()) == 1_000
    assert {payload_of(job) for job in api.jobs.all_jobs()} == set(range(1_000))


def test_the_answer_to_a_thousand_bad_items_fits(api: Api) -> None:
    bad = {f"{'ü' * 300}{number}": 1 for number in range(5)}
    body = json.dumps({"jobs": [bad] * 1_000}, ensure_ascii=False).encode()

    reply = api.post("/v1/jobs/bulk", body)

    assert {one["status"] for one in reply.body["results"]} == {422}
    assert len(reply.text.encode()) < 3_000_000


def test_a_repeated_call_with_its_key_makes_nothing_twice(api: Api) -> None:
    body = {"jobs": [{"target": HTTP_TARGET}, {"target": HTTP_TARGET}, {"target": HTTP_TARGET, "name": ""}]}
    first = api.post("/v1/jobs/bulk", body, headers=KEY).body["results"]
    api.clock.advance(1)

    again = api.post("/v1/jobs/bulk", body, headers=KEY).body["results"]

    assert [one.get("id") for one in again] == [one.get("id") for one in first]
    assert [one.get("replayed") for one in again] == [True, True, None]
    assert again[2] == first[2]
    assert len(api.jobs.all_jobs()) == 2


def test_an_item_that_differs_under_the_same_key_is_refused_alone(api: Api) -> None:
    api.post("/v1/jobs/bulk", {"jobs": [{"target": HTTP_TARGET}, {"target": HTTP_TARGET}]}, headers=KEY)

    reply = api.post(
        "/v1/jobs/bulk", {"jobs": [{"target": HTTP_TARGET}, {"target": HTTP_TARGET, "name": "b"}]}, headers=KEY
    )

    first, second = reply.body["results"]
    assert first["status"] == 201
    assert second["problem"]["type"] == "/problems/idempotency-key-reused"


def test_items_for_which_no_time_is_left_are_not_tried_and_say_so() -> None:
    api = Api(seconds_left=3)

    (result,) = api.post("/v1/jobs/bulk", {"jobs": [{"target": HTTP_TARGET}]}).body["results"]

    assert result["status"] == 503
    assert "nothing was done" in result["problem"]["detail"]
    assert not api.jobs.all_jobs()


def payload_of(job: Job) -> int:
    assert job.payload.data is not None
    return int(job.payload.data)
