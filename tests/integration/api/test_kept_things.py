"""What holds alike for all small things that a tenant keeps: channels, subscriptions, alert rules, policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.http_api import Api

KINDS = ("channels", "subscriptions", "alert-rules", "escalation-policies")
HOOK = {"type": "webhook", "url": "https://example.com/news", "headers": {"X-Token": "s"}}


def made(api: Api, kind: str) -> tuple[str, dict[str, Any]]:
    """The path of one of that kind, and the body that made it."""
    body = _body_of(api, kind)
    return f"/v1/{kind}/{api.post(f'/v1/{kind}', body).body['id']}", body


def _body_of(api: Api, kind: str) -> dict[str, Any]:
    if kind == "channels":
        return {"name": "one", "service": HOOK}
    if kind == "alert-rules":
        return {"name": "one", "kind": "nothing_succeeded", "threshold": "1h", "scope": {"group": "g"}}
    channel = api.post("/v1/channels", _body_of(api, "channels")).body["id"]
    if kind == "subscriptions":
        return {"name": "one", "channel_id": channel, "events": ["job.failed"], "filter": {"tags": {"a": "b"}}}
    return {"name": "one", "steps": [{"after": "0s", "channels": [channel]}]}


@pytest.mark.parametrize("kind", KINDS)
def test_what_changes_nothing_makes_no_version(api: Api, kind: str) -> None:
    path, body = made(api, kind)
    before = api.get(path)
    api.clock.advance(60)

    same = api.put(path, body)
    another = api.put(path, {**body, "name": "another"})

    assert (same.status, same.body, same.headers["etag"]) == (200, before.body, '"1"')
    assert another.headers["etag"] == '"2"'
    assert another.body["changed_at"] > before.body["changed_at"]
