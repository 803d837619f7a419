"""Lists: order, filters, pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from shared.model import moves
from shared.model.errors import StoreUnavailable
from shared.model.execution import Failure
from tests.http_api import http_event
from tests.jobs import RETENTION, SHARDING, claim_of

if TYPE_CHECKING:
    from tests.http_api import Api


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


def created(api: Api, count: int, **members: Any) -> list[str]:
    """The ids of so many jobs, a second apart, newest first."""
    found = []
    for _ in range(count):
        found.append(api.create(**members)["id"])
        api.clock.advance(1)
    return found[::-1]


def pages(api: Api, query: dict[str, str]) -> list[list[str]]:
    """All pages of a list."""
    found: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        reply = api.get("/v1/jobs", {**query, **cursor})
        assert reply.status == 200, reply.text
        found.append(ids(reply.body["items"]))
        if "next_cursor" not in reply.body:
            return found
        cursor = {"cursor": reply.body["next_cursor"]}


def failed(api: Api) -> str:
    """A job that failed for good."""
    job = api.stored(api.create()["id"])
    running = api.jobs.change_and_get(job.key, claim_of(job, now=api.clock.now()))
    failure = Failure("http_404", "no such page", retryable=False)
    change = moves.fail(running, failure, now=api.clock.now(), chance=0, retention=RETENTION, sharding=SHARDING)
    api.jobs.change(job.key, change)
    api.clock.advance(1)
    return job.id


def test_the_newest_come_first_over_all_partitions(api: Api) -> None:
    expected = created(api, 12)

    assert ids(api.get("/v1/jobs").body["items"]) == expected


@pytest.mark.parametrize("limit", [1, 3, 5, 10, 200])
def test_pages_hold_each_job_once_and_the_last_has_no_cursor(api: Api, limit: int) -> None:
    expected = created(api, 10)

    found = pages(api, {"limit": str(limit)})

    assert [job for page in found for job in page] == expected
    assert len(found) == -(-10 // limit)


def test_a_job_created_between_two_pages_disturbs_neither(api: Api) -> None:
    expected = created(api, 4)
    first = api.get("/v1/jobs", {"limit": "2"}).body
    created(api, 3)

    second = api.get("/v1/jobs", {"limit": "2", "cursor": first["next_cursor"]}).body

    assert ids(first["items"]) + ids(second["items"]) == expected


def test_an_empty_list_is_a_list(api: Api) -> None:
    assert api.get("/v1/jobs").body == {"items": []}


def test_a_group_has_a_list_of_its_own(api: Api) -> None:
    nightly = created(api, 3, group="nightly")
    others = created(api, 2)

    assert ids(api.get("/v1/jobs", {"group": "nightly"}).body["items"]) == nightly
    assert ids(api.get("/v1/jobs").body["items"]) == others


def test_filters_must_all_hold(api: Api) -> None:
    created(api, 2, tags={"team": "ops"}, name="a")
    wanted = created(api, 2, tags={"team": "ops", "env": "a:b"}, name="a")
    created(api, 2, tags={"env": "a:b"}, name="a")
    created(api, 1, tags={"team": "ops", "env": "a:b"}, name="b")

    query = [("tag", "team:ops"), ("tag", "env:a:b"), ("name", "a"), ("status", "scheduled")]

    assert ids(api.get("/v1/jobs", query).body["items"]) == wanted
    assert api.get("/v1/jobs", [*query, ("status", "cancelled")]).status == 400
    assert api.get("/v1/jobs", [*query[:3], ("status", "cancelled")]).body == {"items": []}


def test_from_counts_and_to_does_not(api: Api) -> None:
    newest_first = created(api, 5)

    query = {"from": "2026-03-01T12:00:01Z", "to": "2026-03-01T13:00:03+01:00"}

    assert ids(api.get("/v1/jobs", query).body["items"]) == newest_first[2:4]


def test_failed_without_a_group_lists_dead_letters_of_all_groups(api: Api) -> None:
    dead = [failed(api) for _ in range(3)][::-1]
    created(api, 2)

    assert [job for page in pages(api, {"status": "failed", "limit": "2"}) for job in page] == dead
    assert pages(api, {"status": "failed", "from": "2026-03-01T12:00:01Z", "to": "2026-03-01T12:00:02Z"}) == [[dead[1]]]


def test_a_rare_match_is_found_over_several_short_pages(api: Api) -> None:
    (wanted,) = created(api, 1, name="wanted")
    for _ in range(3):
        jobs = [{"target": {"type": "task", "name": "a"}} for _ in range(1_000)]
        assert api.post("/v1/jobs/bulk", {"jobs": jobs}).status == 200
        api.clock.advance(1)

    found = pages(api, {"name": "wanted"})

    assert found == [[], [], [], [wanted]]


def test_a_page_is_closed_before_its_answer_becomes_too_large(api: Api) -> None:
    headers = {f"X-{number}": "a" * 2_000 for number in range(20)}
    target = {"type": "http", "url": "https://example.com/", "headers": headers}
    expected = created(api, 80, target=target)

    found = pages(api, {"limit": "200"})

    assert [job for page in found for job in page] == expected
    assert len(found) == 2


def test_a_cursor_belongs_to_its_tenant_and_its_filters(api: Api) -> None:
    created(api, 3)
    cursor = api.get("/v1/jobs", {"limit": "1"}).body["next_cursor"]

    assert api.get("/v1/jobs", {"limit": "2", "cursor": cursor}).status == 200
    for reply in (
        api.get("/v1/jobs", {"cursor": cursor}, tenant="globex"),
        api.get("/v1/jobs", {"cursor": cursor, "status": "scheduled"}),
        api.get("/v1/jobs", {"cursor": cursor, "group": "a"}),
        api.get("/v1/jobs", {"cursor": cursor[:-1]}),
    ):
        assert (reply.status, reply.slug) == (400, "invalid-page-token")


def test_lists_of_two_tenants_have_nothing_in_common(api: Api) -> None:
    created(api, 2)

    assert api.get("/v1/jobs", tenant="globex").body == {"items": []}


def test_a_list_shows_jobs_as_they_are_but_for_large_payloads(api: Api) -> None:
    small, none, large = api.create(payload={"a": 1}), api.create(), api.create(payload="a" * 1_000)
    del large["payload"]
    for job in (small, none, large):
        del job["retry_delays"], job["archived"]  # of a single job alone

    items = api.get("/v1/jobs").body["items"]

    assert sorted(items, key=lambda item: item["id"]) == sorted([small, none, large], key=lambda item: item["id"])


def test_two_times_that_mean_the_same_are_the_same_filter(api: Api) -> None:
    created(api, 2)
    later = api.clock.now() + timedelta(hours=1)
    query = {"limit": "1", "to": later.isoformat().replace("+00:00", "Z")}
    cursor = api.get("/v1/jobs", query).body["next_cursor"]

    reply = api.get("/v1/jobs", {**query, "to": later.isoformat(), "cursor": cursor})

    assert reply.status == 200


def test_a_plus_that_arrives_as_a_space_is_explained(api: Api) -> None:
    unescaped = api.send(http_event("GET", "/v1/jobs", query="from=2026-01-01T00:00:00+01:00"))
    escaped = api.send(http_event("GET", "/v1/jobs", query="from=2026-01-01T00:00:00%2B01:00"))

    assert (unescaped.status, unescaped.pointers) == (400, ["from"])
    assert "+ is written %2B" in unescaped.body["errors"][0]["detail"]
    assert escaped.status == 200


def test_a_list_that_cannot_be_read_has_nothing_to_be_done_twice(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object, **__: object) -> NoReturn:
        raise StoreUnavailable("list group", outcome_unknown=True)

    monkeypatch.setattr(api.jobs, "list_group", unavailable)

    reply = api.get("/v1/jobs")

    assert (reply.status, reply.slug) == (503, "unavailable")
    assert reply.body["detail"] == "this cannot be read now: try again"
