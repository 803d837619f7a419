"""`ports.breakers`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.adapters.dynamodb.breakers import DynamoBreakers
from shared.adapters.memory.breakers import MemoryBreakers
from shared.model.breaker import BreakerState, Calls
from shared.model.errors import BreakerChanged
from shared.ports.breakers import BreakerChange, Period
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.breakers import TARGET, a_breaker
from tests.jobs import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.breaker import Breaker
    from shared.ports.breakers import Breakers

PERIOD = Period("acme", TARGET, 0, 29_000_000)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Breakers]:
    if request.param == "memory":
        yield MemoryBreakers()
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoBreakers(dynamodb, CONTROL_TABLE)


def after(breaker: Breaker, **facts: object) -> Breaker:
    return replace(breaker, version=breaker.version + 1, **facts)


CLOSED = after(a_breaker(), state=BreakerState.CLOSED, probe_at=None, changed_at=at(60))


@pytest.mark.parametrize("is_news", [True, False])
@pytest.mark.parametrize(
    "breaker",
    [
        a_breaker(),
        a_breaker(state=BreakerState.HALF_OPEN, target="http:[2001:db8::1]:443", probe="job-1#2"),
        a_breaker(state=BreakerState.CLOSED, probe_at=None),
        a_breaker(error=None, calls=Calls(), changed_by="key1", note="é 🕰", opened_at=None, expire_item_at=None),
    ],
    ids=["open", "half open", "closed", "by hand"],
)
def test_a_breaker_is_read_as_it_was_put(store: Breakers, breaker: Breaker, is_news: bool) -> None:
    store.put_breaker(breaker, is_news=is_news)

    assert store.get_breaker(breaker.tenant, breaker.target) == breaker
    assert list(store.breakers(breaker.tenant)) == [breaker]


def test_a_tenants_breakers_are_listed_by_their_targets_and_nobody_elses(store: Breakers) -> None:
    breakers = [a_breaker(target=name) for name in ("sqs:c", "sqs:a", "sqs:b")]
    for breaker in (*breakers, a_breaker(tenant="acme-2"), a_breaker(tenant="acm")):
        store.put_breaker(breaker, is_news=True)

    assert list(store.breakers("acme")) == [breakers[1], breakers[2], breakers[0]]
    assert list(store.breakers("nobody")) == []
    assert store.get_breaker("nobody", TARGET) is None


@pytest.mark.parametrize("is_news", [True, False])
def test_a_breaker_is_put_over_the_version_before_it_and_no_other(store: Breakers, is_news: bool) -> None:
    store.put_breaker(a_breaker(), is_news=is_news)
    store.put_breaker(CLOSED, is_news=is_news)

    for late in (a_breaker(error="http_500"), replace(CLOSED, error="http_500"), replace(CLOSED, version=4)):
        with pytest.raises(BreakerChanged):
            store.put_breaker(late, is_news=is_news)
    assert store.get_breaker("acme", TARGET) == CLOSED


def test_a_later_version_is_not_put_where_there_is_none(store: Breakers) -> None:
    with pytest.raises(BreakerChanged):
        store.put_breaker(CLOSED, is_news=True)

    assert store.get_breaker("acme", TARGET) is None
    assert list(store.changes(since=at(0), limit=9)) == []


@pytest.mark.parametrize("is_news", [True, False])
def test_ones_own_write_whose_answer_was_lost_counts_as_done(store: Breakers, is_news: bool) -> None:
    for _ in range(2):
        store.put_breaker(a_breaker(), is_news=is_news)
    for _ in range(2):
        store.put_breaker(CLOSED, is_news=is_news)

    assert store.get_breaker("acme", TARGET) == CLOSED
    assert len(store.changes(since=at(0), limit=9)) == (2 if is_news else 0)


# Moto loses updates of threads that race. That DynamoDB's conditional writes and counters do not is AWS's promise.
in_memory = pytest.mark.parametrize("store", ["memory"], indirect=True)


@in_memory
def test_of_many_that_open_it_at_once_one_does(store: Breakers) -> None:
    def put(number: int) -> bool:
        try:
            store.put_breaker(a_breaker(error=f"exit_{number}"), is_news=True)
        except BreakerChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(put, range(8)))

    assert done.count(True) == 1
    assert len(store.changes(since=at(0), limit=9)) == 1


def test_of_many_that_open_it_one_after_the_other_the_first_does(store: Breakers) -> None:
    store.put_breaker(a_breaker(error="exit_0"), is_news=True)

    for number in range(1, 4):
        with pytest.raises(BreakerChanged):
            store.put_breaker(a_breaker(error=f"exit_{number}"), is_news=True)

    assert len(store.changes(since=at(0), limit=9)) == 1


def test_what_opened_and_closed_is_told_in_the_order_of_time(store: Breakers) -> None:
    other = a_breaker(tenant="beta", changed_at=at(30), error=None)
    half_open = after(a_breaker(), state=BreakerState.HALF_OPEN, changed_at=at(40))
    closed = after(half_open, state=BreakerState.CLOSED, changed_at=at(60))
    store.put_breaker(other, is_news=True)
    store.put_breaker(a_breaker(), is_news=True)
    store.put_breaker(half_open, is_news=False)
    store.put_breaker(closed, is_news=True)

    told = [
        BreakerChange(at(0), "acme", TARGET, 1, BreakerState.OPEN, "http_503", Calls(7, 3)),
        BreakerChange(at(30), "beta", TARGET, 1, BreakerState.OPEN, None, Calls(7, 3)),
        BreakerChange(at(60), "acme", TARGET, 3, BreakerState.CLOSED, "http_503", Calls(7, 3)),
    ]
    assert list(store.changes(since=at(0), limit=9)) == told
    assert list(store.changes(since=at(30), limit=9)) == told[1:]
    assert list(store.changes(since=at(0), limit=2)) == told[:2]
    assert list(store.changes(since=at(61), limit=9)) == []


def test_calls_of_a_period_add_up(store: Breakers) -> None:
    first = store.count(PERIOD, Calls(1, 5), forget_at=at(120))
    second = store.count(PERIOD, Calls(1, 0), forget_at=at(120))

    assert (first, second) == (Calls(1, 5), Calls(2, 5))


@pytest.mark.parametrize(
    "other",
    [
        PERIOD._replace(tenant="acm"),
        PERIOD._replace(target="http:example.com:8443"),
        PERIOD._replace(generation=1),
        PERIOD._replace(number=29_000_001),
    ],
)
def test_calls_of_another_period_count_apart(store: Breakers, other: Period) -> None:
    store.count(PERIOD, Calls(1, 5), forget_at=at(120))

    assert store.count(other, Calls(1, 0), forget_at=at(120)) == Calls(1, 0)


@in_memory
def test_nothing_is_lost_when_many_count_at_once(store: Breakers) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.count(PERIOD, Calls(1, 1), forget_at=at(120)), range(40)))

    assert store.count(PERIOD, Calls(), forget_at=at(120)) == Calls(40, 40)
