"""Subscriptions over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.model import limits
from shared.model.errors import ItemChanged
from shared.model.event_types import FAMILIES, TYPES
from tests.channels import a_channel
from tests.subscriptions import a_subscription

if TYPE_CHECKING:
    from tests.http_api import Api, Reply

CHANNEL = a_channel()
NEW: dict[str, Any] = {"name": "to the data team", "channel_id": CHANNEL.id, "events": ["job.failed", "alert.*"]}
NOTHING_ASKED = {"template_id": None, "group": None, "priority": None, "tags": {}}


@pytest.fixture(autouse=True)
def _have_channel(api: Api) -> None:
    api.channels.create(CHANNEL)


def create(api: Api, headers: dict[str, str] | None = None, **members: Any) -> Reply:
    return api.post("/v1/subscriptions", {**NEW, **members}, headers=headers)


def at_path(subscription: dict[str, Any]) -> str:
    return f"/v1/subscriptions/{subscription['id']}"


def test_a_subscription_is_answered_as_it_was_sent(api: Api) -> None:
    wanted = {"template_id": "t1", "group": "nightly", "priority": "high", "tags": {"team": "data"}}

    reply = create(api, filter=wanted, status="paused")

    assert (reply.status, reply.headers["etag"]) == (201, '"1"')
    assert {name: reply.body[name] for name in NEW} == NEW
    assert (reply.body["filter"], reply.body["status"]) == (wanted, "paused")
    assert api.get(reply.headers["location"]).body == reply.body
    assert api.get("/v1/subscriptions").body == {"items": [reply.body]}


def test_without_a_filter_all_events_of_its_types_are_told_at_once(api: Api) -> None:
    reply = create(api)

    assert (reply.body["filter"], reply.body["status"]) == (NOTHING_ASKED, "active")
    assert reply.body["active_since"] == reply.body["created_at"]


@pytest.mark.parametrize("event", [*TYPES, *FAMILIES])
def test_every_event_and_every_family_can_be_subscribed_to(api: Api, event: str) -> None:
    assert create(api, events=[event]).body["events"] == [event]


def test_a_subscription_of_another_tenant_is_not_found(api: Api) -> None:
    path = at_path(create(api).body)

    assert api.get(path, tenant="other").slug == "not-found"
    assert api.delete(path, tenant="other").slug == "not-found"
    assert api.get("/v1/subscriptions", tenant="other").body == {"items": []}
    assert api.get("/v1/subscriptions/..%2f..").slug == "not-found"


def test_another_tenants_channel_cannot_be_subscribed(api: Api) -> None:
    api.channels.create(a_channel(tenant="other", id="0thers"))

    reply = create(api, channel_id="0thers")

    assert (reply.slug, reply.pointers) == ("validation-failed", ["/channel_id"])


def test_the_same_call_sent_twice_creates_one_subscription(api: Api) -> None:
    key = {"Idempotency-Key": "k"}

    first, again = create(api, key), create(api, key)

    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    assert create(api, key, name="other").slug == "idempotency-key-reused"
    assert len(api.subscriptions.all_of("acme")) == 1


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"channel_id": "nowhere"}, "/channel_id"),
        ({"channel_id": "../x"}, "/channel_id"),
        ({"events": []}, "/events"),
        ({"events": "job.failed"}, "/events"),
        ({"events": ["job.exploded"]}, "/events/0"),
        ({"events": ["*"]}, "/events/0"),
        ({"events": ["job.failed", 7]}, "/events/1"),
        ({"events": ["job.failed", "job.failed"]}, "/events"),
        ({"filter": []}, "/filter"),
        ({"filter": {"colour": "red"}}, "/filter/colour"),
        ({"filter": {"priority": "urgent"}}, "/filter/priority"),
        ({"filter": {"group": "a b"}}, "/filter/group"),
        ({"filter": {"template_id": "A/B"}}, "/filter/template_id"),
        ({"filter": {"tags": {"a b": "c"}}}, "/filter/tags/a b"),
        ({"filter": {"tags": {"a": 1}}}, "/filter/tags/a"),
        ({"filter": {"tags": {f"k{n}": "v" for n in range(limits.MAX_TAGS + 1)}}}, "/filter/tags"),
        ({"status": "asleep"}, "/status"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_what_cannot_be_subscribed_to_is_refused_with_its_place(
    api: Api, members: dict[str, Any], pointer: str
) -> None:
    reply = create(api, **members)

    assert (reply.status, reply.pointers) == (422, [pointer])
    assert api.subscriptions.all_of("acme") == []


def test_a_replaced_subscription_is_what_was_sent(api: Api) -> None:
    subscription = create(api, filter={"group": "nightly"}).body

    reply = api.put(at_path(subscription), {**NEW, "name": "renamed"})

    assert (reply.status, reply.body["version"], reply.body["name"]) == (200, 2, "renamed")
    assert reply.body["filter"] == NOTHING_ASKED
    assert reply.body["active_since"] == subscription["active_since"]


def test_a_resumed_subscription_tells_what_happens_from_then_on(api: Api) -> None:
    subscription = create(api).body
    path = at_path(subscription)
    api.clock.advance(60)
    paused = api.put(path, {**NEW, "status": "paused"}).body
    api.clock.advance(60)

    resumed = api.put(path, NEW).body

    assert paused["active_since"] == subscription["created_at"]
    assert (resumed["status"], resumed["active_since"]) == ("active", resumed["changed_at"])


def test_a_change_of_a_version_that_is_gone_is_refused(api: Api) -> None:
    path = at_path(create(api).body)
    api.put(path, {**NEW, "name": "renamed"})

    stale = {"If-Match": '"1"'}

    assert api.put(path, NEW, headers=stale).slug == "precondition-failed"
    assert api.delete(path, headers=stale).slug == "precondition-failed"
    assert api.get(path).body["name"] == "renamed"


def test_a_deleted_subscription_is_gone(api: Api) -> None:
    subscription = create(api).body

    assert api.delete(at_path(subscription)).body == subscription
    assert api.get(at_path(subscription)).slug == "not-found"


def test_there_are_so_many_subscriptions_and_no_more(api: Api) -> None:
    for number in range(limits.MAX_SUBSCRIPTIONS):
        api.subscriptions.create(a_subscription(id=f"s{number}"))

    assert create(api).slug == "limit-reached"


def test_a_change_that_others_overtake_again_and_again_is_a_conflict(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    path = at_path(create(api).body)

    def overtaken(item: object) -> None:
        raise ItemChanged("subscription", "s")

    monkeypatch.setattr(api.subscriptions, "replace", overtaken)
    monkeypatch.setattr(api.subscriptions, "delete", overtaken)

    assert api.put(path, {**NEW, "name": "another"}).slug == "conflict"
    assert api.delete(path).slug == "conflict"


def test_a_channel_that_a_subscription_uses_cannot_be_deleted(api: Api) -> None:
    subscription = create(api).body
    path = f"/v1/channels/{CHANNEL.id}"

    refused = api.delete(path)
    api.delete(at_path(subscription))

    assert (refused.status, refused.slug) == (409, "invalid-state")
    assert subscription["id"] in refused.body["detail"]
    assert api.delete(path).status == 200
