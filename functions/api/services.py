"""What endpoints work with: the use cases and the ports that they read from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.api.cancel_job import CancelJob
from functions.api.change_job import ChangeJob
from functions.api.create_job import CreateJob
from functions.api.create_jobs import CreateJobs
from functions.api.edit_job import EditJob
from functions.api.list_jobs import ListJobs
from functions.api.models.edits import EditReader
from functions.api.models.spec import SpecReader
from functions.api.run_job_now import RunJobNow
from functions.api.wire.answers import listed_answer
from functions.api.wire.json_text import compact
from shared.model import limits
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from functions.api.alert_services import AlertPorts, AlertServices
    from functions.api.change_breaker import ChangeBreaker
    from functions.api.change_retention import ChangeRetention, RetentionPorts
    from functions.api.dead_letter_services import DeadLetterServices
    from functions.api.find_archived_job import FindArchivedJob
    from functions.api.keep_versioned import KeepVersioned
    from functions.api.report_execution import ReportExecution
    from functions.api.template_services import TemplateServices
    from functions.api.window_services import WindowServices
    from shared.model.allowed_targets import Place
    from shared.model.breaker import BreakerSettings
    from shared.model.channel import Channel
    from shared.model.job import Sharding
    from shared.model.subscription import Subscription
    from shared.ports.archive import Archive
    from shared.ports.backfills import BackfillStore
    from shared.ports.beats import Beats
    from shared.ports.breakers import Breakers
    from shared.ports.bulk_actions import BulkActionStore
    from shared.ports.calendars import CalendarStore
    from shared.ports.checkpoints import CheckpointStore
    from shared.ports.clock import Clock, Ids
    from shared.ports.control import ApiKeyStore
    from shared.ports.jobs import JobStore
    from shared.ports.maintenance_windows import MaintenanceWindows
    from shared.ports.outputs import OutputStore
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import TemplateStore
    from shared.ports.versioned import VersionedStore
    from shared.side_by_side import Together


class TemplatePorts(NamedTuple):
    templates: TemplateStore
    calendars: CalendarStore
    backfills: BackfillStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`templates` and `windows` make the use cases about templates and maintenance windows when the first request asks
    for them."""

    jobs: JobStore
    keys: ApiKeyStore
    beats: Beats
    outputs: OutputStore
    clock: Clock
    telemetry: Telemetry
    specs: SpecReader
    create_job: CreateJob
    create_jobs: CreateJobs
    list_jobs: ListJobs
    edit_job: EditJob
    cancel_job: CancelJob
    run_job_now: RunJobNow
    templates: Callable[[], TemplateServices]
    windows: Callable[[], WindowServices]
    breakers: Callable[[], ChangeBreaker]
    channels: Callable[[], KeepVersioned[Channel]]
    subscriptions: Callable[[], KeepVersioned[Subscription]]
    alerts: Callable[[], AlertServices]
    reports: Callable[[], ReportExecution]
    dead_letters: Callable[[], DeadLetterServices]
    find_archived: Callable[[], FindArchivedJob]
    retention: Callable[[], ChangeRetention]


def services_on(
    *,
    jobs: JobStore,
    keys: ApiKeyStore,
    beats: Beats,
    outputs: OutputStore,
    clock: Clock,
    ids: Ids,
    telemetry: Telemetry,
    sharding: Sharding,
    retention: Retentions,
    check_target: Callable[[Mapping[str, Any]], None],
    place: Place,
    breaker_settings: BreakerSettings,
    template_ports: Callable[[], TemplatePorts],
    window_port: Callable[[], MaintenanceWindows],
    breaker_port: Callable[[], Breakers],
    channel_port: Callable[[], VersionedStore[Channel]],
    subscription_port: Callable[[], VersionedStore[Subscription]],
    alert_ports: Callable[[], AlertPorts],
    checkpoint_port: Callable[[], CheckpointStore],
    bulk_action_port: Callable[[], BulkActionStore],
    archive_port: Callable[[], Archive],
    retention_ports: Callable[[], RetentionPorts],
    archived_for: timedelta,
    together: Together = side_by_side,
) -> Services:
    """The use cases on these ports; `together` is how several calls are made."""
    specs = SpecReader(check_target)
    change_job = ChangeJob(jobs)
    create_job = CreateJob(jobs, ids, sharding)

    @cache
    def templates() -> TemplateServices:
        # Imported by the first who asks: no request about jobs pays for the time zones and the rules.
        from functions.api.template_services import template_services_on  # noqa: PLC0415

        ports = template_ports()
        return template_services_on(
            jobs=jobs,
            templates=ports.templates,
            calendars=ports.calendars,
            backfills=ports.backfills,
            clock=clock,
            ids=ids,
            telemetry=telemetry,
            sharding=sharding,
            retention=retention,
            specs=specs,
            create_job=create_job,
            together=together,
        )

    @cache
    def windows() -> WindowServices:
        from functions.api.window_services import window_services_on  # noqa: PLC0415

        return window_services_on(window_port(), ids, telemetry, place)

    @cache
    def breakers() -> ChangeBreaker:
        from functions.api.change_breaker import ChangeBreaker  # noqa: PLC0415

        return ChangeBreaker(breaker_port(), breaker_settings, telemetry)

    @cache
    def reports() -> ReportExecution:
        from functions.api.report_execution import ReportExecution  # noqa: PLC0415

        return ReportExecution(
            jobs=jobs,
            outputs=outputs,
            checkpoints=checkpoint_port(),
            clock=clock,
            ids=ids,
            telemetry=telemetry,
            sharding=sharding,
            retention=retention,
        )

    @cache
    def dead_letters() -> DeadLetterServices:
        from functions.api.dead_letter_services import dead_letter_services_on  # noqa: PLC0415

        return dead_letter_services_on(
            jobs=jobs,
            actions=bulk_action_port(),
            change_job=change_job,
            specs=specs,
            clock=clock,
            ids=ids,
            telemetry=telemetry,
            sharding=sharding,
            retention=retention,
            together=together,
        )

    @cache
    def channels() -> KeepVersioned[Channel]:
        from functions.api.keep_versioned import KeepVersioned  # noqa: PLC0415

        return KeepVersioned(
            store=channel_port(), ids=ids, telemetry=telemetry, kind="channel", at_most=limits.MAX_CHANNELS
        )

    @cache
    def subscriptions() -> KeepVersioned[Subscription]:
        from functions.api.keep_versioned import KeepVersioned  # noqa: PLC0415

        store = subscription_port()
        return KeepVersioned(
            store=store, ids=ids, telemetry=telemetry, kind="subscription", at_most=limits.MAX_SUBSCRIPTIONS
        )

    @cache
    def alerts() -> AlertServices:
        from functions.api.alert_services import alert_services_on  # noqa: PLC0415

        return alert_services_on(alert_ports(), ids, telemetry)

    @cache
    def find_archived() -> FindArchivedJob:
        from functions.api.find_archived_job import FindArchivedJob  # noqa: PLC0415

        return FindArchivedJob(archive_port(), archived_for)

    return Services(
        jobs=jobs,
        keys=keys,
        beats=beats,
        outputs=outputs,
        clock=clock,
        telemetry=telemetry,
        specs=specs,
        create_job=create_job,
        create_jobs=CreateJobs(create_job),
        list_jobs=ListJobs(jobs, sharding.group, lambda job: len(compact(listed_answer(job)))),
        edit_job=EditJob(change_job, jobs, EditReader(specs), telemetry, sharding),
        cancel_job=CancelJob(change_job, telemetry, retention),
        run_job_now=RunJobNow(change_job, telemetry, sharding),
        templates=templates,
        windows=windows,
        breakers=breakers,
        channels=channels,
        subscriptions=subscriptions,
        alerts=alerts,
        reports=reports,
        dead_letters=dead_letters,
        find_archived=find_archived,
        retention=cache(lambda: _change_retention(retention_ports(), telemetry)),
    )


def _change_retention(ports: RetentionPorts, telemetry: Telemetry) -> ChangeRetention:
    from functions.api.change_retention import ChangeRetention  # noqa: PLC0415

    return ChangeRetention(ports, telemetry)
