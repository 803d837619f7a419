from __future__ import annotations

import json
from typing import Any

import pytest

from shared.model import limits
from shared.model.groups import is_reserved
from shared.model.job_change import JobChange
from shared.model.lanes import Priority
from shared.model.lifecycle_event import LifecycleEvent, event_of
from shared.model.retry import preview
from shared.model.subscription import EXPIRES_AFTER_SECONDS, RETRY, EventFilter, SubscriptionStatus, delivery_job
from tests.jobs import SHARDING, START, TENANT, a_job, at, claimed
from tests.subscriptions import a_subscription


def started(**spec: Any) -> LifecycleEvent:
    job = a_job(**spec)
    event = event_of(JobChange(job, claimed(job)))
    assert event is not None
    return event


def about_alert(subject_type: str, subject_id: str) -> LifecycleEvent:
    document = {"id": "a1.1", "alert": {"subject": {"type": subject_type, "id": subject_id}}}
    return LifecycleEvent("a1.1", "alert.opened", TENANT, START, "a1", document)


@pytest.mark.parametrize(
    ("events", "is_wanted"),
    [
        (("job.started",), True),
        (("job.*",), True),
        (("alert.*", "job.*"), True),
        (("job.failed",), False),
        (("alert.*",), False),
    ],
)
def test_a_subscription_is_to_types_of_events_or_families_of_them(events: tuple[str, ...], *, is_wanted: bool) -> None:
    assert a_subscription(events=events).wants(started()) is is_wanted


def test_a_paused_subscription_wants_nothing() -> None:
    assert not a_subscription(status=SubscriptionStatus.PAUSED).wants(started())


def test_what_happened_before_a_subscription_was_active_is_not_told() -> None:
    subscription = a_subscription(active_since=at(1))

    assert not subscription.wants(started(now=at(0.999)))
    assert subscription.wants(started(now=at(1)))


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        (EventFilter(), True),
        (EventFilter(group="nightly"), True),
        (EventFilter(group="daily"), False),
        (EventFilter(priority=Priority.HIGH), True),
        (EventFilter(priority=Priority.LOW), False),
        (EventFilter(tags={"team": "ops"}), True),
        (EventFilter(tags={"team": "ops", "zone": "b"}), True),
        (EventFilter(tags={"team": "ops", "zone": "c"}), False),
        (EventFilter(tags={"owner": "ops"}), False),
        (EventFilter(template_id="t1"), False),
        (EventFilter(group="nightly", priority=Priority.LOW), False),
    ],
)
def test_all_that_a_filter_says_of_a_job_must_hold(wanted: EventFilter, *, passes: bool) -> None:
    event = started(group="nightly", priority=Priority.HIGH, tags={"team": "ops", "zone": "b"})

    assert a_subscription(filter=wanted).wants(event) is passes


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        (EventFilter(), True),
        (EventFilter(template_id="t1"), True),
        (EventFilter(template_id="t2"), False),
        (EventFilter(group="t1"), False),
        (EventFilter(tags={"team": "ops"}), False),
        (EventFilter(priority=Priority.HIGH), False),
    ],
)
def test_an_alert_passes_a_filter_by_its_subject(wanted: EventFilter, *, passes: bool) -> None:
    subscription = a_subscription(events=("alert.*",), filter=wanted)

    assert subscription.wants(about_alert("template", "t1")) is passes


def test_an_alert_about_a_group_is_not_one_about_a_template_of_that_name() -> None:
    subscription = a_subscription(events=("alert.*",), filter=EventFilter(template_id="t1"))

    assert not subscription.wants(about_alert("group", "t1"))


def test_an_event_is_told_by_a_job_whose_id_says_which_event_to_whom() -> None:
    event, subscription = started(correlation_id="order-7"), a_subscription()

    job = delivery_job(subscription, event, now=at(3), sharding=SHARDING)

    assert job.id == delivery_job(subscription, event, now=at(9), sharding=SHARDING).id
    assert job.id != delivery_job(a_subscription(id="other"), event, now=at(3), sharding=SHARDING).id
    assert job.id != delivery_job(subscription, started(job_id="other"), now=at(3), sharding=SHARDING).id
    assert (job.tenant, job.run_at, job.correlation_id) == (TENANT, at(3), "order-7")
    assert job.target == {"type": "channel", "channel_id": "c0ffee"}
    assert json.loads(job.payload.data or b"") == event.document


def test_the_job_that_tells_an_event_is_no_event_itself() -> None:
    job = delivery_job(a_subscription(), started(), now=START, sharding=SHARDING)

    assert is_reserved(job.group)
    assert event_of(JobChange(job, claimed(job))) is None


def test_all_attempts_to_tell_an_event_are_made_before_it_is_no_news() -> None:
    delays = preview(RETRY)

    assert len(delays) == RETRY.max_attempts - 1
    assert sum(delay.most for delay in delays) < EXPIRES_AFTER_SECONDS <= limits.MAX_EXPIRES_AFTER_SECONDS
