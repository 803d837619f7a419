from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions.watcher.journal.deliver_events import FRESH, DeliverEvents
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.model.errors import StoreUnavailable
from shared.model.job import JobKey
from shared.model.job_change import JobChange
from shared.model.subscription import Subscription, SubscriptionStatus, delivery_id
from shared.ports.telemetry import Metric
from tests.jobs import SHARDING, START, TENANT, a_job, after, claimed, failed_once
from tests.subscriptions import a_subscription

if TYPE_CHECKING:
    from shared.model.job import Job


class Tenants:
    """The reader on memory stores, of which it is counted what they are asked."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.telemetry = RecordedTelemetry()
        self.subscriptions = MemoryVersionedStore[Subscription]("subscription")
        self.jobs = MemoryJobStore()
        self.is_away = False
        self.reads: list[str] = []
        self.deliver = DeliverEvents(
            subscriptions=self,  # type: ignore[arg-type]
            jobs=self.jobs,
            clock=self.clock,
            telemetry=self.telemetry,
            sharding=SHARDING,
        )

    def all_of(self, tenant: str) -> list[Subscription]:
        self.reads.append(tenant)
        if self.is_away:
            raise StoreUnavailable("away", outcome_unknown=False)
        return self.subscriptions.all_of(tenant)

    def delivery(self, event_id: str, subscription_id: str = "5ub5cr1be", tenant: str = TENANT) -> Job:
        return self.jobs.get(JobKey(tenant, delivery_id(subscription_id, event_id)))

    def told(self, event_id: str, subscription_id: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.jobs.load_payload(self.delivery(event_id, subscription_id)) or b"")
        return document


@pytest.fixture
def tenants() -> Tenants:
    return Tenants()


def begins(job: Job) -> JobChange:
    return JobChange(job, claimed(job))


def test_an_event_becomes_a_job_for_each_subscription_that_wants_it(tenants: Tenants) -> None:
    for name, events in (("s1", ("job.*",)), ("s2", ("job.started",)), ("s3", ("job.failed",))):
        tenants.subscriptions.create(a_subscription(id=name, events=events))
    job = a_job()

    tenants.deliver([begins(job)])

    event_id = f"{job.id}.{claimed(job).version}"
    documents = [tenants.told(event_id, name) for name in ("s1", "s2")]
    assert [document["id"] for document in documents] == [event_id, event_id]
    assert tenants.telemetry.values[Metric.EVENT_DELIVERIES] == [2]


def test_a_batch_that_comes_again_makes_nothing_more(tenants: Tenants) -> None:
    tenants.subscriptions.create(a_subscription())
    running = claimed(a_job())
    changes = [begins(a_job()), JobChange(running, after(running, failed_once(running)))]

    tenants.deliver(changes)
    tenants.clock.advance(60)
    tenants.deliver(changes)

    assert tenants.telemetry.values[Metric.EVENT_DELIVERIES] == [1]
    assert tenants.delivery(f"{running.id}.{running.version}").created_at == START


def test_nobody_is_told_what_happened_to_another_tenants_jobs(tenants: Tenants) -> None:
    tenants.subscriptions.create(a_subscription(tenant="other"))

    tenants.deliver([begins(a_job())])

    assert Metric.EVENT_DELIVERIES not in tenants.telemetry.values


def test_a_tenants_subscriptions_are_read_once_in_ten_seconds(tenants: Tenants) -> None:
    jobs = [a_job(job_id=f"job-{number}") for number in range(3)]
    tenants.deliver([begins(job) for job in jobs])
    tenants.subscriptions.create(a_subscription())
    tenants.deliver([begins(a_job(job_id="in between"))])
    tenants.clock.advance(FRESH.total_seconds())

    tenants.deliver([begins(a_job(job_id="after"))])

    assert tenants.reads == [TENANT, TENANT]
    assert tenants.telemetry.values[Metric.EVENT_DELIVERIES] == [1]


def test_without_knowing_who_has_subscribed_the_batch_is_to_come_again(tenants: Tenants) -> None:
    tenants.subscriptions.create(a_subscription())
    tenants.is_away = True
    with pytest.raises(StoreUnavailable):
        tenants.deliver([begins(a_job())])
    tenants.is_away = False

    tenants.deliver([begins(a_job())])

    assert tenants.telemetry.values[Metric.EVENT_DELIVERIES] == [1]


def test_a_whole_batch_is_told_to_all_who_want_it(tenants: Tenants) -> None:
    for number in range(3):
        tenants.subscriptions.create(a_subscription(id=f"s{number}"))
    paused = a_subscription(id="paused", status=SubscriptionStatus.PAUSED)
    tenants.subscriptions.create(paused)

    tenants.deliver([begins(a_job(job_id=f"job-{number}")) for number in range(500)])

    assert tenants.telemetry.values[Metric.EVENT_DELIVERIES] == [1_500]
