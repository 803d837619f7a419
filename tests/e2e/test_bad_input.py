"""Every row of the table of bad input, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.bad_input import BAD_INPUT, TARGET, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bad_input import BadInput
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def tenant(new_client: Any) -> Client:
    """A tenant with two jobs, and nothing else; its key may do everything."""
    client: Client = new_client("bad-input", "read", "write", "admin")
    return client


@pytest.fixture(scope="module")
def waiting(tenant: Client) -> Iterator[dict[str, Any]]:
    return tenant.create({"delay": "1h", "target": TARGET})


@pytest.fixture(scope="module")
def ended(tenant: Client) -> dict[str, Any]:
    job = tenant.create({"delay": "1h", "target": TARGET})
    cancelled: dict[str, Any] = tenant.call("POST", f"/v1/jobs/{job['id']}/cancel").json
    return cancelled


@pytest.fixture(scope="module")
def template(tenant: Client) -> dict[str, Any]:
    created: dict[str, Any] = tenant.call("POST", "/v1/templates", TEMPLATE).json
    return created


@pytest.mark.parametrize("row", BAD_INPUT, ids=lambda row: row.name[:60])
def test_bad_input_is_refused_with_a_problem(
    tenant: Client, waiting: dict[str, Any], ended: dict[str, Any], template: dict[str, Any], row: BadInput
) -> None:
    path = row.path.format(job=waiting["id"], ended=ended["id"], template=template["id"])

    answer = tenant.call(row.method, path, row.body, headers=row.headers)

    assert answer.status == row.status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["type"] == f"/problems/{row.slug}"
    if row.pointer is not None:
        assert answer.json["errors"][0]["pointer"] == row.pointer


def test_nothing_of_all_that_was_stored(tenant: Client, waiting: dict[str, Any], ended: dict[str, Any]) -> None:
    listed = tenant.call("GET", "/v1/jobs?limit=200").json["items"]

    stored = {(job["id"], job["status"], job["version"]) for job in listed}
    assert stored == {(job["id"], job["status"], job["version"]) for job in (waiting, ended)}


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        pytest.param(None, 401, id="no credentials"),
        pytest.param("Bearer rubbish", 403, id="not a key"),
        pytest.param("Bearer demo_0123456789abcdef.secret", 403, id="an unknown key"),
        pytest.param("Basic ZGVtbzpkZW1v", 403, id="another scheme"),
    ],
)
def test_the_gateway_refuses_who_has_no_key(stranger: Client, authorization: str | None, status: int) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    assert stranger.call("GET", "/v1/jobs", headers=headers).status == status
