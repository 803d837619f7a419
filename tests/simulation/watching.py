"""The watcher's functions in a simulated process: the journal with its readers, and each minute's steps."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from functions.watcher.advance_bulk_actions import AdvanceBulkActions
from functions.watcher.alerts.alerting import Alerting, AlertPorts, alerting_on
from functions.watcher.each_minute import EachMinute
from functions.watcher.journal.archive_jobs import ArchiveJobs
from functions.watcher.journal.deliver_events import DeliverEvents
from functions.watcher.journal.publish_events import PublishEvents
from functions.watcher.journal.read_journal import ReadJournal
from functions.watcher.journal.remove_leftovers import RemoveLeftovers
from functions.watcher.tell_breaker_changes import TellBreakerChanges
from shared.adapters.archive import BucketArchive
from shared.dead_letters.advance_bulk_action import AdvanceBulkAction
from shared.dead_letters.deal_with_dead_letter import DealWithDeadLetter
from shared.dead_letters.find_dead_letters import FindDeadLetters
from shared.model.errors import StoreUnavailable
from shared.side_by_side import one_after_another
from tests.simulation import functions
from tests.simulation.faults import Weather
from tests.simulation.functions import PLACE, RETENTION, SHARDING, World
from tests.simulation.ports import Port

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.job import Job
    from shared.model.job_change import JobChange
    from shared.model.lifecycle_event import LifecycleEvent
    from tests.simulation.kernel import Process

TOLD_ON_THE_BUS = frozenset({"job.*", "alert.*", "breaker.*"})


def read_journal(world: World, process: Process, changes: Sequence[JobChange]) -> bool:
    """Whether the batch is done with."""
    read: ReadJournal = process.keep("journal", partial(_journal, world, process))
    try:
        read(changes)
    except StoreUnavailable:
        return False
    return True


def _journal(world: World, process: Process) -> ReadJournal:
    bucket = Port(process, world.beside.bucket, world.kernel, world.faults, away=Weather.BUCKET_AWAY)
    leftovers = Port(process, world.beside.leftovers, world.kernel, world.faults, away=Weather.BUCKET_AWAY)
    telemetry, together = world.telemetry(process), world.together
    readers: dict[str, Any] = {
        "judge_failures": _alerting(world, process).judge_failures,
        "archive_jobs": ArchiveJobs(BucketArchive(lambda: bucket, "data", together=together), telemetry),
        "remove_leftovers": RemoveLeftovers(leftovers, telemetry, together),
        "deliver_events": _deliver_events(world, process),
        "publish_events": _publish_events(world, process),
    }
    return ReadJournal(readers, telemetry, world.clock(process))


def watch(world: World, process: Process, ends_at: int) -> None:
    steps: EachMinute = process.keep("minute", partial(_each_minute, world, process))
    steps(lambda: world.seconds_until(ends_at))


def _each_minute(world: World, process: Process) -> EachMinute:
    clock, telemetry = world.clock(process), world.telemetry(process)
    jobs, actions = world.store_port(process, world.jobs), world.store_port(process, world.beside.actions)

    def judge_overdue(overdue: Sequence[Job], **span: Any) -> None:
        # Shards are swept side by side; the lock of what is known is one of threads, which actors are not.
        _alerting(world, process).judge_overdue(overdue, **span)

    advance = AdvanceBulkAction(
        actions=actions,
        jobs=jobs,
        find=FindDeadLetters(jobs, SHARDING.group, world.together),
        deal_with=DealWithDeadLetter(jobs=jobs, sharding=SHARDING),
        clock=clock,
        telemetry=telemetry,
        retention=RETENTION,
        together=world.together,
    )
    tell_breaker_changes = TellBreakerChanges(
        breakers=world.store_port(process, world.breakers),
        beats=world.store_port(process, world.beside.beats),
        clock=clock,
        tell=_tell(world, process),
    )
    sweep = functions.sweeping(world, process, judge_overdue)
    return EachMinute(
        {
            "sweep": lambda seconds_left: asdict(sweep(seconds_left)),
            "alerts": _alerting(world, process).look_after,
            "bulk_actions": AdvanceBulkActions(actions=actions, advance=advance, clock=clock, telemetry=telemetry),
            "tell_breaker_changes": tell_breaker_changes,
        },
        telemetry,
    )


def _alerting(world: World, process: Process) -> Alerting:
    beside = world.beside
    ports = AlertPorts(
        jobs=world.store_port(process, world.jobs),
        alerts=world.store_port(process, beside.alerts),
        rules=world.store_port(process, beside.rules),
        policies=world.store_port(process, beside.policies),
        breakers=world.store_port(process, world.breakers),
        windows=world.store_port(process, world.windows),
        clock=world.clock(process),
        ids=world.ids,
        telemetry=world.telemetry(process),
        tell=_tell(world, process),
        # What is known of a tenant is behind a lock of threads, which actors are not.
        side_by_side=one_after_another,
    )
    return alerting_on(ports, sharding=SHARDING, place=PLACE)


def _tell(world: World, process: Process) -> Any:
    deliver, publish = _deliver_events(world, process), _publish_events(world, process)

    def tell(events: Sequence[LifecycleEvent]) -> None:
        # Subscribers first, as in `functions/watcher/wiring.py`.
        deliver.tell(events)
        publish.tell(events)

    return tell


def _deliver_events(world: World, process: Process) -> DeliverEvents:
    return DeliverEvents(
        subscriptions=world.store_port(process, world.beside.subscriptions),
        jobs=world.store_port(process, world.jobs),
        clock=world.clock(process),
        telemetry=world.telemetry(process),
        sharding=SHARDING,
        together=world.together,
    )


def _publish_events(world: World, process: Process) -> PublishEvents:
    bus = Port(process, world.beside.bus, world.kernel, world.faults, away=Weather.BUS_AWAY)
    return PublishEvents(bus, world.telemetry(process), TOLD_ON_THE_BUS)
