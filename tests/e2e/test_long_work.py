"""Work that outlives the call of its target: reported over the API, resumed after a death."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local.receiver import Received, Receiver
    from tests.e2e.conftest import Answer, Client

pytestmark = pytest.mark.e2e


def test_work_of_an_http_target_is_reported_with_its_lease_token_alone(
    api: Client, stranger: Client, receiver: Receiver
) -> None:
    job = api.create(
        {
            "target": {"type": "http", "url": f"{receiver.url}/accepts"},
            "completion": "callback",
            "timeout": "1h",
            "heartbeat_timeout": "1m",
        }
    )
    awaiting = api.wait_until(job["id"], "running", when=lambda one: one["awaiting_callback_since"] is not None)
    token = _received(receiver, "/accepts").headers["x-punctual-lease-token"]

    beat = _report(stranger, token, "heartbeat")
    ended = _report(stranger, token, "complete", {"output": {"rows": 3}})
    late = _report(stranger, token, "heartbeat")

    assert awaiting["executions"][-1]["awaiting_callback_since"] == awaiting["awaiting_callback_since"]
    assert (beat.status, beat.json["cancel_requested"]) == (200, False)
    assert (ended.status, ended.json["status"]) == (200, "succeeded")
    assert (late.status, late.json["type"]) == (409, "/problems/lease-lost")
    assert api.job(job["id"])["executions"][0]["output"] == '{"rows":3}'


def _received(receiver: Receiver, path: str) -> Received:
    return [one for one in receiver.received if one.path == path][-1]


def _report(client: Client, token: str, what: str, body: Any = None) -> Answer:
    return client.call("POST", f"/v1/executions/{token}/{what}", body)
