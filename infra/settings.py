"""How stages differ: everything about the template that is not the same everywhere, each with what it does."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final

from infra.lanes import Lane

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stage(StrEnum):
    LOCAL = "local"  # an emulator on one machine
    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class Function(StrEnum):
    """The functions; each is called `punctual-<stage>-<name>` and has a role and a log group of its own."""

    API = "api"
    AUTHORIZER = "authorizer"
    POPULATOR = "populator"
    POPULATOR_STREAM = "populator-stream"
    EXECUTOR = "executor"
    EXECUTOR_LONG = "executor-long"
    RUNNER = "runner"
    WATCHER = "watcher"
    JOURNAL = "journal"
    RECURRENCE = "recurrence"


class Removal(Enum):
    """What becomes of the data when the stack goes."""

    WITH_STACK = "with_stack"  # tables, bucket and logs are deleted with it
    KEPT = "kept"  # they stay behind
    PROTECTED = "protected"  # they stay behind, and the tables refuse to be deleted


class Transport(Enum):
    """Who may talk to queues and bucket."""

    TLS_ONLY = "tls_only"  # a policy denies everybody else
    ANY = "any"  # for an emulator that speaks plain HTTP, where that policy would lock out all callers


class Dependencies(Enum):
    """Where the functions' Python packages come from."""

    LAYER = "layer"  # a layer of arm64 wheels, built from requirements.lock
    HOST = "host"  # the environment that runs the emulator; the layer is there, and empty


class CommandTarget(StrEnum):
    """Whether jobs may run a command in the runner."""

    ENABLED = "enabled"
    DISABLED = "disabled"


# Resources that are named for being called by a trial of the scheduler. Each pattern is one ARN, with * for any text;
# {partition}, {region} and {account} are the stack's own.
_DEMO_TARGETS: Final = (
    "arn:{partition}:lambda:{region}:{account}:function:demo-*",
    "arn:{partition}:sqs:{region}:{account}:demo-*",
    "arn:{partition}:sns:{region}:{account}:demo-*",
    "arn:{partition}:events:{region}:{account}:event-bus/demo-*",
    "arn:{partition}:states:{region}:{account}:stateMachine:demo-*",
)

# Lambda gives CPU by memory (1,769 MB are one). Imports dominate a cold start, so less memory is rarely cheaper; the
# populator, the watcher and recurrence have a minute's work to hand out in seconds. The runner holds users' code.
_MEMORY_MB: Final = {
    Function.API: 1024,
    Function.AUTHORIZER: 512,
    Function.POPULATOR: 1024,
    Function.POPULATOR_STREAM: 512,
    Function.EXECUTOR: 512,
    Function.EXECUTOR_LONG: 512,
    Function.RUNNER: 1024,
    Function.WATCHER: 1024,
    Function.JOURNAL: 512,
    Function.RECURRENCE: 1024,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakers:
    """When calls of a target that fails are held back; `docs/breakers.md` says what it is for.

    A breaker opens when of at least `minimum_calls` within `window_seconds` a share of `failure_ratio` has failed (0:
    never); it is probed after `cool_down_seconds`, then after twice as long each time, up to `max_cool_down_seconds`.
    """

    minimum_calls: int = 10
    failure_ratio: float = 0.5
    window_seconds: int = 60
    cool_down_seconds: int = 10
    max_cool_down_seconds: int = 120

    def environment(self) -> dict[str, str]:
        return {f"BREAKER_{name.upper()}": str(value) for name, value in asdict(self).items()}


_MAX_EXPANDERS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days a job's item stays after the job has ended; a failed one waits for somebody to look at it. A
    tenant may say otherwise of its own jobs, from `minimum_days` to `maximum_days`."""

    succeeded_days: int = 30
    failed_days: int = 90
    cancelled_days: int = 30
    skipped_days: int = 30
    minimum_days: int = 1
    maximum_days: int = 365

    def __post_init__(self) -> None:
        defaults = (self.succeeded_days, self.failed_days, self.cancelled_days, self.skipped_days)
        if not 1 <= self.minimum_days <= min(defaults) <= max(defaults) <= self.maximum_days:
            raise ValueError(f"{self}: at least a day, and what is the default within what a tenant may say")

    def environment(self) -> dict[str, str]:
        return {f"RETENTION_{name.upper()}": str(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredTables:
    """Names of tables that were restored from others, and the stream of `jobs`; `docs/operations.md` says how."""

    jobs: str
    templates: str
    control: str
    jobs_stream_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one stage.

    stage: which one; part of the stack's, the functions' and the secrets' names.
    due_shards: partitions of the due index per lane. Each takes 1,000 writes a second; every tick queries each once.
        May grow, never shrink.
    group_shards: partitions over which the ad hoc jobs of one tenant, and its dead letters, are spread. May grow.
    retention: how long a finished job, its output and its idempotency key can be looked up, by how it ended, and
        within which bounds a tenant may say otherwise. To narrow the bounds narrows what tenants have said.
    archive_days: how long what a job came to can be looked up in the archive.
    log_retention_days: how long log lines are kept; one of the spans that CloudWatch Logs knows.
    log_level: what the functions log at a deployment; `docs/deploying.md` says how to set one function's in between.
    removal: what becomes of the data when the stack goes.
    restored_tables: tables in the place of the stack's own, which leave it, and become what `removal` says.
    transport: who may talk to queues and bucket.
    dependencies: where the functions' Python packages come from.
    maximum_concurrency: how many executors serve a lane at once (2 to 1,000), so that one cannot starve the others.
    expanders: how many invocations share the templates each minute; one of 1,024 MB gets through some
        200 refills a second. 1 to 5, the targets that a rule may have.
    memory_mb: memory, and with it CPU, of each function.
    throttle_rate, throttle_burst: requests a second, and at once, that the API takes before it answers 429.
    cors_origins: browser origins that may call the API; none, and there is no CORS at all.
    allowed_target_arns: patterns of what jobs may call on AWS. The executor's policy is made from them, so nothing else
        can be called whatever a job says.
    allowed_target_hosts: `host:port` of HTTP targets exempt from https and from the rule against private addresses.
    command_target: whether jobs may run a command in the runner.
    breakers: when calls of a target that fails are held back.
    event_types: what is told on the event bus: types of events, or families of them (`alert.*`). EventBridge bills each
        event: two per job, started and ended, are about half as much again as the job itself.
    email_sender: the address that channels send e-mail from; SES has verified it or its domain. With None there is no
        e-mail.
    emulator: where an emulator of AWS answers, by whose URLs the API is reached then.
    alarm_email: who is told of alarms; with None they only show in CloudWatch.
    """

    stage: Stage
    due_shards: int = 4
    group_shards: int = 4
    retention: Retention = Retention()
    archive_days: int = 400
    log_retention_days: int = 30
    log_level: str = "INFO"
    removal: Removal = Removal.KEPT
    restored_tables: RestoredTables | None = None
    transport: Transport = Transport.TLS_ONLY
    dependencies: Dependencies = Dependencies.LAYER
    maximum_concurrency: Mapping[Lane, int] = field(default_factory=lambda: dict.fromkeys(Lane, 10))
    expanders: int = 1
    memory_mb: Mapping[Function, int] = field(default_factory=lambda: dict(_MEMORY_MB))
    throttle_rate: int = 100
    throttle_burst: int = 200
    cors_origins: tuple[str, ...] = ()
    allowed_target_arns: tuple[str, ...] = ()
    allowed_target_hosts: tuple[str, ...] = ()
    command_target: CommandTarget = CommandTarget.DISABLED
    breakers: Breakers = Breakers()
    event_types: tuple[str, ...] = (
        *("job.started", "job.succeeded", "job.failed", "job.cancelled", "job.skipped"),
        *("alert.*", "breaker.*"),
    )
    email_sender: str | None = None
    emulator: str | None = None
    alarm_email: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.expanders <= _MAX_EXPANDERS:
            raise ValueError(f"expanders is {self.expanders}: 1 to {_MAX_EXPANDERS}, the targets that a rule may have")
        if self.archive_days < self.retention.maximum_days:
            raise ValueError(f"archive_days is {self.archive_days}: at least as long as the tables may keep a job")

    @property
    def signing_secret_prefix(self) -> str:
        """Where the tenants' webhook signing secrets lie, as SSM SecureStrings named by the tenant."""
        return f"/punctual/{self.stage}/signing/"

    def name_of(self, function: Function) -> str:
        return f"punctual-{self.stage}-{function}"


_STAGES: Final = {
    Stage.LOCAL: Settings(
        stage=Stage.LOCAL,
        removal=Removal.WITH_STACK,
        transport=Transport.ANY,
        dependencies=Dependencies.HOST,
        # Each is a process of the one machine, and each of its ten jobs may be another.
        maximum_concurrency=dict.fromkeys(Lane, 3),
        throttle_rate=1_000,
        throttle_burst=1_000,
        allowed_target_arns=_DEMO_TARGETS,
        command_target=CommandTarget.ENABLED,
        # Nobody who tries it out waits for minutes until a target is looked at again.
        breakers=Breakers(cool_down_seconds=2, max_cool_down_seconds=10),
    ),
    Stage.DEV: Settings(
        stage=Stage.DEV,
        retention=Retention(succeeded_days=7, failed_days=14, cancelled_days=7, skipped_days=7, maximum_days=30),
        log_retention_days=14,
        removal=Removal.WITH_STACK,
        allowed_target_arns=_DEMO_TARGETS,
    ),
    Stage.STAGING: Settings(stage=Stage.STAGING),
    Stage.PROD: Settings(
        stage=Stage.PROD,
        due_shards=8,
        group_shards=8,
        expanders=4,
        log_retention_days=90,
        removal=Removal.PROTECTED,
        maximum_concurrency={Lane.HIGH: 100, Lane.NORMAL: 100, Lane.LOW: 20, Lane.LONG: 100},
        throttle_rate=500,
        throttle_burst=1_000,
    ),
}


def settings_of(stage: str, environment: Mapping[str, str]) -> Settings:
    """The settings of the stage called `stage`.

    The local stage takes `ALLOWED_TARGET_HOSTS` (comma separated) and `EMULATOR` from `environment`: what listens on a
    developer's machine is known there only. No other stage does, so that nothing beside this file opens a private
    address.

    Raises:
        ValueError: there is no such stage.
    """
    try:
        settings = _STAGES[Stage(stage)]
    except ValueError:
        raise ValueError(f"there is no stage {stage!r}; there are {', '.join(Stage)}") from None
    if settings.stage is not Stage.LOCAL:
        return settings
    hosts = environment.get("ALLOWED_TARGET_HOSTS", "").split(",")
    return replace(
        settings,
        allowed_target_hosts=tuple(host.strip() for host in hosts if host.strip()),
        emulator=environment.get("EMULATOR") or None,
    )
