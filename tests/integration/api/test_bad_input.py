"""Every row of the table of bad input, as API Gateway hands it over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.api.problems import PROBLEMS
from tests.bad_input import BAD_INPUT, TEMPLATE, BadInput
from tests.http_api import http_event
from tests.jobs import TENANT

if TYPE_CHECKING:
    from shared.ports.versioned import VersionedStore
    from tests.http_api import Api


@pytest.mark.parametrize("row", BAD_INPUT, ids=lambda row: row.name[:60])
def test_bad_input_is_refused_with_a_reason_and_stores_nothing(api: Api, row: BadInput) -> None:
    waiting, ended = api.create(delay="1h")["id"], api.create(delay="1h")["id"]
    api.post(f"/v1/jobs/{ended}/cancel")
    template = api.post("/v1/templates", TEMPLATE).body["id"]
    before = state_of(api)

    path, _, query = row.path.format(job=waiting, ended=ended, template=template).partition("?")
    reply = api.send(http_event(row.method, path, query=query, headers=row.headers, body=row.body))

    assert (reply.status, reply.slug) == (row.status, row.slug), reply.text
    assert reply.status == PROBLEMS[row.slug][0]
    if row.pointer is not None:
        assert reply.pointers[0] == row.pointer, reply.text
        assert all(error["detail"] and "see /docs" not in error["detail"] for error in reply.body["errors"]), reply.text
    assert state_of(api) == before


def state_of(api: Api) -> tuple[Any, ...]:
    """All that is stored: jobs and templates, what lies beside them, keys, and what clients keep."""
    store = api.templates
    beside = (len(api.jobs._payloads), len(store._payloads), len(store._versions))
    stores: tuple[VersionedStore[Any], ...] = (api.alert_ports.rules, api.alert_ports.policies, api.subscriptions)
    kept = [one.all_of(TENANT) for one in stores]
    return api.jobs.all_jobs(), dict(store._templates), dict(store._external_keys), beside, kept
