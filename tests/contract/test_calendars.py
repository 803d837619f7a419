"""`ports.calendars`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.calendars import DynamoCalendars
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.memory.calendars import MemoryCalendars
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.errors import CalendarChanged, CalendarNotFound
from shared.model.schedule.calendar_documents import read_calendar
from shared.model.stored_calendar import StoredCalendar
from shared.ports.templates import ExpandEntry, Planned
from tests.aws import TEMPLATES_TABLE, aws, client, create_tables
from tests.jobs import START, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.calendars import CalendarStore
    from shared.ports.templates import TemplateStore

WEEKEND = {"weekend": ["saturday", "sunday"], "dates": [{"date": "2026-12-24", "name": "Heiligabend é 🕰"}]}


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[CalendarStore, TemplateStore]]:
    if request.param == "memory":
        templates = MemoryTemplateStore()
        yield MemoryCalendars(templates), templates
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoCalendars(dynamodb, TEMPLATES_TABLE), DynamoTemplateStore(dynamodb, TEMPLATES_TABLE)


@pytest.fixture
def store(stores: tuple[CalendarStore, TemplateStore]) -> CalendarStore:
    return stores[0]


def a_calendar(calendar_id: str = "office", **facts: Any) -> StoredCalendar:
    facts = {"tenant": "acme", "document": WEEKEND, "created_at": START, "changed_at": START, **facts}
    return StoredCalendar(id=calendar_id, changed_by="acme_1", **facts)


def changed(calendar: StoredCalendar, **facts: Any) -> StoredCalendar:
    return replace(calendar, revision=calendar.revision + 1, **facts)


@pytest.mark.parametrize(
    "calendar",
    [
        a_calendar(),
        a_calendar("A.b_c-9", document={}, name="é 🕰", version=7, revision=9, changed_at=at(9)),
        a_calendar(was={"weekend": ["friday"]}, planned_user="0a", expand_at=at(5), expand_shard=3),
    ],
    ids=["plain", "empty", "due"],
)
def test_a_calendar_is_read_as_it_was_put(store: CalendarStore, calendar: StoredCalendar) -> None:
    created = store.create_calendar(calendar)

    assert created == calendar
    assert store.get_calendar("acme", calendar.id) == calendar
    assert store.calendars("acme", ["nothing", calendar.id]) == {calendar.id: read_calendar(calendar.document)}


def test_a_calendar_is_never_put_over_another(store: CalendarStore) -> None:
    first = store.create_calendar(a_calendar())

    second = store.create_calendar(a_calendar(name="another"))

    assert second == first == store.get_calendar("acme", "office")


def test_another_tenants_calendar_is_as_unknown_as_none(store: CalendarStore) -> None:
    store.create_calendar(a_calendar())

    for tenant, calendar_id in (("acm", "office"), ("acme", "offic")):
        with pytest.raises(CalendarNotFound):
            store.get_calendar(tenant, calendar_id)
    assert store.calendars("globex", ["office"]) == {}
    assert store.list_calendars("globex", after=None, limit=9) == []


def test_a_calendar_is_replaced_at_the_revision_that_was_seen_and_may_be_so_twice(store: CalendarStore) -> None:
    first = store.create_calendar(a_calendar())

    store.replace_calendar(changed(first, document={}))
    # A store cannot tell a call that is repeated from one whose first answer was lost on its way.
    store.replace_calendar(changed(first, document={}))

    assert store.get_calendar("acme", "office") == changed(first, document={})
    assert store.calendars("acme", ["office"]) == {"office": read_calendar({})}
    with pytest.raises(CalendarChanged):
        store.replace_calendar(changed(first, document={"weekend": ["friday"]}))
    with pytest.raises(CalendarChanged):
        store.replace_calendar(changed(a_calendar("gone")))


def test_a_calendar_is_deleted_at_the_revision_that_was_seen_and_may_be_so_twice(store: CalendarStore) -> None:
    store.create_calendar(a_calendar(revision=3))

    with pytest.raises(CalendarChanged):
        store.delete_calendar("acme", "office", revision=2)
    store.delete_calendar("acme", "office", revision=3)
    store.delete_calendar("acme", "office", revision=3)

    assert store.list_calendars("acme", after=None, limit=9) == []
    assert store.calendars("acme", ["office"]) == {}


def test_a_tenants_calendars_are_listed_in_the_order_of_their_ids(store: CalendarStore) -> None:
    for name in ("b", "a", "B", "z", "a.b", "9"):
        store.create_calendar(a_calendar(name))
    store.create_calendar(a_calendar(tenant="acme-2"))

    first = store.list_calendars("acme", after=None, limit=4)
    rest = store.list_calendars("acme", after=first[-1].id, limit=4)

    assert [one.id for one in first] == ["9", "B", "a", "a.b"]
    assert [one.id for one in rest] == ["b", "z"]


def test_who_uses_a_calendar_is_listed_once_and_page_by_page(store: CalendarStore) -> None:
    for template_id in ("t3", "t1", "t2", "t1"):
        store.note_use("acme", template_id, ["office", "bank"])
    store.note_use("acme", "t9", ["offic", "office.2"])
    store.note_use("globex", "t4", ["office"])

    assert store.users("acme", "office", after=None, limit=9) == ["t1", "t2", "t3"]
    assert store.users("acme", "office", after="t1", limit=1) == ["t2"]
    assert store.users("acme", "office", after="t3", limit=1) == []
    assert store.users("acme", "none", after=None, limit=9) == []


def test_a_changed_calendar_is_found_by_the_expand_index_until_its_turn_is_over(
    stores: tuple[CalendarStore, TemplateStore],
) -> None:
    store, templates = stores
    due = store.create_calendar(a_calendar(expand_at=at(5), expand_shard=3))
    entry = ExpandEntry(at(5), "acme", Planned.CALENDAR, "office")

    assert templates.to_expand(3, until=at(4), after=None, limit=9).entries == []
    assert templates.to_expand(2, until=at(5), after=None, limit=9).entries == []
    assert templates.to_expand(3, until=at(5), after=None, limit=9).entries == [entry]

    store.replace_calendar(changed(due, expand_at=None))

    assert templates.to_expand(3, until=at(5), after=None, limit=9).entries == []
