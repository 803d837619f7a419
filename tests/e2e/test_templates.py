"""Templates on the running system, over HTTP only: what clients do, and what then runs."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

ECHO = {"type": "task", "name": "examples.echo"}


def each_other_second() -> dict[str, Any]:
    """Not for ever: how long it takes to plan and to withdraw hundreds of jobs is not what these tests are about."""
    return {"every": "2s", "end_at": (datetime.now(UTC) + timedelta(minutes=4)).isoformat()}


def create(client: Client, **members: Any) -> dict[str, Any]:
    body = {"name": "e2e", "schedule": each_other_second(), "job": {"target": ECHO}, **members}
    answer = client.call("POST", "/v1/templates", body)
    assert answer.status == 201, answer
    found: dict[str, Any] = answer.json
    return found


def jobs_of(client: Client, template: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    parameters = "".join(f"&{name}={value}" for name, value in query.items())
    answer = client.call("GET", f"/v1/jobs?limit=200&template_id={template['id']}{parameters}")
    assert answer.status == 200, answer
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def act(client: Client, template: dict[str, Any], action: str, body: Any = None) -> dict[str, Any]:
    answer = client.call("POST", f"/v1/templates/{template['id']}/{action}", body)
    assert answer.status in {200, 201}, answer
    found: dict[str, Any] = answer.json
    return found


def wait_for(
    client: Client, template: dict[str, Any], are_enough: Callable[[list[dict[str, Any]]], bool], timeout: float = 60
) -> list[dict[str, Any]]:
    """The template's jobs that succeeded, once they are enough."""
    give_up = time.monotonic() + timeout
    while True:
        found = jobs_of(client, template, status="succeeded")
        if are_enough(found):
            return found
        assert time.monotonic() < give_up, jobs_of(client, template)[:5]
        time.sleep(0.5)


@pytest.mark.meanwhile
def test_a_new_template_runs_at_once_and_stops_when_it_is_paused(new_client: Callable[..., Client]) -> None:
    client = new_client("pausing", "read", "write")
    template = create(client, job={"target": ECHO, "payload": {"n": "{{ occurrence_number | number }}"}})

    ran = wait_for(client, template, lambda jobs: {1, 2, 3} <= {job["payload"]["n"] for job in jobs})
    paused = act(client, template, "pause", {"note": "enough"})
    left = jobs_of(client, template, status="scheduled")

    assert len({job["payload"]["n"] for job in ran}) == len(ran)
    assert len({job["nominal_at"] for job in ran}) == len(ran)
    assert paused["status"] == "paused"
    assert all(job["run_at"] <= paused["pause"]["at"] for job in left)
    assert client.call("GET", f"/v1/templates/{template['id']}").json["last_run"]["status"] in {"succeeded", "running"}


@pytest.mark.meanwhile
def test_an_edit_a_trigger_and_a_deletion_do_what_they_say(new_client: Callable[..., Client]) -> None:
    client = new_client("editing", "read", "write")
    template = create(client, schedule={"cron": "0 0 1 1 *"}, external_key="yearly")

    triggered = act(client, template, "trigger")
    done = client.wait_until(triggered["id"])
    edited = client.call("PATCH", f"/v1/templates/{template['id']}", {"schedule": each_other_second()})
    wait_for(client, template, lambda jobs: len(jobs) > 2)
    deleted = client.call("DELETE", f"/v1/templates/{template['id']}").json

    assert (done["status"], done["template_id"]) == ("succeeded", template["id"])
    assert (edited.status, edited.json["version"]) == (200, 2)
    withdrawn = jobs_of(client, template, status="skipped")
    assert {job["reason"] for job in withdrawn} == {"withdrawn"}
    assert deleted["status"] == "deleted"
    hourly = {"name": "a", "schedule": {"every": "1h"}, "job": {"target": ECHO}}
    again = client.call("PUT", "/v1/templates/by-key/yearly", hourly)
    assert (again.status, again.json["id"] != template["id"]) == (201, True)
    client.call("DELETE", f"/v1/templates/{again.json['id']}")
