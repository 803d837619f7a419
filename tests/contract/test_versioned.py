"""`ports.versioned`, by channels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.channels import CHANNELS
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.model.channel import Channel, ChannelKind
from shared.model.errors import ItemChanged, ItemNotFound, StoreUnavailable
from shared.ports.telemetry import Metric
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.channels import a_channel
from tests.jobs import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.versioned import VersionedStore


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[VersionedStore[Channel]]:
    if request.param == "memory":
        yield MemoryVersionedStore[Channel]("channel")
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoVersionedStore(dynamodb, CONTROL_TABLE, CHANNELS)


def changed(channel: Channel, **facts: object) -> Channel:
    return replace(channel, version=channel.version + 1, **facts)


@pytest.mark.parametrize(
    "channel",
    [
        a_channel(),
        a_channel(kind=ChannelKind.WEBHOOK, settings={"url": "https://example.com/é", "headers": {"X-A": "#"}}),
        a_channel(kind=ChannelKind.EMAIL, settings={"addresses": ["a@b.com"]}, fingerprint="f", changed_at=at(1.125)),
    ],
    ids=lambda channel: str(channel.kind),
)
def test_what_was_put_is_read_as_it_was(store: VersionedStore[Channel], channel: Channel) -> None:
    creation = store.create(channel)

    assert (creation.item, creation.created) == (channel, True)
    assert store.get(channel.tenant, channel.id) == channel
    assert list(store.all_of(channel.tenant)) == [channel]


def test_a_tenants_are_listed_by_their_ids_and_nobody_elses(store: VersionedStore[Channel]) -> None:
    channels = [a_channel(id=name) for name in ("c3", "c1", "c2")]
    for channel in (*channels, a_channel(tenant="acme-2"), a_channel(tenant="acm")):
        store.create(channel)

    assert list(store.all_of("acme")) == [channels[1], channels[2], channels[0]]
    assert list(store.all_of("nobody")) == []


def test_all_are_read_however_large_they_are(store: VersionedStore[Channel]) -> None:
    channels = [a_channel(id=f"c{number}", name="n" * 300_000) for number in range(5)]
    for channel in channels:
        store.create(channel)

    assert list(store.all_of("acme")) == channels


def test_an_id_is_given_once(store: VersionedStore[Channel]) -> None:
    store.create(a_channel())

    creation = store.create(a_channel(name="another"))

    assert (creation.item, creation.created) == (a_channel(), False)


def test_what_is_not_there_is_told(store: VersionedStore[Channel]) -> None:
    store.create(a_channel())

    for tenant, channel_id in (("acme", "other"), ("other", a_channel().id)):
        with pytest.raises(ItemNotFound):
            store.get(tenant, channel_id)
    with pytest.raises(ItemChanged):
        store.replace(changed(a_channel(id="other")))


def test_only_one_of_two_racing_changes_wins(store: VersionedStore[Channel]) -> None:
    store.create(a_channel())
    one, two = changed(a_channel(), name="one"), changed(a_channel(), name="two")

    store.replace(one)

    with pytest.raises(ItemChanged):
        store.replace(two)
    assert store.get("acme", one.id) == one


def test_a_change_that_was_sent_twice_counts_once(store: VersionedStore[Channel]) -> None:
    store.create(a_channel())

    store.replace(changed(a_channel(), name="one"))
    store.replace(changed(a_channel(), name="one"))

    assert store.get("acme", a_channel().id).version == 2


def test_what_was_changed_meanwhile_is_not_deleted(store: VersionedStore[Channel]) -> None:
    store.create(a_channel())
    store.replace(changed(a_channel()))

    with pytest.raises(ItemChanged):
        store.delete(a_channel())

    assert store.get("acme", a_channel().id).version == 2


def test_what_is_gone_may_be_deleted_again(store: VersionedStore[Channel]) -> None:
    store.create(a_channel())

    store.delete(a_channel())
    store.delete(a_channel())

    assert list(store.all_of("acme")) == []


def test_what_a_newer_version_wrote_is_left_out_of_lists_and_told_once_by_name() -> None:
    with aws():
        dynamodb, telemetry = client("dynamodb"), RecordedTelemetry()
        create_tables(dynamodb)
        store = DynamoVersionedStore(dynamodb, CONTROL_TABLE, CHANNELS, telemetry)
        store.create(a_channel())
        strange = {"pk": {"S": f"{schema.CHANNELS_PK}#acme"}, "sk": {"S": "strange"}, "v": {"N": "1"}}
        dynamodb.put_item(TableName=CONTROL_TABLE, Item={**strange, "doc": {"S": '{"kind":"telepathy"}'}})

        assert [store.all_of("acme") for _ in range(3)] == [[a_channel()]] * 3

    ((action, facts),) = telemetry.notes
    assert (action, facts["kind"], facts["tenant"], facts["id"]) == ("item_left_out", "channel", "acme", "strange")
    assert telemetry.values[Metric.UNREADABLE_ITEMS] == [1, 1, 1]


def test_a_table_that_is_away_is_told() -> None:
    with aws():
        store = DynamoVersionedStore(client("dynamodb"), "no-such-table", CHANNELS)

        for call in (lambda: store.all_of("acme"), lambda: store.get("acme", "c"), lambda: store.delete(a_channel())):
            with pytest.raises(StoreUnavailable):
                call()
