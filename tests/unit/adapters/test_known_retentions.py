from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.adapters.tenant_retentions import FRESH, KnownRetentions
from shared.model.errors import StoreUnavailable
from shared.model.lifecycle import Status
from shared.model.tenant_retention import TenantRetention
from tests.jobs import RETENTION, START, TENANT, at
from tests.retentions import BOUNDS

SAID = TenantRetention.unsaid(TENANT).saying({Status.FAILED: 60}, by="key", now=START)


class Store(MemoryVersionedStore[TenantRetention]):
    """Counts reads by tenant, and fails as it is told to."""

    def __init__(self) -> None:
        super().__init__("retention")
        self.reads: Counter[str] = Counter()
        self.fails: Exception | None = None

    def get(self, tenant: str, item_id: str) -> TenantRetention:
        self.reads[tenant] += 1
        if self.fails is not None:
            raise self.fails
        return super().get(tenant, item_id)


class Known:
    def __init__(self) -> None:
        self.store, self.clock, self.telemetry = Store(), VirtualClock(START), RecordedTelemetry()
        self.retentions = KnownRetentions(
            lambda: self.store, default=RETENTION, bounds=BOUNDS, clock=self.clock, telemetry=self.telemetry
        )

    def failed_days(self, tenant: str = TENANT) -> int:
        return self.retentions.of_tenant(tenant).failed_days


@pytest.fixture
def known() -> Known:
    return Known()


def test_a_tenants_is_read_once_a_minute_also_when_it_says_nothing(known: Known) -> None:
    known.store.create(SAID)
    for _ in range(60):
        assert (known.failed_days(), known.failed_days("other")) == (60, 30)
        known.clock.advance(0.99)
    assert known.store.reads == {TENANT: 1, "other": 1}

    known.clock.advance(0.6)

    assert (known.failed_days(), known.store.reads[TENANT]) == (60, 2)


def test_a_change_holds_a_minute_later(known: Known) -> None:
    assert known.failed_days() == 30

    known.store.create(SAID)
    known.clock.advance(FRESH.total_seconds())

    assert known.failed_days() == 60


@pytest.mark.parametrize(
    "failure", [StoreUnavailable("throttled", outcome_unknown=False), KeyError("changes")], ids=["away", "unreadable"]
)
def test_what_cannot_be_read_holds_up_no_job_and_is_told(known: Known, failure: Exception) -> None:
    known.store.create(SAID)
    known.store.fails = failure

    assert [known.failed_days() for _ in range(100)] == [30] * 100

    assert known.store.reads == {TENANT: 1}
    ((action, facts),) = known.telemetry.notes
    assert (action, facts["tenant"]) == ("retention_not_read", TENANT)


def test_what_was_known_holds_while_it_cannot_be_read(known: Known) -> None:
    known.store.create(SAID)
    known.failed_days()
    known.store.fails = StoreUnavailable("throttled", outcome_unknown=False)

    known.clock.advance(FRESH.total_seconds())

    assert (known.failed_days(), known.store.reads[TENANT]) == (60, 2)


def test_the_shortest_is_that_of_all_that_was_said(known: Known) -> None:
    first = TenantRetention.unsaid(TENANT).saying({Status.SKIPPED: 3}, by="key", now=START)
    known.store.create(first)
    known.store.replace(first.saying({Status.SKIPPED: 300}, by="key", now=at(1)))

    assert known.retentions.shortest_of(TENANT) == timedelta(days=3)
    assert known.retentions.shortest_of("other") == timedelta(days=30)
