"""If-None-Match: what a client has already is not answered once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.api.description.operation import IF_NONE_MATCH
from functions.api.description.operations import OPERATIONS
from functions.api.routes import ROUTES
from tests.http_api import HTTP_TARGET
from tests.integration.api.failing import begin, failed

if TYPE_CHECKING:
    from tests.http_api import Api

CHANNEL = {"name": "on call", "service": {"type": "webhook", "url": "https://example.com/news"}}
MINUTELY = {"name": "minutely", "schedule": {"cron": "* * * * *"}, "job": {"target": HTTP_TARGET}}


def created(api: Api, path: str, body: Any) -> str:
    reply = api.post(path, body)
    assert reply.status == 201, reply.text
    return f"{path}/{reply.body['id']}"


def a_thing_of(api: Api, path: str) -> str:
    """The path of one, made for it."""
    match path:
        case "/v1/jobs/{job_id}":
            return f"/v1/jobs/{api.create(delay='1h')['id']}"
        case "/v1/channels/{channel_id}":
            return created(api, "/v1/channels", CHANNEL)
        case "/v1/subscriptions/{subscription_id}":
            channel = created(api, "/v1/channels", CHANNEL).rpartition("/")[2]
            return created(api, "/v1/subscriptions", {"name": "s", "channel_id": channel, "events": ["job.failed"]})
        case "/v1/alert-rules/{rule_id}":
            return created(api, "/v1/alert-rules", {"name": "r", "kind": "failed_for_good"})
        case "/v1/escalation-policies/{policy_id}":
            channel = created(api, "/v1/channels", CHANNEL).rpartition("/")[2]
            return created(
                api, "/v1/escalation-policies", {"name": "p", "steps": [{"after": "0s", "channels": [channel]}]}
            )
    raise AssertionError(f"none is made of {path}")


TOLD = [path for (_, path), one in OPERATIONS.items() if IF_NONE_MATCH in one.parameters]


@pytest.mark.parametrize("path", [path for path in TOLD if not path.startswith("/v1/dead-letters/")])
def test_what_the_client_has_is_not_answered_again(api: Api, path: str) -> None:
    thing = a_thing_of(api, path)
    whole = api.get(thing)

    again = api.get(thing, headers={"If-None-Match": whole.headers["etag"]})
    other = api.get(thing, headers={"If-None-Match": '"999"'})

    assert (again.status, again.text, again.headers["etag"]) == (304, "", whole.headers["etag"])
    assert {"x-correlation-id", "cache-control"} <= again.headers.keys()
    assert (other.status, other.body) == (200, whole.body)


def test_a_dead_letter_that_the_client_has_is_not_answered_again(api: Api) -> None:
    path = f"/v1/dead-letters/{failed(api).id}"

    assert api.get(path, headers={"If-None-Match": api.get(path).headers["etag"]}).status == 304


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"1"', 304),
        ('W/"1"', 304),
        ('"7", W/"1" , "9"', 304),
        ("*", 304),
        ('"2"', 200),
        ("1", 200),
        ('"1', 200),
        ("", 200),
        (", ".join(f'"{tag}"' for tag in range(2, 5_000)), 200),
    ],
)
def test_it_names_one_tag_or_several_and_what_is_no_tag_names_nothing(api: Api, header: str, status: int) -> None:
    path = f"/v1/jobs/{api.create(delay='1h')['id']}"

    reply = api.get(path, headers={"If-None-Match": header})

    assert reply.status == status
    assert bool(reply.text) is (status == 200)


def test_a_change_is_answered_whole(api: Api) -> None:
    path = f"/v1/jobs/{api.create(delay='1h')['id']}"

    changed = api.patch(path, {"name": "renamed"}, headers={"If-None-Match": "*"})

    assert (changed.status, changed.body["name"]) == (200, "renamed")
    assert api.get(path, headers={"If-None-Match": '"1"'}).body == changed.body
    assert api.get("/v1/jobs", headers={"If-None-Match": "*"}).status == 200
    assert api.get("/v1/jobs/unknown", headers={"If-None-Match": "*"}).slug == "not-found"
    assert api.get(path, headers={"If-None-Match": '"2"'}, scopes="write").slug == "forbidden"
    assert api.request("HEAD", path, headers={"If-None-Match": '"2"'}).status == 304


def test_a_job_that_runs_is_answered_whole(api: Api) -> None:
    """Its version tells of no sign of life."""
    running = begin(api, api.create()["id"])

    reply = api.get(f"/v1/jobs/{running.id}", headers={"If-None-Match": f'"{running.version}"'})

    assert (reply.status, reply.body["status"]) == (200, "running")


@pytest.mark.parametrize("path", ["/v1/templates", "/v1/maintenance-windows"])
def test_what_has_more_in_it_than_its_version_tells_is_answered_whole(api: Api, path: str) -> None:
    window = {"starts_at": "2026-03-01T13:00:00Z", "ends_at": "2026-03-01T14:00:00Z"}
    bodies = {"/v1/templates": MINUTELY, "/v1/maintenance-windows": {"name": "w", "effect": "hold", **window}}
    thing = created(api, path, bodies[path])
    before = api.get(thing)
    api.clock.advance(3_700)

    after = api.get(thing, headers={"If-None-Match": before.headers["etag"]})

    assert (after.status, after.headers["etag"]) == (200, before.headers["etag"])
    assert after.body != before.body


def test_a_calendar_whose_users_have_followed_is_answered_whole(api: Api) -> None:
    api.put("/v1/calendars/office", {"weekend": ["saturday"]})

    assert api.get("/v1/calendars/office", headers={"If-None-Match": '"1"'}).body["version"] == 1


def test_the_description_names_those_that_are_not_answered_again_and_only_these() -> None:
    assert {method for (method, _), one in OPERATIONS.items() if IF_NONE_MATCH in one.parameters} == {"GET"}
    assert set(TOLD) == {
        "/v1/jobs/{job_id}",
        "/v1/dead-letters/{job_id}",
        "/v1/channels/{channel_id}",
        "/v1/subscriptions/{subscription_id}",
        "/v1/alert-rules/{rule_id}",
        "/v1/escalation-policies/{policy_id}",
    }
    assert set(TOLD) <= {route.path for route in ROUTES if route.method == "GET"}
