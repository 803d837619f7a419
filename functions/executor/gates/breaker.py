"""The gate of circuit breakers, and what opens and closes them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from functions.executor.gates.call_counts import CallCounts
from functions.executor.gates.protocol import Closed, Defer
from shared.model import breaker as breakers
from shared.model.breaker import Breaker, BreakerSettings, BreakerState, Calls, Verdict
from shared.model.errors import BreakerChanged, StoreUnavailable
from shared.model.target_identity import target_identity
from shared.ports.breakers import Period
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from datetime import datetime

    from functions.executor.gates.known_breakers import KnownBreakers
    from functions.executor.targets.protocol import Answer
    from shared.model.execution import Failure
    from shared.model.job import Job, JobKey
    from shared.ports.breakers import Breakers
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerGate:
    """Lets jobs through to targets whose breaker is closed, and one at a time to find out whether it may close.

    It is the last of the gates: a job that it lets through as a probe is to call its target. Whose probe never tells
    how it went has been reserved for a while, then another takes its place.
    """

    store: Breakers
    known: KnownBreakers
    settings: BreakerSettings
    clock: Clock
    telemetry: Telemetry
    counts: CallCounts = field(default_factory=CallCounts)
    _probes: dict[tuple[JobKey, int], Breaker] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, job: Job) -> Closed | None:
        target = target_identity(job.target)
        breaker = self.known.of(job.tenant, target)
        if breaker is None or breaker.is_closed:
            return None
        now = self.clock.now()
        try:
            if breakers.may_probe(breaker, job, now):
                breaker = self._reserved(breaker, job, now)
            elif breaker.state is BreakerState.HALF_OPEN:
                # A probe takes a moment, what is known may be older.
                breaker = self.known.read_again(job.tenant, target)
        except StoreUnavailable as error:
            self.telemetry.warn("breaker_not_asked", target=target, error=str(error), **job.identity())
        if breaker is None or breaker.is_closed:
            return None
        until = breakers.held_until(breaker, job, self.settings, now)
        return Defer(until, f"breaker:{target}")

    def answered(self, job: Job, answer: Answer | None) -> None:
        """Take notice of how the call of a job ended that was let through; None when the target was not called."""
        failure = None if answer is None else answer.failure
        verdict = Verdict.NOTHING if answer is None else breakers.verdict_of(job.target, failure)
        with self._lock:
            probed = self._probes.pop((job.key, job.fence), None)
        try:
            if probed is not None:
                self._settle(probed, verdict, failure)
            elif verdict is not Verdict.NOTHING:
                self._count(job, failure if verdict is Verdict.OUTAGE else None)
        except StoreUnavailable as error:
            self.telemetry.warn("breaker_not_told", error=str(error), **job.identity())

    def _reserved(self, breaker: Breaker, job: Job, now: datetime) -> Breaker | None:
        """None when `job` is the probe now; otherwise the breaker as another has left it."""
        probing = breakers.probing(breaker, job, now)
        try:
            self.store.put_breaker(probing, is_news=False)
        except BreakerChanged:
            return self.known.read_again(job.tenant, breaker.target)
        self.known.learn(probing)
        with self._lock:
            self._probes[job.key, job.fence] = probing
        self.telemetry.note("breaker_probed", target=breaker.target, **job.identity())
        self.telemetry.measure(Metric.BREAKER_PROBED)
        return None

    def _settle(self, probed: Breaker, verdict: Verdict, failure: Failure | None) -> None:
        """Write down what the probe found, unless somebody has changed the breaker since: then it is too late."""
        now = self.clock.now()
        if verdict is Verdict.WELL:
            self._change(breakers.closed(probed, now), is_news=True)
        elif verdict is Verdict.OUTAGE and failure is not None:
            self._change(breakers.still_open(probed, failure, self.settings, now), is_news=False)
        else:
            self._change(breakers.unprobed(probed, now), is_news=False)

    def _count(self, job: Job, failure: Failure | None) -> None:
        now, target = self.clock.now(), target_identity(job.target)
        breaker = self.known.of(job.tenant, target)
        if breaker is not None and (not breaker.is_closed or (job.started_at or now) < breaker.changed_at):
            # The call began before the breaker opened, or before it closed: it is no news of the time since.
            return
        generation = 0 if breaker is None else breaker.version
        period = Period(job.tenant, target, generation, self.settings.period_of(now))
        if failure is None:
            self.counts.succeeded(period)
            return
        calls = Calls(failures=1, successes=self.counts.take(period))
        forget_at = now + timedelta(seconds=2 * self.settings.window_seconds)
        calls = self.store.count(period, calls, forget_at=forget_at)
        if self.settings.opens_at(calls):
            opened = breakers.opened(
                breaker,
                tenant=job.tenant,
                target=target,
                calls=calls,
                failure=failure,
                settings=self.settings,
                now=now,
            )
            self._change(opened, is_news=True)

    def _change(self, changed: Breaker, *, is_news: bool) -> None:
        try:
            self.store.put_breaker(changed, is_news=is_news)
        except BreakerChanged:
            # The usual fate of all but one of those who see a target fail, and of a probe that came too late.
            self.known.read_again(changed.tenant, changed.target)
            return
        self.known.learn(changed)
        if is_news:
            opens = not changed.is_closed
            facts = {"tenant": changed.tenant, "target": changed.target, "error": changed.error}
            self.telemetry.note("breaker_opened" if opens else "breaker_closed", **facts, **changed.calls._asdict())
            self.telemetry.measure(Metric.BREAKER_OPENED if opens else Metric.BREAKER_CLOSED)
