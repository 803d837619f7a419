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
def test_a_patch_changes_what_it_speaks_of_and_nothing_else(api: Api, kind: str) -> None:
    path, _ = made(api, kind)
    before = api.get(path).body

    reply = api.patch(path, {"name": "another"}, headers={"Content-Type": "application/merge-patch+json"})

    changed = {"name": "another", "version": 2, "changed_at": reply.body["changed_at"]}
    assert reply.status == 200
    assert reply.body == {**before, **changed} == api.get(path).body


def test_a_patch_keeps_the_secrets_that_it_does_not_speak_of(api: Api) -> None:
    path, _ = made(api, "channels")

    api.patch(path, {"service": {"headers": {"X-Plain": "p"}}})

    (channel,) = api.channels.all_of("acme")
    assert channel.settings["headers"] == {"X-Token": "s", "X-Plain": "p"}


def test_a_patch_moves_no_secret_to_a_host_of_its_own(api: Api) -> None:
    path, _ = made(api, "channels")

    reply = api.patch(path, {"service": {"url": "https://example.org/mine"}})

    assert (reply.slug, reply.pointers) == ("validation-failed", ["/service/headers/X-Token"])


def test_null_takes_a_member_back_to_its_default(api: Api) -> None:
    path, body = made(api, "alert-rules")
    api.put(path, {**body, "enabled": False, "severity": "critical"})

    assert api.patch(path, {"enabled": None, "severity": None}).body == {**api.get(path).body, "version": 3}
    assert [api.get(path).body[name] for name in ("enabled", "severity")] == [True, "warning"]


@pytest.mark.parametrize(
    ("kind", "patch", "pointer"),
    [
        ("channels", {"name": ""}, "/name"),
        ("channels", {"version": 7}, "/version"),
        ("channels", {"service": None}, "/service"),
        ("alert-rules", {"kind": "failed_for_good"}, "/threshold"),
        ("alert-rules", {"scope": {"tags": {"a": "b"}}}, "/scope"),
        ("escalation-policies", {"steps": [{"after": "0s", "channels": ["nobody"]}]}, "/steps/0/channels/0"),
        ("subscriptions", {"events": ["job.exploded"]}, "/events/0"),
        ("subscriptions", {"status": "on"}, "/status"),
    ],
)
def test_a_patch_that_leads_to_what_may_not_be_is_refused(api: Api, kind: str, patch: Any, pointer: str) -> None:
    path, _ = made(api, kind)
    before = api.get(path).body

    reply = api.patch(path, patch)

    assert (reply.slug, reply.pointers) == ("validation-failed", [pointer])
    assert api.get(path).body == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_patch_of_a_version_that_is_gone_is_refused(api: Api, kind: str) -> None:
    path, _ = made(api, kind)
    api.patch(path, {"name": "another"})

    assert api.patch(path, {"name": "third"}, headers={"If-Match": '"1"'}).slug == "precondition-failed"
    assert api.patch(path, {"name": "third"}, tenant="globex").slug == "not-found"


@pytest.mark.parametrize("kind", KINDS)
def test_what_changes_nothing_makes_no_version(api: Api, kind: str) -> None:
    path, body = made(api, kind)
    before = api.get(path)
    api.clock.advance(60)

    same = api.put(path, body)
    nothing = api.patch(path, {})
    another = api.put(path, {**body, "name": "another"})

    assert (same.status, same.body, same.headers["etag"]) == (200, before.body, '"1"')
    assert (nothing.status, nothing.body) == (200, before.body)
    assert another.headers["etag"] == '"2"'
    assert another.body["changed_at"] > before.body["changed_at"]
