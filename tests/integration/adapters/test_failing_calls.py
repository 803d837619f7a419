"""What an adapter makes of a call that failed, and of one that was sent twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.aws import ConditionFailed, translated_errors, unavailable
from shared.model import limits
from shared.model.api_key import Scope, mint_api_key
from shared.model.cursor import SweepCursor
from shared.model.errors import ChangeRefused, PayloadUnavailable, StoreRefused, StoreUnavailable
from shared.model.lanes import DueShard, Lane
from shared.model.lifecycle import Status
from shared.ports.jobs import DueEntry
from tests.integration.adapters.faults import (
    BROKEN,
    CONNECT_TIMEOUT,
    DENIED,
    NO_CONNECTION,
    READ_TIMEOUT,
    THROTTLED,
    applied_but_failed,
    not_applied,
    refusal,
    resent,
    sent_twice,
)
from tests.jobs import START, a_job, at, claim_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.dynamodb.control import DynamoControlStore
    from shared.adapters.dynamodb.jobs import DynamoJobStore

SHARD = DueShard(Lane.NORMAL, 1)
MEDIUM = b'"' + b"x" * 2_000 + b'"'
LARGE = b'"' + b"x" * limits.TABLE_PAYLOAD_BYTES + b'"'


@pytest.mark.parametrize(
    ("error", "outcome_unknown"),
    [
        (THROTTLED, False),
        (refusal("ThrottlingException"), False),
        (refusal("RequestLimitExceeded"), False),
        (DENIED, False),
        (refusal("ResourceNotFoundException"), False),
        (refusal("ValidationException"), False),
        (NO_CONNECTION, True),
        (CONNECT_TIMEOUT, True),
        (resent(THROTTLED), True),
        (BROKEN, True),
        (refusal("ServiceUnavailable"), True),
        (refusal("SomethingNew"), True),
        (READ_TIMEOUT, True),
    ],
    ids=str,
)
def test_an_error_says_whether_the_call_may_have_been_applied(error: Exception, outcome_unknown: bool) -> None:
    with pytest.raises(StoreUnavailable, match="try it") as unavailable, translated_errors("try it"):
        raise error

    assert unavailable.value.outcome_unknown is outcome_unknown
    assert unavailable.value.__cause__ is error


@pytest.mark.parametrize("code", ["ValidationException", "ItemCollectionSizeLimitExceededException", "EntityTooLarge"])
def test_what_a_service_will_never_take_is_told_from_what_it_does_not_take_now(code: str) -> None:
    with pytest.raises(StoreRefused, match=code) as refused, translated_errors("try it"):
        raise refusal(code)

    assert not refused.value.retry_helps


@pytest.mark.parametrize("error", [THROTTLED, DENIED, refusal("NoSuchBucket"), BROKEN, NO_CONNECTION], ids=str)
def test_what_the_service_or_its_deployment_lacks_may_be_there_later(error: Exception) -> None:
    with pytest.raises(StoreUnavailable) as later, translated_errors("try it"):
        raise error

    assert type(later.value) is StoreUnavailable
    assert later.value.retry_helps


def test_a_call_that_was_taken_in_part_is_refused_when_all_that_was_not_is() -> None:
    assert isinstance(unavailable("try it", ["MalformedDetail"], outcome_unknown=True), StoreRefused)
    later = unavailable("try it", ["ThrottlingException", "MalformedDetail"], outcome_unknown=True)
    assert (type(later), str(later)) == (StoreUnavailable, "try it: MalformedDetail, ThrottlingException")


def test_a_condition_that_did_not_hold_is_told_with_what_it_met() -> None:
    error = refusal("ConditionalCheckFailedException")
    error.response["Item"] = {"pk": {"S": "a"}}

    with pytest.raises(ConditionFailed) as refused, translated_errors("try it"):
        raise error

    assert refused.value.item == {"pk": {"S": "a"}}


def test_a_defect_of_our_own_is_not_taken_for_one_of_the_service() -> None:
    with pytest.raises(KeyError), translated_errors("try it"):
        raise KeyError("ours")


def test_a_create_that_was_refused_left_nothing(store: DynamoJobStore, dynamodb: Any) -> None:
    with pytest.raises(StoreUnavailable) as unavailable, not_applied(dynamodb, THROTTLED):
        store.create(a_job())

    assert not unavailable.value.outcome_unknown
    assert store.create(a_job()).created


def test_a_create_whose_answer_was_lost_may_have_left_the_job_and_is_safe_to_repeat(
    store: DynamoJobStore, dynamodb: Any
) -> None:
    with pytest.raises(StoreUnavailable) as unavailable, applied_but_failed(dynamodb, READ_TIMEOUT):
        store.create(a_job())

    assert unavailable.value.outcome_unknown
    again = store.create(a_job())
    assert (again.job, again.created) == (a_job(), False)


def test_a_create_that_the_sdk_sends_again_meets_its_own_job(store: DynamoJobStore, dynamodb: Any) -> None:
    with sent_twice(dynamodb) as resent:
        creation = store.create(a_job())

    assert resent == ["PutItem"]
    assert (creation.job, creation.created) == (a_job(), False)


def test_a_create_that_is_refused_without_being_told_what_it_met_reads_it(store: DynamoJobStore, dynamodb: Any) -> None:
    store.create(a_job())

    with not_applied(dynamodb, refusal("ConditionalCheckFailedException"), only="dynamodb.PutItem"):
        again = store.create(a_job(name="another"))

    assert (again.job, again.created) == (a_job(), False)


def test_a_claim_that_the_sdk_sends_again_meets_its_own_claim(store: DynamoJobStore, dynamodb: Any) -> None:
    job = a_job()
    store.create(job)

    with pytest.raises(ChangeRefused) as refused, sent_twice(dynamodb) as resent:
        store.change_and_get(job.key, claim_of(job, claim_id="mine"))

    assert resent == ["UpdateItem"]
    assert refused.value.current is not None
    assert (refused.value.current.claim_id, refused.value.current.fence) == ("mine", 1)


def test_a_claim_whose_answer_was_lost_was_made(store: DynamoJobStore, dynamodb: Any) -> None:
    job = a_job()
    store.create(job)

    with pytest.raises(StoreUnavailable) as unavailable, applied_but_failed(dynamodb, READ_TIMEOUT):
        store.change_and_get(job.key, claim_of(job))

    assert unavailable.value.outcome_unknown
    assert store.get(job.key).status is Status.RUNNING


CALLS: dict[str, Callable[[DynamoJobStore], object]] = {
    "place_payload": lambda store: store.place_payload(a_job(payload=MEDIUM)),
    "create": lambda store: store.create(a_job()),
    "get": lambda store: store.get(a_job().key),
    "get_many": lambda store: store.get_many([a_job().key], consistent=True),
    "change": lambda store: store.change(a_job().key, claim_of(a_job())),
    "change_and_get": lambda store: store.change_and_get(a_job().key, claim_of(a_job())),
    "due": lambda store: store.due(SHARD, until=at(1), after=None, limit=1),
    "list_group": lambda store: store.list_group("a#adhoc#0", before="2", not_before="1", limit=1),
    "list_attention": lambda store: store.list_attention("a#0", before="2", not_before="1", limit=1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_call_of_a_store_that_is_away_says_so(
    store: DynamoJobStore, dynamodb: Any, call: Callable[[DynamoJobStore], object]
) -> None:
    with pytest.raises(StoreUnavailable), not_applied(dynamodb, NO_CONNECTION):
        call(store)


def test_a_large_payload_that_the_bucket_does_not_take_is_not_placed(store: DynamoJobStore, s3: Any) -> None:
    with pytest.raises(StoreUnavailable), not_applied(s3, NO_CONNECTION):
        store.place_payload(a_job(payload=LARGE))


@pytest.mark.parametrize("data", [MEDIUM, LARGE], ids=["item", "object"])
def test_a_payload_that_cannot_be_read_now_is_not_taken_for_gone(
    store: DynamoJobStore, dynamodb: Any, s3: Any, data: bytes
) -> None:
    job = store.place_payload(a_job(payload=data))

    with pytest.raises(StoreUnavailable), not_applied(dynamodb, THROTTLED), not_applied(s3, NO_CONNECTION):
        store.load_payload(job)


@pytest.mark.parametrize("code", ["NoSuchKey", "AccessDenied"])
def test_a_payload_that_is_gone_from_a_bucket_that_nobody_may_list_is_not_waited_for(
    store: DynamoJobStore, s3: Any, code: str
) -> None:
    job = store.place_payload(a_job(payload=LARGE))

    with pytest.raises(PayloadUnavailable), not_applied(s3, refusal(code)):
        store.load_payload(job)


def entry(seconds: float) -> DueEntry:
    return DueEntry(at(seconds), "acme", "job-1")


def test_a_first_cursor_that_the_sdk_sends_again_is_done(control: DynamoControlStore, dynamodb: Any) -> None:
    with sent_twice(dynamodb) as resent:
        assert control.advance_tick(SHARD, seen=None, to=entry(1))

    assert resent == ["PutItem"]
    assert control.tick_cursors() == {SHARD: entry(1)}


def test_an_advance_that_the_sdk_sends_again_is_done(control: DynamoControlStore, dynamodb: Any) -> None:
    control.advance_tick(SHARD, seen=None, to=entry(1))

    with sent_twice(dynamodb):
        assert control.advance_tick(SHARD, seen=entry(1), to=entry(2))


def test_a_sweeps_advance_that_the_sdk_sends_again_is_done(control: DynamoControlStore, dynamodb: Any) -> None:
    first, second = SweepCursor(at(60), START, None), SweepCursor(at(120), at(60), None)
    control.advance_sweep(SHARD, seen=None, to=first)

    with sent_twice(dynamodb):
        assert control.advance_sweep(SHARD, seen=first, to=second)


def test_a_race_that_was_lost_is_lost_even_when_the_other_went_to_the_same_place(
    control: DynamoControlStore, dynamodb: Any
) -> None:
    control.advance_tick(SHARD, seen=None, to=entry(1))
    control.advance_tick(SHARD, seen=entry(1), to=entry(2))

    with sent_twice(dynamodb):
        assert not control.advance_tick(SHARD, seen=entry(1), to=entry(2))


def test_a_key_whose_put_the_sdk_sends_again_is_put(control: DynamoControlStore, dynamodb: Any) -> None:
    key, _ = mint_api_key(
        tenant="acme", scopes=frozenset({Scope.READ}), random_id="k3y000000001", secret="secret", now=START
    )

    with sent_twice(dynamodb):
        control.put_api_key(key)

    assert control.get_api_key(key.id) == key


def test_a_control_table_that_is_away_is_not_reachable(control: DynamoControlStore, dynamodb: Any) -> None:
    with not_applied(dynamodb, NO_CONNECTION):
        assert not control.is_reachable()
    assert control.is_reachable()
