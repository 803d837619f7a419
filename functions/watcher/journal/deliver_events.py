"""What happened, told to the channels that tenants have subscribed to it: by a job for each event and subscription."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from shared.known import KnownPerTenant
from shared.model.lifecycle_event import event_of
from shared.model.subscription import delivery_job
from shared.ports.telemetry import Metric
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from shared.model.job import Sharding
    from shared.model.job_change import JobChange
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.model.subscription import Subscription
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.telemetry import Telemetry
    from shared.ports.versioned import VersionedStore
    from shared.side_by_side import Together

FRESH: Final = timedelta(seconds=10)
"""For so long what was read counts as known, so a change of a subscription is seen at most so much later."""


class DeliverEvents:
    """A reader of the journal, and where other events are told. It reads a tenant's subscriptions once in ten seconds;
    a tenant without any costs nothing else.

    The job's id is made from the subscription and the event: told again, it is there already, and no other is made.
    However many of a batch are wanted, all are told: what limits them is how many subscriptions a tenant may have.
    """

    def __init__(
        self,
        *,
        subscriptions: VersionedStore[Subscription],
        jobs: JobStore,
        clock: Clock,
        telemetry: Telemetry,
        sharding: Sharding,
        together: Together = side_by_side,
    ) -> None:
        self._subscriptions = subscriptions
        self._jobs = jobs
        self._clock = clock
        self._telemetry = telemetry
        self._sharding = sharding
        self._together = together
        nothing: Sequence[Subscription] = ()
        self._known = KnownPerTenant(self._read, nothing, fresh=FRESH, clock=clock)

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when something could not be read or written."""
        self.tell(event for event in map(event_of, changes) if event is not None)

    def tell(self, events: Iterable[LifecycleEvent]) -> None:
        """Make the jobs that tell each event to whom it concerns. Raises `StoreUnavailable`: not all exist."""
        now = self._clock.now()
        wanted = [(one, event) for event in events for one in self._known.of(event.tenant) if one.wants(event)]
        created = sum(self._together(partial(self._deliver, now=now), wanted))
        if created:
            self._telemetry.measure(Metric.EVENT_DELIVERIES, created)

    def _deliver(self, wanted: tuple[Subscription, LifecycleEvent], *, now: datetime) -> bool:
        subscription, event = wanted
        job = delivery_job(subscription, event, now=now, sharding=self._sharding)
        return self._jobs.create(self._jobs.place_payload(job)).created

    def _read(self, tenant: str, _: Sequence[Subscription]) -> Sequence[Subscription]:
        return self._subscriptions.all_of(tenant)
