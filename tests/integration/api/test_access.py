"""Who may do what, and what there is without a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.api.routes import ROUTES
from shared.model.api_key import Scope
from shared.model.errors import StoreUnavailable
from tests.http_api import http_event
from tests.jobs import at

if TYPE_CHECKING:
    from tests.http_api import Api

REPORTS = [route for route in ROUTES if route.path.startswith("/v1/executions/")]
IN_V1 = [route for route in ROUTES if route.path.startswith("/v1/") and route not in REPORTS]


def filled(path: str) -> str:
    return path.replace("{job_id}", "06c3v8n1r4t7x2z5b8d1f4h7").replace("{attempt}", "1")


@pytest.mark.parametrize("route", IN_V1, ids=lambda route: f"{route.method} {route.path}")
def test_no_route_answers_without_a_caller(api: Api, route: Any) -> None:
    reply = api.request(route.method, filled(route.path), {}, tenant=None)

    assert (reply.status, reply.slug) == (401, "unauthenticated")
    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", IN_V1, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("scope", [None, *Scope])
def test_a_key_needs_the_routes_own_scope_and_admin_includes_none(api: Api, route: Any, scope: Scope | None) -> None:
    reply = api.request(route.method, filled(route.path), {}, scopes=scope or "")

    assert route.scope in {Scope.READ, Scope.ADMIN if route.path == "/v1/retention" else Scope.WRITE}
    if scope is route.scope:
        assert reply.status not in {401, 403}
    else:
        assert (reply.status, reply.slug) == (403, "forbidden")
        assert f"the scope {route.scope}" in reply.body["detail"]


@pytest.mark.parametrize("route", REPORTS, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("token", ["x", "pxt1.acme.job.1", "pxt1.ACME.job.1.c", "pxt1.acme.job.1.c.more", "%20"])
def test_a_report_needs_no_key_but_a_token(api: Api, route: Any, token: str) -> None:
    path = route.path.replace("{token}", token)

    by_nobody = api.request(route.method, path, None if route.method == "GET" else {}, tenant=None)

    assert route.scope is None
    assert (by_nobody.status, by_nobody.slug) == (404, "not-found")


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/jobs/a/b/c", "/v1/executions/x/y"])
def test_without_a_key_nothing_is_told_about_what_is_under_v1(api: Api, path: str) -> None:
    assert api.request("GET", path, tenant=None).status == 401


@pytest.mark.parametrize("path", ["/", "/nothing", "/v2/jobs", "/v1jobs", "//v1/jobs", "/docs/", "/health/x"])
def test_elsewhere_there_is_nothing(api: Api, path: str) -> None:
    reply = api.request("GET", path, tenant=None)

    assert (reply.status, reply.slug) == (404, "not-found")


@pytest.mark.parametrize(
    "claims", [{}, {"tenant": ""}, {"tenant": "ACME"}, {"tenant": "a#b"}, {"tenant": 5}, {"tenant": None}]
)
def test_a_context_that_names_no_tenant_is_none(api: Api, claims: dict[str, Any]) -> None:
    event = http_event("GET", "/v1/jobs")
    event["requestContext"]["authorizer"] = {"lambda": claims}

    assert api.send(event).status == 401


@pytest.mark.parametrize("path", ['/v1/jobs/a"b', "/v1/jobs/a`b/run", "/v1/jobs/", "/v1/jobs//run"])
def test_an_id_that_cannot_be_one_is_an_unknown_job_or_path_not_a_wrong_method(api: Api, path: str) -> None:
    method = "POST" if path.endswith("run") else "GET"

    assert api.request(method, path).slug == "not-found"


def test_a_wrong_method_is_told_the_right_ones(api: Api) -> None:
    assert api.request("DELETE", "/v1/jobs").headers["allow"] == "GET, HEAD, POST"
    assert api.request("DELETE", "/v1/jobs/bulk").headers["allow"] == "GET, HEAD, PATCH, POST"
    assert api.request("OPTIONS", "/health", tenant=None).headers["allow"] == "GET, HEAD"


def test_health_asks_nobody_and_ready_asks_both_tables(api: Api) -> None:
    assert api.get("/health", tenant=None).body == {"status": "ok"}
    assert api.get("/ready", tenant=None).body == {"status": "ready", "last_seen": {}}


def test_ready_tells_when_each_function_last_got_through_all_of_its_shards(api: Api) -> None:
    api.beats.note("populator", ["high#00", "low#00"], at(-60))
    api.beats.note("populator", ["low#00"], at(-1))

    assert api.get("/ready", tenant=None).body["last_seen"] == {"populator": "2026-03-01T11:59:00.000Z"}


def test_a_scheduler_that_stands_still_is_not_ready_and_says_which_part(api: Api) -> None:
    api.beats.note("populator", ["high#00"], at(-241))
    api.beats.note("recurrence", ["00"], at(-30))

    reply = api.get("/ready", tenant=None)

    assert (reply.status, reply.slug) == (503, "not-ready")
    assert "nothing was heard of populator for minutes" in reply.body["detail"]
    assert api.create()["status"] == "scheduled"


def test_what_else_notes_how_far_it_got_has_no_say_in_whether_the_scheduler_is_ready(api: Api) -> None:
    api.beats.note("breaker-events", ["all"], at(-900))

    assert api.get("/ready", tenant=None).body == {"status": "ready", "last_seen": {}}


def test_not_ready_says_what_is_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise StoreUnavailable("get job", outcome_unknown=False)

    monkeypatch.setattr(api.jobs, "get", away)
    monkeypatch.setattr(api.keys, "is_reachable", lambda: False)

    reply = api.get("/ready", tenant=None)

    assert (reply.status, reply.slug) == (503, "not-ready")
    assert "the control table and the jobs table" in reply.body["detail"]
    assert api.get("/health", tenant=None).status == 200


def test_every_answer_is_for_its_caller_alone(api: Api) -> None:
    for reply in (api.get("/health"), api.get("/v1/jobs"), api.get("/nothing")):
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["x-correlation-id"]
