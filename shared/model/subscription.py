"""A subscription: which events of a tenant are told to which of its channels. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from shared.model.groups import EVENTS
from shared.model.job import JobKey, JobSpec, Sharding, hashed_id, new_job
from shared.model.lanes import Priority
from shared.model.retry import Backoff, Jitter, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.job import Job
    from shared.model.lifecycle_event import LifecycleEvent

RETRY: Final = RetryPolicy(
    max_attempts=9,
    backoff=Backoff.LADDER,
    delays_seconds=(5.0, 60.0, 300.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0),
    jitter=Jitter.FULL,
)
EXPIRES_AFTER_SECONDS: Final = 24 * 3_600
TIMEOUT_SECONDS: Final = 15


class SubscriptionStatus(StrEnum):
    """Whether events are told. Those of the time of a pause are not told later either."""

    ACTIVE = "active"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events of the types wanted: those for which all holds that is given here.

    Of a job: its template, its group, its priority, and its tags, which are all of `tags` and maybe others. Of an alert
    about a template or a group: that. An event that has no such fact does not pass.
    """

    template_id: str | None = None
    group: str | None = None
    priority: Priority | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def passes(self, document: Mapping[str, Any]) -> bool:
        """Whether the event with this document is among them."""
        facts = _facts_of(document)
        wanted = {"template_id": self.template_id, "group": self.group, "priority": self.priority}
        if any(value is not None and facts.get(name) != value for name, value in wanted.items()):
            return False
        tags = facts.get("tags", {})
        return all(tags.get(key) == value for key, value in self.tags.items())


ALL: Final = EventFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`events` are types of events, or families of them (`job.*`). `active_since`: events that happened before are not
    told. `fingerprint` is a digest of the request that created it under an Idempotency-Key."""

    tenant: str
    id: str
    name: str
    channel_id: str
    events: tuple[str, ...]
    filter: EventFilter = ALL
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    active_since: datetime
    version: int = 1
    created_at: datetime
    changed_at: datetime
    changed_by: str
    fingerprint: str | None = None

    def wants(self, event: LifecycleEvent) -> bool:
        """Whether `event`, which is the tenant's, is to be told."""
        if self.status is SubscriptionStatus.PAUSED or event.occurred_at < self.active_since:
            return False
        return event.is_of(self.events) and self.filter.passes(event.document)


def delivery_id(subscription_id: str, event_id: str) -> str:
    """The id of the job that tells that event to that subscription: the same however often it is made."""
    return hashed_id("event", subscription_id, event_id)


def delivery_job(subscription: Subscription, event: LifecycleEvent, *, now: datetime, sharding: Sharding) -> Job:
    """The job that tells `event`, with its payload inline. It is tried nine times within a day.

    Of normal priority: a burst of news must not be ahead of the jobs that somebody wants soon.
    """
    spec = JobSpec(
        target={"type": "channel", "channel_id": subscription.channel_id},
        run_at=now,
        name=event.type,
        payload=json.dumps(event.document, separators=(",", ":"), ensure_ascii=False).encode(),
        priority=Priority.NORMAL,
        timeout_seconds=TIMEOUT_SECONDS,
        expires_after_seconds=EXPIRES_AFTER_SECONDS,
        retry=RETRY,
        group=EVENTS,
        correlation_id=event.correlation_id,
    )
    key = JobKey(subscription.tenant, delivery_id(subscription.id, event.id))
    return new_job(spec, key=key, now=now, sharding=sharding)


def _facts_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What filters are about: a job's own members, and the subject of an alert by its kind."""
    job, alert = document.get("job"), document.get("alert")
    if job is not None:
        return dict(job)
    return {} if alert is None else {_SUBJECTS.get(alert["subject"]["type"], ""): alert["subject"]["id"]}


_SUBJECTS: Final[Mapping[str, str]] = {"template": "template_id", "group": "group"}
