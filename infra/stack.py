"""One stage: its parts, and what each function is told. What each may do stands in `rights`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_

from infra.alarms import Alarms
from infra.api import Api
from infra.bucket import DataBucket
from infra.events import EventBus
from infra.executor import Executor
from infra.function import Package
from infra.journal import Journal
from infra.lanes import Lane
from infra.populator import Populator
from infra.queues import Queues
from infra.recurrence import Recurrence
from infra.rights import Rights
from infra.runner import Runner
from infra.tables import Tables
from infra.targets import target_arns
from infra.watcher import Watcher

if TYPE_CHECKING:
    from constructs import Construct

    from infra.bundling import Bundle, Bundles
    from infra.settings import Settings


class PunctualStack(Stack):
    """The stack `punctual-<stage>`."""

    def __init__(self, scope: Construct, *, settings: Settings, bundles: Bundles) -> None:
        name = f"punctual-{settings.stage}"
        super().__init__(scope, name, stack_name=name, description="Punctual, a serverless job scheduler")
        self._settings = settings
        layer = lambda_.LayerVersion(
            self,
            "dependencies",
            code=_code(bundles.layer),
            compatible_architectures=[lambda_.Architecture.ARM_64],
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            description="The locked dependencies of all functions",
        )
        package = Package(_code(bundles.functions), layer)
        self.tables = Tables(self, settings=settings)
        self.data = DataBucket(self, settings=settings)
        self.queues = Queues(self, settings=settings)
        self.events = EventBus(self, settings=settings)
        self.runner = Runner(self, settings=settings, package=Package(_code(bundles.runner), layer))
        self.api = Api(
            self,
            settings=settings,
            package=package,
            environment=self._recurring() | self._targets() | {"ARCHIVE_DAYS": str(settings.archive_days)},
            authorizer_environment={"CONTROL_TABLE": self.tables.control.table_name},
        )
        self.populator = Populator(
            self,
            settings=settings,
            package=package,
            stream_arn=self.tables.stream_arn,
            environment=self._tables() | self.queues.environment() | {"DUE_SHARDS": str(settings.due_shards)},
            stream_environment=self.queues.environment(),
        )
        self.executor = Executor(
            self,
            settings=settings,
            package=package,
            queues=self.queues,
            environment=self._executor_environment(),
        )
        self.watcher = Watcher(
            self,
            settings=settings,
            package=package,
            environment={
                **self._tables(),
                **self._data(),
                **self.queues.environment(),
                **self._shards(),
                **self._retention(),
                **self._place(),
                **self._news(),
            },
        )
        self.journal = Journal(
            self,
            settings=settings,
            package=package,
            stream_arn=self.tables.stream_arn,
            environment={
                **self._tables(),
                **self._templates(),
                **self._shards(),
                **self._place(),
                **self._news(),
                **self._data(),
            },
        )
        self.recurrence = Recurrence(self, settings=settings, package=package, environment=self._recurring())
        Alarms(
            self,
            settings=settings,
            queues=self.queues,
            minutely=[self.populator.tick, self.watcher, self.recurrence],
            stream=self.populator.stream,
            journal=self.journal,
            recurrence=self.recurrence,
        )
        Rights(stack=self, settings=settings).grant()
        self._add_outputs()

    # What functions are told.

    def _tables(self) -> dict[str, str]:
        return {"JOBS_TABLE": self.tables.jobs.table_name, "CONTROL_TABLE": self.tables.control.table_name}

    def _recurring(self) -> dict[str, str]:
        """What it takes to make jobs, also of templates."""
        return self._tables() | self._templates() | self._data() | self._shards() | self._retention()

    def _templates(self) -> dict[str, str]:
        return {"TEMPLATES_TABLE": self.tables.templates.table_name}

    def _data(self) -> dict[str, str]:
        return {"DATA_BUCKET": self.data.bucket.bucket_name}

    def _shards(self) -> dict[str, str]:
        return {"DUE_SHARDS": str(self._settings.due_shards), "GROUP_SHARDS": str(self._settings.group_shards)}

    def _retention(self) -> dict[str, str]:
        return self._settings.retention.environment()

    def _targets(self) -> dict[str, str]:
        """Asked when a job is accepted, and again before it is called: the settings may have changed in between."""
        return {
            "ALLOWED_TARGET_ARNS": ",".join(target_arns(self._settings.allowed_target_arns)),
            "ALLOWED_TARGET_HOSTS": ",".join(self._settings.allowed_target_hosts),
            "COMMAND_TARGET": self._settings.command_target.value,
            "EMAIL_SENDER": self._settings.email_sender or "",
            **self._settings.breakers.environment(),
        }

    def _place(self) -> dict[str, str]:
        """Where the scheduler runs; Lambda itself tells the region."""
        return {"ACCOUNT_ID": Aws.ACCOUNT_ID}

    def _news(self) -> dict[str, str]:
        """What of all that happens is told on the bus, and on which."""
        return {"EVENT_BUS": self.events.bus.event_bus_name, "EVENT_TYPES": ",".join(self._settings.event_types)}

    def _executor_environment(self) -> dict[str, str]:
        return {
            **self._tables(),
            **self._data(),
            **self._retention(),
            **self.queues.environment(),
            **self._targets(),
            **self._place(),
            # Name lookups cannot be interrupted: by the resolver's defaults one may outlast its job by 10 s.
            "RES_OPTIONS": "timeout:1 attempts:2",
            "GROUP_SHARDS": str(self._settings.group_shards),
            "RUNNER_FUNCTION": self.runner.function.function_name,
            "API_URL": self.api.url,
            "SIGNING_SECRET_PREFIX": self._settings.signing_secret_prefix,
        }

    def _add_outputs(self) -> None:
        functions = {
            "Api": self.api.api,
            "Authorizer": self.api.authorizer,
            "Populator": self.populator.tick,
            "PopulatorStream": self.populator.stream,
            "Executor": self.executor.short,
            "ExecutorLong": self.executor.long,
            "Runner": self.runner,
            "Watcher": self.watcher,
            "Journal": self.journal,
            "Recurrence": self.recurrence,
        }
        outputs = {
            "ApiUrl": self.api.url,
            "ApiId": self.api.id,
            "JobsTable": self.tables.jobs.table_name,
            "TemplatesTable": self.tables.templates.table_name,
            "ControlTable": self.tables.control.table_name,
            "DataBucket": self.data.bucket.bucket_name,
            "EventBus": self.events.bus.event_bus_name,
            "QueueUrlJournalLost": self.journal.lost.queue_url,
            **{f"QueueUrl{lane.name.title()}": self.queues.by_lane[lane].queue_url for lane in Lane},
            **{f"{name}Function": function.function.function_name for name, function in functions.items()},
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def _code(bundle: Bundle) -> lambda_.Code:
    return lambda_.Code.from_asset(str(bundle.path), asset_hash=bundle.digest)
