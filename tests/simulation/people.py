"""Who looks after what went wrong: dead letters are redriven or discarded, one by one and many at once; alerts are
acknowledged, silenced, resolved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from functions.api.create_job import Idempotency
from functions.api.keep_versioned import Asked
from functions.api.preconditions import ANY_VERSION, Precondition
from shared.model.alerts import moves
from shared.model.bulk_action import BulkKind, BulkSpec, DeadLetterFilter
from shared.model.errors import SchedulerError, StoreUnavailable
from shared.model.lifecycle import Status
from tests.simulation import functions
from tests.simulation.cloud import API_TIMEOUT_MS, Cloud, Unanswered
from tests.simulation.faults import SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from functions.api.services import Services
    from shared.model.alerts.alert import Alert
    from shared.model.job import Job, JobKey
    from tests.simulation.functions import World
    from tests.simulation.kernel import Process
    from tests.simulation.observed import Observed

_OF_ALERTS: Final = frozenset({"acknowledge", "resolve", "silence"})
BY: Final = "a person's key"
_TRIES: Final = 4
_TRY_AGAIN_MS: Final = 3 * SECOND
_PATIENCE: Final = 5
_LOOK_AGAIN_MS: Final = 40 * SECOND
_ANOTHER_TARGET: Final = {"target": {"type": "http", "url": "https://example.com/50/ok"}, "payload": {"again": True}}


class Intent(NamedTuple):
    """What somebody of `tenant` does at `at`, `number` being the chance by which it is decided about what."""

    at: int
    tenant: str
    what: str
    number: int


@dataclass(frozen=True, slots=True)
class Person:
    """`asked`: how often each job was to be redriven, as far as anybody can say."""

    cloud: Cloud
    observed: Observed
    asked: Counter[JobKey] = field(default_factory=Counter)

    def act(self, intent: Intent) -> None:
        """Do it to one of those that it may be done to, once there is one."""
        for _ in range(_PATIENCE):
            stored = self._live_alerts() if intent.what in _OF_ALERTS else self._dead_letters()
            found = [one for one in stored if one.tenant == intent.tenant]
            if found:
                getattr(self, f"_{intent.what}")(found[intent.number % len(found)], intent)
                return
            self.cloud.kernel.sleep(_LOOK_AGAIN_MS)

    def discard_all(self) -> None:
        """Until no dead letter is left."""
        while letters := self._dead_letters():
            for letter in letters:
                self._discard(letter, Intent(0, letter.tenant, "discard", 0))

    def _live_alerts(self) -> Sequence[Alert]:
        return [one for one in self.cloud.world.beside.alerts.all_alerts() if one.state.is_live]

    def _dead_letters(self) -> list[Job]:
        stored = self.cloud.jobs.all_jobs()
        return [job for job in stored if job.status is Status.FAILED and job.discarded_at is None]

    # Alerts

    def _acknowledge(self, alert: Alert, intent: Intent) -> None:
        self._move(alert, intent, lambda one, now: moves.acknowledged(one, by=BY, note=None, now=now))

    def _resolve(self, alert: Alert, intent: Intent) -> None:
        self._move(alert, intent, lambda one, now: moves.resolved(one, by=BY, note=None, now=now))

    def _silence(self, alert: Alert, intent: Intent) -> None:
        lasts = timedelta(seconds=60 + intent.number % 600)
        self._move(alert, intent, lambda one, now: moves.silenced(one, until=now + lasts, by=BY, note=None, now=now))

    def _move(self, alert: Alert, intent: Intent, move: Callable[[Alert, datetime], Alert]) -> None:
        asked = Asked(tenant=alert.tenant, item_id=alert.id, by=BY, precondition=ANY_VERSION)

        def change(services: Services) -> Alert:
            now = services.clock.now()
            return services.alerts().change(asked, lambda one: move(one, now))

        self._try(intent, change)

    # One dead letter

    def _redrive(self, letter: Job, intent: Intent) -> None:
        may_begin_again = intent.number % 3 > 0
        patch = _ANOTHER_TARGET if intent.number % 2 else {}

        def redrive(services: Services) -> Job:
            self.asked[letter.key] += 1
            return services.dead_letters().redrive(
                letter.key,
                patch,
                Precondition(frozenset({str(letter.version)})) if intent.number % 5 == 0 else ANY_VERSION,
                services.clock.now(),
                by=BY,
                may_begin_again=may_begin_again,
            )

        job = self._try(intent, redrive)
        if job is not None and not job.redrives:
            self.observed.breaks("I20", job, "a redrive was answered, and it was not redriven")

    def _redrive_twice(self, letter: Job, intent: Intent) -> None:
        """By two at once."""
        for number in range(2):
            self.cloud.kernel.later(f"person {number}", lambda: self._redrive(letter, intent))

    def _discard(self, letter: Job, intent: Intent) -> None:
        def discard(services: Services) -> Job:
            return services.dead_letters().discard(letter.key, "no", ANY_VERSION, services.clock.now(), by=BY)

        self._try(intent, discard)

    # Many dead letters

    def _redrive_many(self, letter: Job, intent: Intent) -> None:
        self._begin(BulkKind.REDRIVE, letter, intent)

    def _discard_many(self, letter: Job, intent: Intent) -> None:
        self._begin(BulkKind.DISCARD, letter, intent)

    def _begin(self, kind: BulkKind, letter: Job, intent: Intent) -> None:
        spec = self._spec(kind, letter, intent)
        key = Idempotency(f"bulk {intent}", str(spec))

        def begin(services: Services, ends_at: int) -> Any:
            return services.dead_letters().begin(
                intent.tenant,
                spec,
                by=BY,
                now=services.clock.now(),
                idempotency=key,
                seconds_left=lambda: self.cloud.world.seconds_until(ends_at),
            )

        action = self._try(intent, begin, with_end=True)
        if action is not None and intent.number % 4 == 0:
            self.cloud.kernel.sleep(intent.number % 90 * SECOND)
            self._try(intent, lambda one: one.dead_letters().abort(intent.tenant, action.id, one.clock.now()))

    def _spec(self, kind: BulkKind, letter: Job, intent: Intent) -> BulkSpec:
        mine = [job for job in self._dead_letters() if job.tenant == intent.tenant]
        wanted = (
            DeadLetterFilter(),
            DeadLetterFilter(error_type=letter.executions[-1].error_type),
            DeadLetterFilter(job_ids=tuple(job.id for job in mine)),
        )[intent.number % 3]
        return BulkSpec(
            kind=kind,
            wanted=wanted,
            rate_per_second=(0.1, 1.0, 100.0)[intent.number // 3 % 3],
            has_canary=intent.number % 5 == 0,
            payload_patch={"again": True} if intent.number % 7 == 0 else None,
            may_begin_again=intent.number % 2 == 0,
            reason="no",
        )

    def _try(self, intent: Intent, ask: Callable[..., Any], *, with_end: bool = False) -> Any:
        """What was answered; None when nobody did, or the answer was no."""
        kernel = self.cloud.kernel
        for _ in range(_TRIES):
            try:
                return self._call(ask, with_end=with_end)
            except (Unanswered, StoreUnavailable):
                kernel.sleep(_TRY_AGAIN_MS)
            except SchedulerError as error:
                # It is not in a state for that, or does not hold still: a person is told so.
                kernel.note("person", intent.what, type(error).__name__)
                return None
        return None

    def _call(self, ask: Callable[..., Any], *, with_end: bool) -> Any:
        def work(world: World, process: Process, ends_at: int) -> Any:
            services = functions.services(world, process)
            return ask(services, ends_at) if with_end else ask(services)

        return self.cloud.call("api", work, timeout_ms=API_TIMEOUT_MS)
