"""The functions in a simulated process: the real use cases, wired to its ports, and what a handler does around them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from functions.api.alert_services import AlertPorts
from functions.api.services import Services, TemplatePorts, services_on
from functions.executor.commit_outcome import CommitOutcome
from functions.executor.execute_job import ExecuteJob, ReceivedHint, Verdict
from functions.executor.gates.breaker import BreakerGate
from functions.executor.gates.known_breakers import KnownBreakers
from functions.executor.gates.known_windows import KnownWindows
from functions.executor.gates.maintenance_window import MaintenanceWindowGate
from functions.executor.hand_over import HandOver
from functions.executor.heartbeat import Heartbeats
from functions.populator.queue_changed_jobs import JobWritten, QueueChangedJobs
from functions.populator.queue_due_jobs import QueueDueJobs
from functions.watcher.sweep import OverdueReader, Sweep
from shared.adapters.memory.archive import MemoryArchive
from shared.adapters.memory.backfills import MemoryBackfillStore
from shared.adapters.memory.calendars import MemoryCalendars
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.dispatch import Dispatch
from shared.model.allowed_targets import Place
from shared.model.job import Sharding
from shared.model.retention import Retention
from tests.retentions import retention_ports_in_memory
from tests.simulation.faults import SECOND, Faults, Weather
from tests.simulation.ports import Port, ProcessClock, ProcessTelemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from functions.executor.targets.protocol import Target
    from shared.adapters.memory.clock import SeededIds
    from shared.model.breaker import BreakerSettings
    from shared.model.lanes import DueShard
    from tests.simulation.beside import Beside, SimulatedCheckpoints
    from tests.simulation.breakers import SimulatedBreakers
    from tests.simulation.kernel import Kernel, Process
    from tests.simulation.queue import Message

RETENTION: Final = Retention.alike(30)
SHARDING: Final = Sharding(due=1, group=2)
PLACE: Final = Place("123456789012", "eu-central-1")
_BEAT_EVERY_MS: Final = 2 * SECOND


def tell_nobody(*_: object, **__: object) -> None:
    """Nobody wants to know."""


class World(NamedTuple):
    """What all processes share; `target` is what every job calls."""

    kernel: Kernel
    faults: Faults
    jobs: Any
    control: Any
    queue: Any
    outputs: Any
    ids: SeededIds
    target: Target
    windows: MemoryMaintenanceWindows
    checkpoints: SimulatedCheckpoints
    breakers: SimulatedBreakers
    breaker_settings: BreakerSettings
    beside: Beside

    def store_port(self, process: Process, real: Any) -> Any:
        return Port(process, real, self.kernel, self.faults, away=Weather.STORE_AWAY)

    def queue_port(self, process: Process) -> Any:
        return Port(process, self.queue, self.kernel, self.faults, away=Weather.QUEUE_AWAY)

    def clock(self, process: Process) -> ProcessClock:
        return ProcessClock(self.kernel, process)

    def telemetry(self, process: Process) -> ProcessTelemetry:
        return ProcessTelemetry(self.kernel, process)

    def dispatch(self, process: Process) -> Dispatch:
        return Dispatch(self.queue_port(process), self.clock(process), self.telemetry(process))

    def on_every_shard(self, work: Callable[[DueShard], Any], shards: Sequence[DueShard]) -> list[Any]:
        return self.kernel.all_of([(f"shard {shard}", partial(work, shard)) for shard in shards])

    def together(self, call: Callable[[Any], Any], arguments: Iterable[Any]) -> list[Any]:
        """`shared.side_by_side` among actors."""
        return self.kernel.all_of([(f"{number}", partial(call, one)) for number, one in enumerate(arguments)])

    def seconds_until(self, ends_at: int) -> float:
        return (ends_at - self.kernel.now) / SECOND


def services(world: World, process: Process) -> Services:
    """The API's use cases. Every target may be called."""
    beside = world.beside
    return services_on(
        jobs=world.store_port(process, world.jobs),
        keys=world.control,
        beats=world.beside.beats,
        outputs=world.outputs,
        clock=world.clock(process),
        ids=world.ids,
        telemetry=world.telemetry(process),
        sharding=SHARDING,
        retention=RETENTION,
        check_target=lambda target: None,
        place=PLACE,
        template_ports=lambda: TemplatePorts(
            templates := MemoryTemplateStore(), MemoryCalendars(templates), MemoryBackfillStore(templates)
        ),
        window_port=MemoryMaintenanceWindows,
        channel_port=lambda: MemoryVersionedStore("channel"),
        subscription_port=lambda: world.store_port(process, world.beside.subscriptions),
        alert_ports=lambda: AlertPorts(
            *(world.store_port(process, one) for one in (beside.alerts, beside.rules, beside.policies))
        ),
        breaker_port=lambda: world.store_port(process, world.breakers),
        breaker_settings=world.breaker_settings,
        checkpoint_port=lambda: world.store_port(process, world.checkpoints),
        bulk_action_port=lambda: world.store_port(process, beside.actions),
        archive_port=MemoryArchive,
        retention_ports=retention_ports_in_memory,
        archived_for=RETENTION.longest,
        together=world.together,
    )


def tick(world: World, process: Process, ends_at: int) -> None:
    QueueDueJobs(
        jobs=world.store_port(process, world.jobs),
        cursors=world.store_port(process, world.control),
        dispatch=world.dispatch(process),
        clock=world.clock(process),
        telemetry=world.telemetry(process),
        shards=SHARDING.due,
        on_every_shard=world.on_every_shard,
    )(lambda: world.seconds_until(ends_at))


def changed(world: World, process: Process, records: Sequence[JobWritten]) -> list[int]:
    """The positions of the records that could not be sent."""
    return QueueChangedJobs(dispatch=world.dispatch(process), clock=world.clock(process))(records)


def sweep(world: World, process: Process, ends_at: int) -> None:
    sweeping(world, process)(lambda: world.seconds_until(ends_at))


def sweeping(world: World, process: Process, tell_overdue: OverdueReader = tell_nobody) -> Sweep:
    return Sweep(
        jobs=world.store_port(process, world.jobs),
        cursors=world.store_port(process, world.control),
        dispatch=world.dispatch(process),
        clock=world.clock(process),
        ids=world.ids,
        telemetry=world.telemetry(process),
        sharding=SHARDING,
        retention=RETENTION,
        tell_overdue=tell_overdue,
        on_every_shard=world.on_every_shard,
    )


def execute(world: World, process: Process, ends_at: int, messages: Sequence[Message]) -> list[str]:
    """The receipts of the messages that are done with. Leases are kept by the actor that waits for the others."""
    kernel, clock, telemetry = world.kernel, world.clock(process), world.telemetry(process)
    jobs, outputs = world.store_port(process, world.jobs), world.store_port(process, world.outputs)
    heartbeats = Heartbeats(jobs=jobs, clock=clock, telemetry=telemetry)
    is_old = world.faults.is_weather(Weather.OLD_EXECUTORS, kernel.now)
    target = None if is_old else world.target
    commit = CommitOutcome(
        jobs=jobs,
        outputs=outputs,
        clock=clock,
        ids=world.ids,
        telemetry=telemetry,
        sharding=SHARDING,
        retention=RETENTION,
    )

    def run(message: Message) -> Verdict:
        # One for each: its lock is one of threads, which actors are not.
        known = KnownWindows(world.store_port(process, world.windows), clock, telemetry)
        store = world.store_port(process, world.breakers)
        breakers = BreakerGate(
            store=store,
            known=KnownBreakers(store, clock, telemetry),
            settings=world.breaker_settings,
            clock=clock,
            telemetry=telemetry,
        )
        execute_job = ExecuteJob(
            jobs=jobs,
            queue=world.queue_port(process),
            clock=clock,
            ids=world.ids,
            lease=heartbeats,
            target_of=lambda _: target,
            hand_over=HandOver(world.checkpoints, "https://api.example.com"),
            commit=commit,
            telemetry=telemetry,
            gates=() if is_old else (MaintenanceWindowGate(known, clock, PLACE), breakers),
            observers=() if is_old else (breakers,),
        )
        hint = ReceivedHint(message.hint, message.lane, message.receipt)
        return execute_job(hint, seconds_left=lambda: world.seconds_until(ends_at))

    me = kernel.actor
    actors = [
        kernel.spawn(f"{process.name} {message.hint.job_id}", process, partial(run, message), joined_by=me)
        for message in messages
    ]
    while not all(actor.is_over for actor in actors):
        kernel.sleep(_BEAT_EVERY_MS)
        heartbeats.beat_due()
    for actor in actors:
        if actor.error is not None:
            kernel.defects.append(f"{actor.name}: {type(actor.error).__name__}: {actor.error}")
    return [one.receipt for one, actor in zip(messages, actors, strict=True) if actor.result is Verdict.DONE]
