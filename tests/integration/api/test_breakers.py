"""Circuit breakers over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.api.description import breaker_answers
from functions.api.description.operations import OPERATIONS
from shared.model.breaker import BreakerState, Calls
from shared.model.errors import BreakerChanged
from shared.model.times import format_time
from tests.breakers import TARGET, a_breaker
from tests.jobs import START, at

if TYPE_CHECKING:
    from tests.http_api import Api

PATH = "/v1/breakers"
HALF_OPEN = a_breaker(target="lambda:orders", state=BreakerState.HALF_OPEN)
CLOSED = a_breaker(target="sqs:orders", state=BreakerState.CLOSED, probe_at=None)


def put(api: Api, *breakers: Any) -> None:
    for breaker in breakers:
        api.breakers.put_breaker(breaker, is_news=True)


def test_a_breaker_is_answered_with_why_it_is_open_and_until_when(api: Api) -> None:
    put(api, a_breaker())

    reply = api.get(f"{PATH}/{TARGET}")

    assert reply.status == 200
    assert reply.headers["etag"] == '"1"'
    assert reply.body == {
        "target": TARGET,
        "state": "open",
        "opened_at": format_time(START),
        "probe_at": format_time(at(10)),
        "cool_down": "10s",
        "failures": 7,
        "successes": 3,
        "error": "http_503",
        "note": None,
        "version": 1,
        "changed_at": format_time(START),
        "changed_by": None,
    }


def test_the_open_ones_are_listed_first(api: Api) -> None:
    put(api, CLOSED, HALF_OPEN, a_breaker(), a_breaker(target="task:x", changed_at=at(5)))

    assert [one["target"] for one in api.get(PATH).body["items"]] == ["task:x", TARGET, "lambda:orders", "sqs:orders"]
    assert [one["target"] for one in api.get(PATH, query={"state": "half_open"}).body["items"]] == ["lambda:orders"]


def test_a_breaker_that_is_opened_by_hand_is_that_of_the_jobs_though_its_name_is_written_another_way(api: Api) -> None:
    opened = api.post(f"{PATH}/http:Example.com/open")

    assert opened.body["target"] == "http:example.com:443"
    assert api.get(f"{PATH}/http:example.com:443").body == opened.body


def test_a_name_that_no_target_has_is_refused_with_those_that_targets_have(api: Api) -> None:
    reply = api.post(f"{PATH}/example.com/open")

    assert reply.slug == "not-found"
    assert "http:<host>:<port>" in reply.body["detail"]


def test_another_tenants_breakers_are_not_seen(api: Api) -> None:
    put(api, a_breaker(tenant="beta"))

    assert api.get(PATH).body == {"items": []}
    assert api.get(f"{PATH}/{TARGET}").slug == "not-found"
    assert api.post(f"{PATH}/{TARGET}/close").slug == "not-found"


@pytest.mark.parametrize("path", [TARGET, "http%3Aexample.com%3A443"])
def test_a_target_may_be_escaped_in_the_path(api: Api, path: str) -> None:
    put(api, a_breaker())

    assert api.get(f"{PATH}/{path}").body["target"] == TARGET


def test_a_breaker_is_opened_by_hand_where_there_was_none(api: Api) -> None:
    reply = api.post(f"{PATH}/{TARGET}/open", {"for": "30m", "note": "upgrade"})

    assert reply.status == 200
    assert (reply.body["state"], reply.body["probe_at"]) == ("open", format_time(at(1_800)))
    assert (reply.body["note"], reply.body["changed_by"]) == ("upgrade", "acme_0123456789abcdef")
    assert [one.state for one in api.breakers.changes(since=START, limit=9)] == [BreakerState.OPEN]


def test_without_a_body_it_is_opened_for_an_hour(api: Api) -> None:
    assert api.post(f"{PATH}/{TARGET}/open").body["probe_at"] == format_time(at(3_600))


def test_one_that_is_open_already_is_held_longer_and_that_is_no_news(api: Api) -> None:
    put(api, a_breaker())

    reply = api.post(f"{PATH}/{TARGET}/open", {"for": "2h"})

    assert (reply.body["probe_at"], reply.body["version"]) == (format_time(at(7_200)), 2)
    assert len(api.breakers.changes(since=START, limit=9)) == 1


@pytest.mark.parametrize("breaker", [a_breaker(), a_breaker(state=BreakerState.HALF_OPEN)])
def test_a_breaker_is_closed_by_hand_whatever_its_probe_says(api: Api, breaker: Any) -> None:
    put(api, breaker)

    reply = api.post(f"{PATH}/{TARGET}/close", {"note": "it is back"})

    assert (reply.status, reply.body["state"], reply.body["probe_at"]) == (200, "closed", None)
    assert api.post(f"{PATH}/{TARGET}/close").body == reply.body


def test_a_change_may_name_the_version_that_it_is_about(api: Api) -> None:
    put(api, a_breaker())

    late = api.post(f"{PATH}/{TARGET}/close", headers={"If-Match": '"7"'})
    missing = api.post(f"{PATH}/task:x/open", headers={"If-Match": '"1"'})

    assert (late.slug, missing.slug) == ("precondition-failed", "not-found")
    assert api.post(f"{PATH}/{TARGET}/close", headers={"If-Match": '"1"'}).status == 200


def test_a_change_that_meets_an_executors_is_decided_anew(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    put(api, a_breaker())
    write, lost = api.breakers.put_breaker, iter([True])

    def put_late(breaker: Any, *, is_news: bool) -> None:
        if next(lost, False):
            write(a_breaker(version=2, calls=Calls(9, 9)), is_news=False)
        write(breaker, is_news=is_news)

    monkeypatch.setattr(api.breakers, "put_breaker", put_late)

    reply = api.post(f"{PATH}/{TARGET}/close")

    assert (reply.body["version"], reply.body["failures"]) == (3, 9)


def test_a_breaker_that_does_not_hold_still_is_a_conflict(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BreakerChanged(TARGET)

    monkeypatch.setattr(api.breakers, "put_breaker", refuse)

    assert api.post(f"{PATH}/{TARGET}/open").slug == "conflict"


def test_answers_have_the_shape_that_is_described(api: Api) -> None:
    put(api, a_breaker(), HALF_OPEN, CLOSED)

    breaker_answers.BreakerList.model_validate(api.get(PATH).body, strict=False)
    for key, operation in OPERATIONS.items():
        if key[1].startswith(PATH):
            assert operation.answer in {breaker_answers.Breaker, breaker_answers.BreakerList}
