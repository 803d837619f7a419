"""The scheduler's functions and its clients on one account, in one thread and in virtual time: real use cases over real
adapters, whose calls go over a wire on which anything may happen to them."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from functions.api.create_job import Idempotency
from functions.api.preconditions import ANY_VERSION
from functions.api.services import TemplatePorts, services_on
from functions.executor.commit_outcome import CommitOutcome
from functions.executor.execute_job import ExecuteJob, ReceivedHint, Verdict
from functions.executor.gates.known_windows import KnownWindows
from functions.executor.gates.maintenance_window import MaintenanceWindowGate
from functions.executor.heartbeat import Heartbeats
from functions.executor.targets.protocol import Answer, Call, Deadline
from functions.populator.queue_changed_jobs import QueueChangedJobs
from functions.populator.queue_due_jobs import QueueDueJobs
from functions.populator.stream_handler import _job_written
from functions.watcher.sweep import Sweep
from shared.adapters.dynamodb.codec import decode_job
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.maintenance_windows import DynamoMaintenanceWindows
from shared.adapters.memory.archive import MemoryArchive
from shared.adapters.memory.backfills import MemoryBackfillStore
from shared.adapters.memory.beats import MemoryBeats
from shared.adapters.memory.breakers import MemoryBreakers
from shared.adapters.memory.bulk_actions import MemoryBulkActions
from shared.adapters.memory.calendars import MemoryCalendars
from shared.adapters.memory.checkpoints import MemoryCheckpoints
from shared.adapters.memory.clock import SeededIds, VirtualClock
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.adapters.memory.outputs import MemoryOutputs
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.adapters.sqs.work_queue import SqsWorkQueue, read_hint
from shared.dispatch import Dispatch
from shared.model.allowed_targets import Place
from shared.model.breaker import BreakerSettings
from shared.model.errors import StoreUnavailable
from shared.model.execution import Failure
from shared.model.job import JobKey, JobSpec, Sharding
from shared.model.lanes import Lane
from shared.model.lifecycle import Status
from tests.alert_ports import alert_ports_in_memory
from tests.aws import CONTROL_TABLE, JOBS_TABLE
from tests.integration.faults.wire import Died, Wire
from tests.jobs import RETENTION, START, TENANT
from tests.retentions import retention_ports_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from functions.populator.queue_changed_jobs import JobWritten
    from shared.model.job import Job
    from shared.model.lanes import DueShard
    from tests.integration.faults.account import Account

    T = TypeVar("T")

SHARDING: Final = Sharding(due=1, group=1)
_PLACE: Final = Place("123456789012", "eu-central-1")
_INVOCATION_SECONDS: Final = 900
_STREAM_TRIES: Final = 3
_BEAT_EVERY_SECONDS: Final = 2


class SharedClock(VirtualClock):
    """While one sleeps, the others act."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(START)
        self._wire = wire

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        self._wire.others_act()


class World:
    """`history`: each write of each job, before and after, as the stream shows it. `effects`: under which fences each
    job's target was called. `told`: what clients were answered; `cancelled`: the jobs of which one knows that they are;
    `too_late`: those of them whose target was called after that.

    Without `redelivers` a message does not come back, whatever became of it; without `knows_target` executors are older
    than the jobs; `has_gates`: they ask for maintenance windows. `during_effect` is done when a target is called.
    """

    def __init__(self, account: Account, wire: Wire, clock: SharedClock) -> None:
        self.account, self.wire, self.clock = account, wire, clock
        self.ids = SeededIds()
        self.telemetry = RecordedTelemetry()
        self.effects: dict[JobKey, list[int]] = defaultdict(list)
        self.history: list[tuple[Job | None, Job]] = []
        self.told: list[Job] = []
        self.cancelled: set[JobKey] = set()
        self.too_late: list[JobKey] = []
        self.knows_target = self.redelivers = True
        self.has_gates = False
        self.during_effect: Callable[[JobKey], object] = lambda _: None
        self._unsent: list[JobWritten] = []
        self._tries = 0
        self._is_sending = False
        self.jobs = DynamoJobStore(account.dynamodb, JOBS_TABLE)
        self.control = DynamoControlStore(account.dynamodb, CONTROL_TABLE)
        self.windows = DynamoMaintenanceWindows(account.dynamodb, CONTROL_TABLE)
        self.queue = SqsWorkQueue(account.sqs, account.urls)
        self.dispatch = Dispatch(self.queue, clock, self.telemetry)
        self.api = services_on(
            jobs=self.jobs,
            keys=self.control,
            beats=MemoryBeats(),
            outputs=MemoryOutputs(),
            clock=clock,
            ids=self.ids,
            telemetry=self.telemetry,
            sharding=SHARDING,
            retention=RETENTION,
            check_target=lambda _: None,
            place=_PLACE,
            template_ports=lambda: TemplatePorts(
                templates := MemoryTemplateStore(), MemoryCalendars(templates), MemoryBackfillStore(templates)
            ),
            window_port=MemoryMaintenanceWindows,
            channel_port=lambda: MemoryVersionedStore("channel"),
            subscription_port=lambda: MemoryVersionedStore("subscription"),
            alert_ports=alert_ports_in_memory,
            breaker_port=MemoryBreakers,
            breaker_settings=BreakerSettings(),
            checkpoint_port=MemoryCheckpoints,
            bulk_action_port=MemoryBulkActions,
            archive_port=MemoryArchive,
            retention_ports=retention_ports_in_memory,
            archived_for=RETENTION.longest,
        )

    # Clients

    def create(self, key: str | None, *, due_in: float = 0, does: str = "0/ok", **spec: Any) -> Job:
        """A job whose target takes so many seconds and ends, attempt by attempt, as `does` says: `25/http_503,ok`."""
        now = self.clock.now()
        target = {"type": "http", "url": f"https://example.com/{does}"}
        wanted = JobSpec(target=target, run_at=now + timedelta(seconds=due_in), **spec)
        idempotency = None if key is None else Idempotency(key, fingerprint="digest")
        return self._tell(self.api.create_job(TENANT, lambda: wanted, idempotency, now).job)

    def cancel(self, key: JobKey) -> Job:
        job = self._tell(self.api.cancel_job(key, ANY_VERSION, self.clock.now()))
        if job.status is Status.CANCELLED:
            self.cancelled.add(key)
        return job

    def edit(self, key: JobKey, **patch: Any) -> Job:
        return self._tell(self.api.edit_job(key, patch, ANY_VERSION, self.clock.now()))

    def run_now(self, key: JobKey) -> Job:
        return self._tell(self.api.run_job_now(key, ANY_VERSION, self.clock.now()))

    def _tell(self, job: Job) -> Job:
        self.told.append(job)
        return job

    # Functions

    def tick(self) -> object:
        return self.invoke(
            lambda: QueueDueJobs(
                jobs=self.jobs,
                cursors=self.control,
                dispatch=self.dispatch,
                clock=self.clock,
                telemetry=self.telemetry,
                shards=SHARDING.due,
                on_every_shard=in_turn,
            )(lambda: _INVOCATION_SECONDS)
        )

    def sweep(self) -> object:
        return self.invoke(
            lambda: Sweep(
                jobs=self.jobs,
                cursors=self.control,
                dispatch=self.dispatch,
                clock=self.clock,
                ids=self.ids,
                telemetry=self.telemetry,
                sharding=SHARDING,
                retention=RETENTION,
                on_every_shard=in_turn,
            )(lambda: _INVOCATION_SECONDS)
        )

    def follow_stream(self) -> None:
        """What was written since the last time: judged, and given to the populator, which has three tries. Lambda gives
        it one batch at a time."""
        for record in self.account.new_records():
            if "status" in record["NewImage"]:
                old = record.get("OldImage")
                self.history.append((decode_job(old) if old else None, decode_job(record["NewImage"])))
                self._unsent.append(_job_written(record))
        if self._unsent and not self._is_sending:
            self._is_sending = True
            self._send_what_changed(list(self._unsent))
            self._is_sending = False

    def _send_what_changed(self, batch: list[JobWritten]) -> None:
        failed = self.invoke(lambda: QueueChangedJobs(dispatch=self.dispatch, clock=self.clock)(batch))
        self._tries += 1
        if failed == [] or self._tries == _STREAM_TRIES:
            failed = [len(batch)]
        if failed and failed[0]:
            self._tries = 0
            del self._unsent[: failed[0]]

    def execute(self, lane: Lane = Lane.NORMAL) -> int:
        """An executor has what the queue delivers now, one message after the other; how many."""
        url = self.account.urls[lane]
        messages = self.account.poller.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            hint = ReceivedHint(read_hint(message["Body"]), lane, message["ReceiptHandle"])
            verdict = self.invoke(lambda hint=hint: self._executor()(hint, seconds_left=lambda: _INVOCATION_SECONDS))
            if verdict is Verdict.DONE or not self.redelivers:
                self.account.poller.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def invoke(self, work: Callable[[], T]) -> T | None:
        """What a function's invocation returns; None when it failed or its process died."""
        try:
            return work()
        except (Died, StoreUnavailable):
            return None

    def settle(self, *, minutes: int = 90) -> None:
        """No more faults: whatever was under way arrives, and all functions do their work until every job has ended."""
        self.wire.fault_of, self.wire.others_act = lambda _: None, lambda: None
        self.during_effect = lambda _: None
        self.knows_target = self.redelivers = True
        while self.wire.late:
            self.wire.late.pop(0)()
        for _ in range(minutes):
            self.follow_stream()
            for lane in sorted({job.lane for job in self.stored().values() if not job.status.is_terminal}):
                while self.execute(lane):
                    pass
            self.follow_stream()
            if all(job.status.is_terminal for job in self.stored().values()):
                return
            self.clock.advance(60)
            self.tick()
            self.sweep()

    def stored(self) -> dict[JobKey, Job]:
        """All jobs, as the stream has shown them."""
        return {after.key: after for _, after in self.history}

    def _executor(self) -> ExecuteJob:
        """One of its own for each message: what one process holds in memory is no other's."""
        heartbeats = Heartbeats(jobs=self.jobs, clock=self.clock, telemetry=self.telemetry)
        target = ScriptedTarget(self, heartbeats)
        known_windows = KnownWindows(self.windows, self.clock, self.telemetry)
        return ExecuteJob(
            jobs=self.jobs,
            queue=self.queue,
            clock=self.clock,
            ids=self.ids,
            lease=heartbeats,
            target_of=lambda _: target if self.knows_target else None,
            commit=CommitOutcome(
                jobs=self.jobs,
                outputs=MemoryOutputs(),
                clock=self.clock,
                ids=self.ids,
                telemetry=self.telemetry,
                sharding=SHARDING,
                retention=RETENTION,
            ),
            telemetry=self.telemetry,
            gates=(MaintenanceWindowGate(known_windows, self.clock, _PLACE),) if self.has_gates else (),
        )


class ScriptedTarget:
    """It does what the job's URL says, while the executor keeps the lease."""

    def __init__(self, world: World, heartbeats: Heartbeats) -> None:
        self._world = world
        self._heartbeats = heartbeats

    def call(self, call: Call, deadline: Deadline) -> Answer:
        world, key = self._world, JobKey(call.tenant, call.job_id)
        if key in world.cancelled:
            world.too_late.append(key)
        world.effects[key].append(call.fence)
        world.during_effect(key)
        seconds, _, ends = str(call.target["url"]).removeprefix("https://example.com/").partition("/")
        for _ in range(int(seconds) // _BEAT_EVERY_SECONDS):
            world.clock.sleep(_BEAT_EVERY_SECONDS)
            self._heartbeats.beat_due()
            if deadline.stopped:
                return Answer(failure=Failure("stopped", "the call was stopped"))
        end = [*ends.split(","), "ok"][min(call.attempt - 1, ends.count(",") + 1)]
        return Answer(b"done") if end == "ok" else Answer(failure=Failure(end, "as asked"))


@contextmanager
def world_on(account: Account) -> Iterator[World]:
    """A new world on an account, which has nothing else from then on."""
    wire = Wire()
    clock = SharedClock(wire)
    account.begin_anew(clock)
    with (
        wire.between(account.dynamodb, account.serve_dynamodb),
        wire.between(account.sqs, account.serve_sqs),
    ):
        yield World(account, wire, clock)


def in_turn(work: Callable[[DueShard], T], shards: Sequence[DueShard]) -> list[T]:
    """As `shared.every_shard` does it, without its threads: one that fails keeps no other from its turn."""
    results, errors = [], []
    for shard in shards:
        try:
            results.append(work(shard))
        except StoreUnavailable as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return results
