"""Alerts on the running system: jobs fail, the right ones are told, and told once that it is over."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.receiver import Receiver
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

_FAILURES = 30
# The watcher looks once a minute.
_PATIENCE_SECONDS = 200


def made(api: Client, path: str, body: dict[str, Any]) -> str:
    answer = api.call("POST", path, body)
    assert answer.status == 201, answer
    item_id: str = answer.json["id"]
    return item_id


def told(receiver: Receiver, path: str) -> list[tuple[str, str]]:
    """What a channel was told: each event's id and type, the same event that came twice once."""
    documents = [json.loads(one.body) for one in receiver.received if one.path == path]
    return list(dict.fromkeys((one["id"], one["type"]) for one in documents))


def wait_for(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.5)


@pytest.mark.meanwhile
@pytest.mark.timeout(600)
def test_failures_open_one_alert_that_escalates_and_recovers_and_each_is_told_once(
    new_client: Callable[..., Client], receiver: Receiver
) -> None:
    api = new_client("alerted", "read", "write")
    pager, boss = (
        made(
            api,
            "/v1/channels",
            {"name": name, "service": {"type": "webhook", "url": f"{receiver.url}/{name}"}},
        )
        for name in ("pager", "boss")
    )
    steps = [{"after": "0s", "channels": [pager]}, {"after": "1s", "channels": [boss]}]
    policy = made(api, "/v1/escalation-policies", {"name": "on call", "steps": steps})
    rule = {"name": "nightly", "kind": "failed_for_good", "scope": {"group": "nightly"}, "grace": "0s"}
    made(api, "/v1/alert-rules", {**rule, "escalation_policy_id": policy})
    failing = {
        "target": {"type": "http", "url": f"{receiver.url}/gone?fail=9999&status=400"},
        "group": "nightly",
        "retry": {"max_attempts": 1},
    }

    api.call("POST", "/v1/jobs/bulk", {"jobs": [failing] * _FAILURES})

    wait_for(lambda: len(told(receiver, "/pager")) >= 1 and len(told(receiver, "/boss")) >= 1)
    wait_for(lambda: api.call("GET", "/v1/alerts?state=live").json["items"][0]["count"] == _FAILURES)
    (alert,) = api.call("GET", "/v1/alerts").json["items"]
    assert alert["state"] == "escalated"
    api.create({"target": {"type": "http", "url": f"{receiver.url}/well"}, "group": "nightly"})
    wait_for(lambda: "alert.resolved" in [kind for _, kind in told(receiver, "/boss")])
    time.sleep(2)
    assert [kind for _, kind in told(receiver, "/pager")] == ["alert.opened", "alert.resolved"]
    assert [kind for _, kind in told(receiver, "/boss")] == ["alert.escalated", "alert.resolved"]
    found = api.call("GET", f"/v1/alerts/{alert['id']}").json
    assert [one["move"] for one in found["history"]] == ["open", "escalate", "resolve"]
    assert (found["count"], len(found["jobs"])) == (_FAILURES, 10)
