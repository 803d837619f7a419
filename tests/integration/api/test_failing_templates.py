"""Over the API: after how many failures in a row a template is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.http_api import Api

TEMPLATE = {
    "name": "nightly",
    "schedule": {"cron": "*/5 * * * *"},
    "job": {"target": {"type": "task", "name": "examples.echo"}},
}


def test_a_template_is_never_paused_for_its_failures_unless_it_asks_for_it(api: Api) -> None:
    plain = api.post("/v1/templates", TEMPLATE).body
    asking = api.post("/v1/templates", {**TEMPLATE, "pause_after_failures": 5}).body

    assert (plain["pause_after_failures"], asking["pause_after_failures"]) == (None, 5)
    assert api.get(f"/v1/templates/{asking['id']}").body == asking


def test_it_can_be_changed_without_planning_the_jobs_anew(api: Api) -> None:
    template = api.post("/v1/templates", TEMPLATE).body
    jobs = list(api.jobs.all_jobs())

    changed = api.patch(f"/v1/templates/{template['id']}", {"pause_after_failures": 3})

    assert (changed.status, changed.body["pause_after_failures"], changed.body["version"]) == (200, 3, 2)
    assert list(api.jobs.all_jobs()) == jobs
    taken_back = api.patch(f"/v1/templates/{template['id']}", {"pause_after_failures": None})
    assert taken_back.body["pause_after_failures"] is None


@pytest.mark.parametrize("value", [1, 51, 0, -1, 2.5, "3", True])
def test_what_is_no_number_from_2_to_50_is_refused(api: Api, value: Any) -> None:
    reply = api.post("/v1/templates", {**TEMPLATE, "pause_after_failures": value})

    assert (reply.status, reply.pointers) == (422, ["/pause_after_failures"])
