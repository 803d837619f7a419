"""Channels over the API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shared.model import limits
from shared.model.channel import ChannelKind
from shared.model.errors import ItemChanged
from shared.model.groups import NOTIFICATIONS
from shared.model.job import JobKey
from tests.channels import a_channel

if TYPE_CHECKING:
    from tests.http_api import Api, Reply

SLACK = {"type": "slack", "url": "https://hooks.slack.example/services/planted"}
PAGER = {"type": "pagerduty", "routing_key": "0123456789abcdef0123456789abcdef"}
HOOK = {"type": "webhook", "url": "https://example.com/news"}


def create(api: Api, service: dict[str, Any] | None = None, **headers: str) -> Reply:
    return api.post("/v1/channels", {"name": "on call", "service": service or SLACK}, headers=headers)


def at_path(channel: dict[str, Any]) -> str:
    return f"/v1/channels/{channel['id']}"


@pytest.mark.parametrize(
    ("service", "shown"),
    [
        (SLACK, {"type": "slack", "url": "***"}),
        (PAGER, {"type": "pagerduty", "routing_key": "***"}),
        ({**PAGER, "region": "eu"}, {"type": "pagerduty", "routing_key": "***", "region": "eu"}),
        (HOOK, HOOK),
        (
            {**HOOK, "headers": {"X-Api-Key": "planted", "X-Team": "ops"}},
            {**HOOK, "headers": {"X-Api-Key": "***", "X-Team": "ops"}},
        ),
    ],
)
def test_a_channel_is_answered_as_it_was_sent_without_its_secrets(
    api: Api, service: dict[str, Any], shown: dict[str, Any]
) -> None:
    reply = create(api, service)

    assert (reply.status, reply.headers["etag"]) == (201, '"1"')
    assert (reply.body["name"], reply.body["service"], reply.body["version"]) == ("on call", shown, 1)
    assert api.get(reply.headers["location"]).body == reply.body
    assert api.get("/v1/channels").body == {"items": [reply.body]}


def test_no_secret_of_a_channel_is_told_to_the_log(api: Api) -> None:
    reply = create(api)
    api.put(at_path(reply.body), {"name": "renamed", "service": SLACK})

    assert "planted" not in json.dumps(api.telemetry.notes, default=str)


def test_a_channel_of_another_tenant_is_not_found(api: Api) -> None:
    channel = create(api).body
    path = at_path(channel)

    assert api.get(path, tenant="other").slug == "not-found"
    assert api.delete(path, tenant="other").slug == "not-found"
    assert api.post(f"{path}/test", tenant="other").slug == "not-found"
    assert api.get("/v1/channels", tenant="other").body == {"items": []}
    assert api.get("/v1/channels/..%2f..").slug == "not-found"


def test_the_same_call_sent_twice_creates_one_channel(api: Api) -> None:
    first = create(api, **{"Idempotency-Key": "k"})
    again = create(api, **{"Idempotency-Key": "k"})

    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    assert create(api, HOOK, **{"Idempotency-Key": "k"}).slug == "idempotency-key-reused"
    assert len(api.channels.all_of("acme")) == 1


def test_a_hidden_secret_that_is_sent_back_stays(api: Api) -> None:
    channel = create(api).body

    reply = api.put(at_path(channel), {"name": "renamed", "service": channel["service"]})

    assert (reply.status, reply.body["name"], reply.body["version"]) == (200, "renamed", 2)
    assert api.channels.get("acme", channel["id"]).settings == {"url": SLACK["url"]}


def test_hidden_headers_that_are_sent_back_stay(api: Api) -> None:
    channel = create(api, {**HOOK, "headers": {"X-Api-Key": "planted"}}).body

    api.put(at_path(channel), {"name": "renamed", "service": channel["service"]})

    assert api.channels.get("acme", channel["id"]).settings["headers"] == {"X-Api-Key": "planted"}


@pytest.mark.parametrize("url", ["https://example.org/news", "https://example.com:8443/news"])
def test_a_hidden_header_does_not_go_to_another_host_than_it_was_told_for(api: Api, url: str) -> None:
    channel = create(api, {**HOOK, "headers": {"X-Api-Key": "planted"}}).body

    moved = api.put(at_path(channel), {"name": "x", "service": {**channel["service"], "url": url}})
    path = api.put(at_path(channel), {"name": "x", "service": {**channel["service"], "url": f"{HOOK['url']}/more"}})

    assert (moved.slug, moved.pointers) == ("validation-failed", ["/service/headers/X-Api-Key"])
    assert path.status == 200
    assert api.channels.get("acme", channel["id"]).settings["headers"] == {"X-Api-Key": "planted"}


@pytest.mark.parametrize(
    ("service", "pointer"),
    [
        ({"type": "slack", "url": "***"}, "/service/url"),
        ({"type": "pagerduty", "routing_key": "***"}, "/service/routing_key"),
        ({**HOOK, "headers": {"X-Api-Key": "***"}}, "/service/headers/X-Api-Key"),
    ],
)
def test_a_hidden_secret_that_was_never_told_is_refused(api: Api, service: dict[str, Any], pointer: str) -> None:
    reply = create(api, service)

    assert (reply.slug, reply.pointers) == ("validation-failed", [pointer])


def test_a_secret_of_one_service_does_not_become_one_of_another(api: Api) -> None:
    channel = create(api).body

    reply = api.put(at_path(channel), {"name": "x", "service": {"type": "pagerduty", "routing_key": "***"}})

    assert reply.slug == "validation-failed"


@pytest.mark.parametrize(
    ("service", "slug", "pointer"),
    [
        ({"type": "pigeon"}, "validation-failed", "/service/type"),
        ({"type": "slack"}, "validation-failed", "/service/url"),
        ({"type": "slack", "url": "http://example.com/"}, "target-url-forbidden", "/service/url"),
        ({"type": "webhook", "url": "https://169.254.169.254/"}, "target-url-forbidden", "/service/url"),
        ({**HOOK, "headers": {"Host": "x"}}, "invalid-header", "/service/headers/Host"),
        ({"type": "pagerduty", "routing_key": "short"}, "validation-failed", "/service/routing_key"),
        (
            {"type": "sns", "topic_arn": "arn:aws:sns:eu-central-1:123456789012:other"},
            "target-not-allowed",
            "/service/topic_arn",
        ),
        ({"type": "email", "addresses": ["ops@example.com"]}, "target-not-allowed", "/service/type"),
        ({"type": "email", "addresses": []}, "validation-failed", "/service/addresses"),
        ({"type": "email", "addresses": ["a\r\nBcc: b@c.de"]}, "validation-failed", "/service/addresses/0"),
        ({**SLACK, "extra": 1}, "validation-failed", "/service/extra"),
    ],
)
def test_what_may_not_be_called_is_refused_with_its_place(
    api: Api, service: dict[str, Any], slug: str, pointer: str
) -> None:
    reply = create(api, service)

    assert (reply.slug, reply.pointers) == (slug, [pointer])
    assert api.channels.all_of("acme") == []


def test_a_change_of_a_version_that_is_gone_is_refused(api: Api) -> None:
    channel = create(api).body
    api.put(at_path(channel), {"name": "renamed", "service": HOOK})

    stale = {"If-Match": '"1"'}

    assert api.put(at_path(channel), {"name": "x", "service": HOOK}, headers=stale).slug == "precondition-failed"
    assert api.delete(at_path(channel), headers=stale).slug == "precondition-failed"
    assert api.get(at_path(channel)).body["name"] == "renamed"


def test_a_deleted_channel_is_gone(api: Api) -> None:
    channel = create(api).body

    assert api.delete(at_path(channel)).body == channel
    assert api.get(at_path(channel)).slug == "not-found"


def test_there_are_so_many_channels_and_no_more(api: Api) -> None:
    for number in range(limits.MAX_CHANNELS):
        api.channels.create(a_channel(id=f"c{number}"))

    assert create(api).slug == "limit-reached"


def test_a_change_that_others_overtake_again_and_again_is_a_conflict(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = create(api).body

    def overtaken(item: object) -> None:
        raise ItemChanged("channel", channel["id"])

    monkeypatch.setattr(api.channels, "replace", overtaken)
    monkeypatch.setattr(api.channels, "delete", overtaken)

    assert api.put(at_path(channel), {"name": "x", "service": HOOK}).slug == "conflict"
    assert api.delete(at_path(channel)).slug == "conflict"


def test_a_trial_is_a_job_that_tells_the_channel(api: Api) -> None:
    channel = create(api).body

    reply = api.post(f"{at_path(channel)}/test")

    job = api.jobs.get(JobKey("acme", reply.body["id"]))
    assert (reply.status, reply.headers["location"]) == (202, f"/v1/jobs/{job.id}")
    assert (job.target, job.group) == ({"type": "channel", "channel_id": channel["id"]}, NOTIFICATIONS)
    assert "test" in json.loads(job.payload.data or b"")["summary"]


def test_a_job_may_have_a_channel_as_its_target(api: Api) -> None:
    channel = create(api).body
    target = {"type": "channel", "channel_id": channel["id"]}

    reply = api.post("/v1/jobs", {"target": target, "payload": {"summary": "the backup is due"}})

    assert (reply.status, reply.body["target"]) == (201, target)


def test_every_kind_of_channel_has_a_shape(api: Api) -> None:
    schema = api.get("/openapi.json").body["components"]["schemas"]["NewChannel"]["properties"]["service"]

    assert schema["discriminator"]["mapping"].keys() == {str(kind) for kind in ChannelKind}
