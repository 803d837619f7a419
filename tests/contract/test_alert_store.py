"""`ports.alerts`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.adapters.dynamodb.alerts import DynamoAlertStore
from shared.adapters.memory.alerts import MemoryAlertStore
from shared.model.alerts import moves
from shared.model.alerts.alert import Alert, AlertState, Occurrence, Subject, SubjectKind
from shared.model.alerts.errors import AlertChanged, AlreadyCounted, StormReached
from shared.model.alerts.rule import QuietHours, Severity
from shared.model.errors import ItemNotFound
from shared.ports.alerts import MAX_MARKS, DueKind, DueLook, Mark, Standing, StormSlot
from tests.alerting import a_policy, a_rule
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.jobs import START, TENANT, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.alerts import AlertStore

NOBODY = Standing(None, None)
FOUND = Occurrence("job-1", "3", at(1), "rotate-logs", "http_503", "é is away")
SLOT = StormSlot("r1", 7, 2, at(600))


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[AlertStore]:
    if request.param == "memory":
        yield MemoryAlertStore()
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoAlertStore(dynamodb, CONTROL_TABLE)


def an_alert(template: str = "payroll", *, seconds: float = 0, tenant: str = TENANT) -> Alert:
    """An alert that opened so many seconds after the start, and that the pager is to be told of."""
    rule = a_rule(tenant=tenant, policy_id="p1")
    return moves.opened(rule, Subject(SubjectKind.TEMPLATE, template), [FOUND], now=at(seconds), policy=a_policy())


def marks(*names: str) -> list[Mark]:
    return [Mark("r1", name, "3") for name in names]


def full_alert() -> Alert:
    rule = a_rule(
        policy_id="p1", severity=Severity.INFO, quiet_hours=QuietHours("Europe/Berlin", 1_320, 420), grace_seconds=0
    )
    alert = moves.opened(rule, Subject(SubjectKind.ERROR, "q3x"), [FOUND, FOUND], now=START, policy=a_policy())
    alert = moves.silenced(alert, until=at(99.125), by="key", note="é 🕰", now=at(2))
    return moves.acknowledged(alert, by="key", note=None, now=at(3))


@pytest.mark.parametrize(
    "alert",
    [
        an_alert(),
        full_alert(),
        moves.resolved(full_alert(), by="key", note="done", now=at(4)),
        moves.resolved(moves.advanced(an_alert(), a_policy(), at(900)), by="key", note=None, now=at(1_000)),
        moves.opened(a_rule(), Subject(SubjectKind.STORM, "r1"), [], now=START, policy=None, silenced_until=at(9)),
    ],
    ids=["open", "acknowledged", "resolved", "escalated and resolved", "silenced storm"],
)
def test_an_alert_is_read_as_it_was_recorded(store: AlertStore, alert: Alert) -> None:
    store.record(alert, seen=NOBODY)

    assert store.get_alert(TENANT, alert.id) == alert
    assert store.standing(TENANT, alert.key) == Standing(alert.id, alert)
    assert list(store.list_alerts(TENANT, before=None, limit=10).alerts) == [alert]


def test_what_does_not_exist_is_nobodys(store: AlertStore) -> None:
    alert = an_alert()
    store.record(alert, seen=NOBODY)

    assert store.standing(TENANT, "other") == NOBODY
    assert store.standing("other", alert.key) == NOBODY
    assert list(store.list_alerts("other", before=None, limit=10).alerts) == []
    with pytest.raises(ItemNotFound):
        store.get_alert("other", alert.id)


def test_the_latest_alerts_of_many_keys_are_read_at_once(store: AlertStore) -> None:
    alerts = [an_alert(f"template-{number}") for number in range(120)]
    for alert in alerts:
        store.record(alert, seen=NOBODY)
    newer = an_alert("template-0", seconds=1)
    store.record(newer, seen=Standing.of(alerts[0]))
    store.record(an_alert("template-1", tenant="other"), seen=NOBODY)

    found = store.standings(TENANT, [*(alert.key for alert in alerts), "none", alerts[1].key])

    assert found == {
        **{alert.key: Standing.of(alert) for alert in alerts},
        newer.key: Standing.of(newer),
        "none": NOBODY,
    }
    assert store.standings(TENANT, []) == {}


def test_only_one_of_two_that_open_an_alert_with_one_key_does(store: AlertStore) -> None:
    first, second = an_alert(), an_alert(seconds=1)
    store.record(first, seen=NOBODY)

    with pytest.raises(AlertChanged):
        store.record(second, seen=NOBODY)

    assert store.standing(TENANT, first.key).alert == first
    assert list(store.list_alerts(TENANT, before=None, limit=10).alerts) == [first]


def test_a_new_alert_takes_the_place_of_the_one_that_its_writer_has_seen(store: AlertStore) -> None:
    first, second = an_alert(), an_alert(seconds=1)
    store.record(first, seen=NOBODY)

    store.record(second, seen=Standing.of(first))

    assert store.standing(TENANT, first.key) == Standing.of(second)
    assert store.get_alert(TENANT, first.id) == first


def test_what_is_written_about_an_earlier_alert_leaves_the_later_one_in_its_place(store: AlertStore) -> None:
    earlier, later = an_alert(), an_alert(seconds=60)
    store.record(earlier, seen=Standing(None, None))
    store.record(later, seen=Standing.of(earlier))

    store.record(earlier.written(announced=1), seen=Standing.of(earlier))

    assert store.standing(TENANT, later.key) == Standing.of(later)


def test_only_one_of_two_that_have_seen_one_revision_writes(store: AlertStore) -> None:
    alert = an_alert()
    store.record(alert, seen=NOBODY)
    one, other = (moves.acknowledged(alert, by=by, note=None, now=at(5)) for by in ("one", "other"))
    store.record(one, seen=Standing.of(alert))

    with pytest.raises(AlertChanged):
        store.record(other, seen=Standing.of(alert))

    assert store.get_alert(TENANT, alert.id) == one


def test_marks_that_were_there_refuse_the_whole_write_and_are_named(store: AlertStore) -> None:
    alert = an_alert()
    store.record(alert, seen=NOBODY, marks=marks("a", "c"), marked_until=at(60))
    counted = moves.counted(alert, [FOUND], now=at(5))

    with pytest.raises(AlreadyCounted) as refused:
        store.record(counted, seen=Standing.of(alert), marks=marks("b", "c", "d", "a"), marked_until=at(60))

    assert refused.value.marks == {1, 3}
    assert store.get_alert(TENANT, alert.id) == alert
    store.record(counted, seen=Standing.of(alert), marks=marks("b", "d"), marked_until=at(60))
    assert store.get_alert(TENANT, alert.id).count == 2


def test_a_mark_is_one_of_its_tenant_rule_and_name(store: AlertStore) -> None:
    alert, others = an_alert(), an_alert(tenant="other")
    store.record(alert, seen=NOBODY, marks=[Mark("r1", "a", "3")])

    store.record(others, seen=NOBODY, marks=[Mark("r1", "a", "3")])
    store.record(
        moves.counted(alert, [], now=at(5)), seen=Standing.of(alert), marks=[Mark("r2", "a", "3"), Mark("r1", "a", "4")]
    )


def test_as_many_marks_as_one_write_takes_are_written_with_it(store: AlertStore) -> None:
    names = [f"job-{number}" for number in range(MAX_MARKS)]

    store.record(an_alert(), seen=NOBODY, marks=marks(*names), marked_until=at(60), slot=SLOT)

    with pytest.raises(AlreadyCounted) as refused:
        store.record(an_alert("other"), seen=NOBODY, marks=marks(*names), marked_until=at(60), slot=SLOT)
    assert len(refused.value.marks) == MAX_MARKS


def test_a_window_has_as_many_slots_as_its_rule_says(store: AlertStore) -> None:
    for name in ("one", "two"):
        store.record(an_alert(name), seen=NOBODY, slot=SLOT)

    with pytest.raises(StormReached):
        store.record(an_alert("three"), seen=NOBODY, marks=marks("a"), slot=SLOT)

    assert len(store.list_alerts(TENANT, before=None, limit=10).alerts) == 2
    store.record(an_alert("three"), seen=NOBODY, marks=marks("a"), slot=SLOT._replace(window=8))
    store.record(an_alert("three", tenant="other"), seen=NOBODY, slot=SLOT)


def test_a_refused_write_takes_no_slot(store: AlertStore) -> None:
    store.record(an_alert("one"), seen=NOBODY, marks=marks("a"), slot=SLOT)
    with pytest.raises(AlreadyCounted):
        store.record(an_alert("two"), seen=NOBODY, marks=marks("a"), slot=SLOT)

    store.record(an_alert("two"), seen=NOBODY, slot=SLOT)


def test_alerts_are_listed_newest_first_page_by_page(store: AlertStore) -> None:
    alerts = [an_alert(f"t{number}", seconds=number) for number in range(5)]
    for alert in alerts:
        store.record(alert, seen=NOBODY)

    found: list[str] = []
    before = None
    while True:
        page = store.list_alerts(TENANT, before=before, limit=2)
        found += [alert.id for alert in page.alerts]
        before = page.next
        if before is None:
            break

    assert found == [alert.id for alert in reversed(alerts)]


def test_a_look_is_planned_with_each_write_for_when_it_is_due(store: AlertStore) -> None:
    alert = replace(an_alert(), pending=(), announced=1, check_at=at(60))
    store.record(alert, seen=NOBODY)
    later = alert.written(check_at=at(120))
    store.record(later, seen=Standing.of(alert))

    looks = list(store.looks(until=at(1_000), limit=10))

    assert looks == [DueLook(at(due), TENANT, DueKind.ALERT, alert.id) for due in (60, 120)]
    store.forget_look(looks[0])
    assert list(store.looks(until=at(120), limit=10)) == looks[1:]


def test_looks_are_found_in_order_when_they_are_due_and_not_before(store: AlertStore) -> None:
    looks = [DueLook(at(number), f"tenant-{number}", DueKind.RULE, "r1") for number in (3, 1, 2)]
    for look in (*looks, looks[0]):
        store.plan_look(look)

    assert list(store.looks(until=at(2), limit=10)) == [looks[1], looks[2]]
    assert list(store.looks(until=at(9), limit=1)) == [looks[1]]
    assert list(store.looks(until=at(3) - timedelta(milliseconds=1), limit=10)) == [looks[1], looks[2]]
    assert list(store.looks(until=at(9), limit=10, after=looks[1])) == [looks[2], looks[0]]
    assert list(store.looks(until=at(2), limit=10, after=looks[2])) == []


def test_looks_at_jobs_are_apart_from_all_others(store: AlertStore) -> None:
    jobs = [DueLook(at(number), TENANT, DueKind.JOB, f"job-{number}:built-in-x") for number in (3, 1, 2)]
    rule = DueLook(at(2), TENANT, DueKind.RULE, "r1")
    for look in (*jobs, rule):
        store.plan_look(look)

    assert list(store.looks(until=at(9), limit=10)) == [rule]
    assert list(store.looks_at_jobs(until=at(2), limit=10)) == [jobs[1], jobs[2]]
    assert list(store.looks_at_jobs(until=at(9), limit=1)) == [jobs[1]]
    assert list(store.looks_at_jobs(until=at(9), limit=10, after=jobs[2])) == [jobs[0]]
    store.forget_look(jobs[1])
    assert list(store.looks_at_jobs(until=at(9), limit=10, after=jobs[1])) == [jobs[2], jobs[0]]
    assert list(store.looks_at_jobs(until=at(9), limit=10)) == [jobs[2], jobs[0]]


def test_an_alert_that_is_over_and_told_is_forgotten_in_time(store: AlertStore) -> None:
    alert = an_alert()
    resolved = moves.resolved(replace(alert, told=(), pending=()), by="key", note=None, now=at(4))
    over = replace(resolved, announced=resolved.version)
    store.record(alert, seen=NOBODY)
    store.record(over, seen=Standing.of(alert))

    assert (over.state, alert.expire_item_at) == (AlertState.RESOLVED, None)
    assert over.expire_item_at == at(4) + timedelta(days=90)
