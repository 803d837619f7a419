"""`ports.maintenance_windows`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.adapters.dynamodb.maintenance_windows import DynamoMaintenanceWindows
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.model.errors import WindowChanged, WindowNotFound
from shared.model.maintenance_window import Effect, Scope, Span, TargetScope
from shared.model.times import format_time
from shared.ports.maintenance_windows import Extension
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.jobs import START, at
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.maintenance_window import MaintenanceWindow
    from shared.ports.maintenance_windows import MaintenanceWindows


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[MaintenanceWindows]:
    if request.param == "memory":
        yield MemoryMaintenanceWindows()
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoMaintenanceWindows(dynamodb, CONTROL_TABLE)


def changed(window: MaintenanceWindow, **facts: object) -> MaintenanceWindow:
    return replace(window, version=window.version + 1, **facts)


@pytest.mark.parametrize(
    "window",
    [
        a_window(),
        a_window(effect=Effect.SKIP, scope=Scope(tags={"team": "ops", "": "#"}), note="é 🕰"),
        a_window(effect=Effect.RUN, scope=Scope(template_ids=("a", "b")), fingerprint="f", ended_at=at(1.125)),
        a_window(scope=Scope(target=TargetScope(host="*.example.com")), release_over_seconds=0),
        a_window(scope=Scope(target=TargetScope(type="http")), effect=Effect.RUN, silences_alerts=True),
        a_window(silences_alerts=False),
        a_window(scope=Scope(target=TargetScope(arn="arn:aws:lambda:*:*:function:*"))),
        a_window(
            *(Span(at(day), at(day + 0.5)) for day in range(3)),
            schedule={"cron": "0 3 * * *", "timezone": "UTC"},
            duration_seconds=1_800,
            extend_at=at(99),
            version=7,
            expire_item_at=at(1_000),
        ),
    ],
    ids=["plain", "tags", "templates", "host", "type", "told", "arn", "recurring"],
)
def test_a_window_is_read_as_it_was_put(store: MaintenanceWindows, window: MaintenanceWindow) -> None:
    creation = store.create_window(window)

    assert (creation.window, creation.created) == (window, True)
    assert store.get_window(window.tenant, window.id) == window
    assert list(store.windows(window.tenant)) == [window]


def test_a_tenants_windows_are_listed_by_their_ids_and_nobody_elses(store: MaintenanceWindows) -> None:
    windows = [a_window(id=name) for name in ("w3", "w1", "w2")]
    for window in (*windows, a_window(tenant="acme-2"), a_window(tenant="acm")):
        store.create_window(window)

    assert list(store.windows("acme")) == [windows[1], windows[2], windows[0]]
    assert list(store.windows("nobody")) == []


def test_all_windows_are_read_however_large_they_are(store: MaintenanceWindows) -> None:
    schedule = {"at": [format_time(at(60 * number)) for number in range(1_000)]}
    for number in range(50):
        store.create_window(a_window(id=f"w{number}", schedule=schedule, duration_seconds=1))

    assert len(store.windows("acme")) == 50


def test_a_window_is_never_put_over_another(store: MaintenanceWindows) -> None:
    first = a_window()
    store.create_window(first)

    creation = store.create_window(a_window(name="another"))

    assert (creation.window, creation.created) == (first, False)
    assert store.get_window(first.tenant, first.id) == first


def test_there_is_no_window_of_an_unknown_id_or_of_another_tenant(store: MaintenanceWindows) -> None:
    store.create_window(a_window())

    for tenant, window_id in (("acme", "w2"), ("acm", "w1")):
        with pytest.raises(WindowNotFound):
            store.get_window(tenant, window_id)


def test_a_window_is_replaced_by_its_next_version(store: MaintenanceWindows) -> None:
    first = a_window()
    store.create_window(first)

    store.replace_window(changed(first, note="longer"))

    assert store.get_window(first.tenant, first.id) == changed(first, note="longer")


def test_a_window_that_another_has_changed_is_not_replaced(store: MaintenanceWindows) -> None:
    first = a_window()
    store.create_window(first)
    store.replace_window(changed(first, note="theirs"))

    with pytest.raises(WindowChanged):
        store.replace_window(changed(first, note="mine"))

    assert store.get_window(first.tenant, first.id).note == "theirs"


def test_a_window_that_is_gone_is_not_replaced(store: MaintenanceWindows) -> None:
    with pytest.raises(WindowChanged):
        store.replace_window(changed(a_window()))


def test_the_very_same_replacement_may_come_twice(store: MaintenanceWindows) -> None:
    # A store cannot tell a call that is repeated from one whose first answer was lost on its way.
    first = a_window()
    store.create_window(first)

    store.replace_window(changed(first, note="mine"))
    store.replace_window(changed(first, note="mine"))

    assert store.get_window(first.tenant, first.id).version == 2


def test_a_window_is_deleted_at_the_version_that_was_seen_and_may_be_so_twice(store: MaintenanceWindows) -> None:
    first = a_window()
    store.create_window(first)

    store.delete_window(first)
    store.delete_window(first)

    assert list(store.windows("acme")) == []


def test_a_window_that_another_has_changed_is_not_deleted(store: MaintenanceWindows) -> None:
    first = a_window()
    store.create_window(first)
    store.replace_window(changed(first))

    with pytest.raises(WindowChanged):
        store.delete_window(first)

    assert store.get_window("acme", first.id) == changed(first)


def test_what_is_to_be_extended_is_found_when_it_is_due_oldest_first(store: MaintenanceWindows) -> None:
    for seconds, tenant, name in ((30, "acme", "w1"), (20, "globex", "w2"), (10.5, "acme", "w3")):
        store.create_window(a_window(tenant=tenant, id=name, extend_at=at(seconds)))
    store.create_window(a_window(id="w4"))

    assert list(store.to_extend(until=at(10.499), limit=9)) == []
    assert list(store.to_extend(until=at(29), limit=9)) == [
        Extension(at(10.5), "acme", "w3"),
        Extension(at(20), "globex", "w2"),
    ]
    assert len(store.to_extend(until=at(30), limit=2)) == 2


def test_an_extension_that_was_dealt_with_is_forgotten_and_the_next_is_known(store: MaintenanceWindows) -> None:
    window = a_window(extend_at=START)
    store.create_window(window)

    store.replace_window(changed(window, extend_at=at(60)))
    store.forget_extension(Extension(START, "acme", "w1"))
    store.forget_extension(Extension(START, "acme", "w1"))

    assert list(store.to_extend(until=at(99), limit=9)) == [Extension(at(60), "acme", "w1")]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("effect", {"S": "throttle"}), ("scope", {"S": '{"region":"eu"}'}), ("spans", {"S": "[[]]"})],
)
def test_a_window_of_a_newer_version_is_left_out_so_that_the_others_can_be_read(attribute: str, value: dict) -> None:
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        store = DynamoMaintenanceWindows(dynamodb, CONTROL_TABLE)
        store.create_window(a_window())
        store.create_window(a_window(id="w2"))
        dynamodb.update_item(
            TableName=CONTROL_TABLE,
            Key={"pk": {"S": "windows#acme"}, "sk": {"S": "w1"}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": attribute},
            ExpressionAttributeValues={":value": value},
        )

        assert [window.id for window in store.windows("acme")] == ["w2"]
