"""The API's description of itself is complete, true, and the one that is kept."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import validate

from functions.api.description import answers
from functions.api.description.openapi import openapi_document, openapi_text, problems_of
from functions.api.description.operations import OPERATIONS
from functions.api.models.faults import validated
from functions.api.problems import PROBLEMS
from functions.api.routes import ROUTES
from shared.model import moves
from shared.model.execution import Output
from tests.bad_input import BAD_INPUT
from tests.http_api import HTTP_TARGET
from tests.jobs import RETENTION, claim_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    from functions.api.description.operation import Operation
    from tests.http_api import Api

ROOT = Path(__file__).parents[3]


def test_the_kept_document_is_the_one_that_the_code_makes() -> None:
    kept = (ROOT / "docs" / "openapi.json").read_text()

    assert kept == openapi_text(), "python -m functions.api.description.openapi > docs/openapi.json"


def test_the_document_is_valid_openapi() -> None:
    validate(openapi_document())


def test_every_route_is_described_and_nothing_else() -> None:
    assert set(OPERATIONS) == {(route.method, route.path) for route in ROUTES}


def test_the_document_is_served_as_it_is_kept(api: Api) -> None:
    assert api.get("/openapi.json", tenant=None).text == openapi_text()


def test_the_page_shows_every_operation_and_needs_nothing_from_elsewhere(api: Api) -> None:
    reply = api.get("/docs", tenant=None)

    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert not re.search(r"<script|<link|<img|src=|url\(|@import|https?://(?!example)", reply.text)
    for operation in OPERATIONS.values():
        assert f'id="{operation.id}"' in reply.text
    targets = set(re.findall(r'href="#([^"]+)"', reply.text))
    assert targets <= set(re.findall(r'id="([^"]+)"', reply.text))


def test_every_member_of_a_request_is_explained() -> None:
    shapes = openapi_document()["components"]["schemas"]

    # A shape of answers may have a member without words; one of requests may not.
    asked = {"NewJob", "NewJobs", "JobPatch", "Reschedule", "Retry", *(name for name in shapes if "Target" in name)}
    assert len(asked) == 24
    for name in asked:
        for member, schema in shapes[name]["properties"].items():
            assert schema.get("description"), f"{name}.{member}"


@pytest.mark.parametrize("operation", [one for one in OPERATIONS.values() if one.body], ids=lambda one: one.id)
def test_every_body_has_an_example_that_is_accepted_and_shown(api: Api, operation: Operation) -> None:
    assert operation.body is not None

    # What is in a merge patch is complete only together with what there is.
    if not operation.is_patch:
        validated(operation.body, operation.example)

    page = unescape(api.get("/docs", tenant=None).text)
    assert f"<pre>{json.dumps(operation.example, indent=2)}</pre>" in page


def test_the_example_of_a_create_creates_a_job(api: Api) -> None:
    assert api.post("/v1/jobs", OPERATIONS["POST", "/v1/jobs"].example).status == 201
    results = api.post("/v1/jobs/bulk", OPERATIONS["POST", "/v1/jobs/bulk"].example).body["results"]
    assert [result["status"] for result in results] == [201, 201]


def test_every_problem_that_bad_input_gets_is_described() -> None:
    described = {(route.method, route.path): problems_of(route) for route in ROUTES}
    for row in BAD_INPUT:
        path = row.path.partition("?")[0].format(job="a", ended="a", template="a")
        route = next((one for one in ROUTES if one.method == row.method and one.matches(path)), None)
        if route is not None:
            assert row.slug in described[route.method, route.path], row.name


def test_the_reference_explains_every_problem() -> None:
    reference = (ROOT / "docs" / "api.md").read_text()

    for slug, (status, _) in PROBLEMS.items():
        assert re.search(rf"\| {status} \| `{slug}` \|", reference), slug


def test_answers_have_the_members_that_are_described_and_no_others(api: Api) -> None:
    job = api.create(payload={"a": 1}, retry={"max_attempts": 2}, tags={"a": "b"}, name="a", expires_after="1h")
    stored = api.stored(job["id"])
    running = api.jobs.change_and_get(stored.key, claim_of(stored, now=api.clock.now()))
    api.jobs.change(
        stored.key, moves.succeed(running, output=Output("done", 4), now=api.clock.now(), retention=RETENTION)
    )

    check(answers.Job, api.get(f"/v1/jobs/{stored.id}").body)
    check(answers.JobList, {"next_cursor": None, **api.get("/v1/jobs").body})
    check(answers.ExecutionList, api.get(f"/v1/jobs/{stored.id}/executions").body)
    check(answers.Problem, {"state": None, **api.get("/v1/jobs/nothing").body})
    check(answers.Problem, api.post(f"/v1/jobs/{stored.id}/run").body)
    check(answers.ServiceStatus, api.get("/health").body)
    results = api.post("/v1/jobs/bulk", {"jobs": [{"target": HTTP_TARGET}, {}]}).body["results"]
    for result in results:
        answers.BulkResult.model_validate(result, extra="forbid")


def check(shape: type[BaseModel], body: dict[str, Any]) -> None:
    """`body` has each member of `shape`, and each object in it only members that are described."""
    assert set(body) == set(shape.model_fields)
    shape.model_validate(body, extra="forbid")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_description_is_valid_json_without_a_key(api: Api, method: str) -> None:
    reply = api.request(method, "/openapi.json", tenant=None)

    assert reply.status == 200
    assert method == "HEAD" or json.loads(reply.text)["openapi"] == "3.1.0"
