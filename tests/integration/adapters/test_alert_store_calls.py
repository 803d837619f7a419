"""What the store of alerts makes of a transaction that was refused, sent twice, or whose answer was lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.dynamodb.alerts import DynamoAlertStore
from shared.model.alerts import moves
from shared.model.alerts.alert import Alert, Occurrence, Subject, SubjectKind
from shared.model.alerts.errors import AlertChanged, AlreadyCounted, StormReached
from shared.model.errors import StoreRefused, StoreUnavailable
from shared.ports.alerts import Mark, Standing, StormSlot
from tests.alerting import a_policy, a_rule
from tests.aws import CONTROL_TABLE
from tests.integration.adapters.faults import READ_TIMEOUT, THROTTLED, applied_but_failed, not_applied, sent_twice
from tests.jobs import START, TENANT, at

NOBODY = Standing(None, None)
MARKS = [Mark("r1", "job-1", "3"), Mark("r1", "job-2", "3")]
SLOT = StormSlot("r1", 7, 20, at(600))
REFUSED, CONFLICT, NONE = "ConditionalCheckFailed", "TransactionConflict", "None"


@pytest.fixture
def store(dynamodb: Any) -> DynamoAlertStore:
    return DynamoAlertStore(dynamodb, CONTROL_TABLE)


def an_alert() -> Alert:
    subject = Subject(SubjectKind.TEMPLATE, "payroll")
    return moves.opened(a_rule(), subject, [Occurrence("job-1", "3", START)], now=START, policy=a_policy())


def refused(dynamodb: Any, *codes: str) -> Any:
    """The transaction is refused: of each of its writes why, marks first, then the slot, the alert and its key."""
    error = dynamodb.exceptions.TransactionCanceledException(
        {
            "Error": {"Code": "TransactionCanceledException", "Message": "injected"},
            "CancellationReasons": [{"Code": code} for code in codes],
        },
        "TransactWriteItems",
    )
    return not_applied(dynamodb, error, only="dynamodb.TransactWriteItems")


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        ((NONE, NONE, NONE, CONFLICT, NONE), AlertChanged),
        ((CONFLICT, NONE, NONE, NONE, NONE), AlertChanged),
        ((NONE, NONE, NONE, NONE, REFUSED), AlertChanged),
        ((NONE, NONE, REFUSED, NONE, NONE), StormReached),
        ((NONE, REFUSED, REFUSED, REFUSED, NONE), AlreadyCounted),
        ((NONE, NONE, NONE, "ThrottlingError", NONE), StoreUnavailable),
        ((NONE, NONE, NONE, "ValidationError", NONE), StoreRefused),
    ],
)
def test_a_refusal_says_what_to_do_about_it(
    store: DynamoAlertStore, dynamodb: Any, codes: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error), refused(dynamodb, *codes):
        store.record(an_alert(), seen=NOBODY, marks=MARKS, slot=SLOT)


def test_a_transaction_that_the_sdk_sends_again_counts_as_done(store: DynamoAlertStore, dynamodb: Any) -> None:
    alert = an_alert()

    with sent_twice(dynamodb) as resent:
        store.record(alert, seen=NOBODY, marks=MARKS, slot=SLOT)

    assert resent == ["TransactWriteItems"]
    assert store.get_alert(TENANT, alert.id) == alert


def test_an_answer_that_is_lost_leaves_marks_that_tell_so(store: DynamoAlertStore, dynamodb: Any) -> None:
    alert = an_alert()
    with pytest.raises(StoreUnavailable) as unavailable, applied_but_failed(dynamodb, READ_TIMEOUT):
        store.record(alert, seen=NOBODY, marks=MARKS)

    assert unavailable.value.outcome_unknown
    again = moves.counted(alert, [], now=at(1))
    with pytest.raises(AlreadyCounted) as counted:
        store.record(again, seen=Standing.of(alert), marks=MARKS)
    assert counted.value.marks == {0, 1}


def test_a_throttled_table_is_no_alert_that_others_changed(store: DynamoAlertStore, dynamodb: Any) -> None:
    alert = an_alert()
    for call in (
        lambda: store.standing(TENANT, "key"),
        lambda: store.get_alert(TENANT, alert.id),
        lambda: store.record(alert, seen=NOBODY),
        lambda: store.list_alerts(TENANT, before=None, limit=1),
        lambda: store.looks(until=START, limit=1),
    ):
        with pytest.raises(StoreUnavailable) as unavailable, not_applied(dynamodb, THROTTLED):
            call()
        assert not unavailable.value.outcome_unknown


def test_what_a_decision_rests_on_is_read_consistently(store: DynamoAlertStore, dynamodb: Any) -> None:
    asked: list[bool] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params.get("ConsistentRead", False))

    for operation in ("GetItem", "Query"):
        dynamodb.meta.events.register(f"provide-client-params.dynamodb.{operation}", note)
    alert = an_alert()
    store.record(alert, seen=NOBODY)

    store.standing(TENANT, alert.key)
    store.get_alert(TENANT, alert.id)
    store.list_alerts(TENANT, before=None, limit=1)
    store.looks(until=START, limit=1)

    assert asked == [True] * 5


def test_what_a_newer_version_wrote_is_left_out_of_lists(store: DynamoAlertStore, dynamodb: Any) -> None:
    alert = an_alert()
    store.record(alert, seen=NOBODY)
    dynamodb.update_item(
        TableName=CONTROL_TABLE,
        Key={"pk": {"S": f"alerts#{TENANT}"}, "sk": {"S": alert.id}},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": "dreaming"}},
    )

    assert list(store.list_alerts(TENANT, before=None, limit=9).alerts) == []


def over(alert: Alert, *, seconds: float = 4) -> Alert:
    """The alert, resolved and told."""
    resolved = moves.resolved(replace(alert, told=(), pending=()), by="key", note=None, now=at(seconds))
    return replace(resolved, announced=resolved.version)


def kept_until(dynamodb: Any, alert: Alert) -> int | None:
    """The time at which the note goes that the alert is the latest with its key."""
    key = {"pk": {"S": f"latest-alerts#{TENANT}"}, "sk": {"S": alert.key}}
    item = dynamodb.get_item(TableName=CONTROL_TABLE, Key=key)["Item"]
    return int(item["ttl"]["N"]) if "ttl" in item else None


def test_that_an_alert_was_the_latest_is_forgotten_with_it(store: DynamoAlertStore, dynamodb: Any) -> None:
    alert, ended = an_alert(), over(an_alert())
    store.record(alert, seen=NOBODY)
    assert kept_until(dynamodb, alert) is None

    store.record(ended, seen=Standing.of(alert))

    assert ended.expire_item_at is not None
    assert kept_until(dynamodb, alert) == ended.expire_item_at.timestamp()
    assert store.standing(TENANT, alert.key) == Standing.of(ended)


def test_one_that_comes_back_is_the_latest_until_it_is_over_again(store: DynamoAlertStore, dynamodb: Any) -> None:
    alert, ended = an_alert(), over(an_alert())
    store.record(alert, seen=NOBODY)
    store.record(ended, seen=Standing.of(alert))
    back = moves.reopened(ended, [Occurrence("job-2", "3", at(5))], now=at(5), policy=a_policy())

    store.record(back, seen=Standing.of(ended))

    assert kept_until(dynamodb, alert) is None
    assert store.standing(TENANT, alert.key) == Standing.of(back)


def test_what_ends_later_than_the_next_one_opened_leaves_that_in_its_place(
    store: DynamoAlertStore, dynamodb: Any
) -> None:
    earlier = an_alert()
    later = moves.opened(a_rule(), earlier.subject, [Occurrence("job-9", "3", at(60))], now=at(60), policy=a_policy())
    store.record(earlier, seen=NOBODY)
    store.record(later, seen=Standing.of(earlier))

    store.record(over(earlier), seen=Standing.of(earlier))

    assert store.standing(TENANT, later.key) == Standing.of(later)
    assert kept_until(dynamodb, later) is None


@pytest.mark.parametrize("error", [THROTTLED, READ_TIMEOUT], ids=str)
def test_an_alert_is_over_whether_or_not_it_can_be_forgotten(
    store: DynamoAlertStore, dynamodb: Any, error: Any
) -> None:
    alert, ended = an_alert(), over(an_alert())
    store.record(alert, seen=NOBODY)

    with not_applied(dynamodb, error, only="dynamodb.PutItem"):
        store.record(ended, seen=Standing.of(alert))

    assert store.get_alert(TENANT, alert.id) == ended
    assert kept_until(dynamodb, alert) is None
