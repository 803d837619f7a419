"""One stage: its parts, what each function is told, and what each function may do. Nothing else is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_

from infra.alarms import Alarms
from infra.api import Api
from infra.bucket import DataBucket
from infra.events import EventBus
from infra.executor import Executor
from infra.function import Package, PunctualFunction
from infra.journal import Journal
from infra.lanes import Lane
from infra.populator import Populator
from infra.queues import Queues
from infra.recurrence import Recurrence
from infra.runner import Runner
from infra.settings import Function
from infra.tables import Tables
from infra.targets import target_arns, target_rights
from infra.watcher import Watcher
from shared.adapters.dynamodb import schema

if TYPE_CHECKING:
    from constructs import Construct

    from infra.bundling import Bundle, Bundles
    from infra.settings import Settings

_OBJECTS: Final = "One object for each large payload or output, under the one prefix that is this function's business."
_SECRETS: Final = "One secret for each tenant, under the stage's own prefix."
_TARGETS: Final = "What jobs may call: the patterns in this stage's settings."
_ROLES: Final = "Roles that their owner put under this path, and whose trust policy admits the executor."
_STREAM: Final = "A stream's ARN ends in the time when it was switched on; to list them is allowed for the table's own."


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
            environment=self._recurring() | self._targets(),
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
            environment=self._tables() | self.queues.environment() | self._shards() | self._retention(),
        )
        self.journal = Journal(
            self,
            settings=settings,
            package=package,
            stream_arn=self.tables.stream_arn,
            environment=self._news(),
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
        self._grant_api()
        self._grant_populator()
        for function in (self.executor.short, self.executor.long):
            self._grant_executor(function)
        self._grant_watcher()
        self._grant_journal()
        self._grant_recurrence()
        self._add_outputs()

    # What functions are told.

    def _tables(self) -> dict[str, str]:
        return {"JOBS_TABLE": self.tables.jobs.table_name, "CONTROL_TABLE": self.tables.control.table_name}

    def _recurring(self) -> dict[str, str]:
        """What it takes to make jobs, also of templates."""
        templates = {"TEMPLATES_TABLE": self.tables.templates.table_name}
        return self._tables() | templates | self._data() | self._shards() | self._retention()

    def _data(self) -> dict[str, str]:
        return {"DATA_BUCKET": self.data.bucket.bucket_name}

    def _shards(self) -> dict[str, str]:
        return {"DUE_SHARDS": str(self._settings.due_shards), "GROUP_SHARDS": str(self._settings.group_shards)}

    def _retention(self) -> dict[str, str]:
        return {"RETENTION_DAYS": str(self._settings.retention_days)}

    def _targets(self) -> dict[str, str]:
        """Asked when a job is accepted, and again before it is called: the settings may have changed in between."""
        return {
            "ALLOWED_TARGET_ARNS": ",".join(target_arns(self._settings.allowed_target_arns)),
            "ALLOWED_TARGET_HOSTS": ",".join(self._settings.allowed_target_hosts),
            "COMMAND_TARGET": self._settings.command_target.value,
        }

    def _news(self) -> dict[str, str]:
        """What of all that happens to jobs is told, and where."""
        return {"EVENT_BUS": self.events.bus.event_bus_name, "EVENT_TYPES": ",".join(self._settings.event_types)}

    def _executor_environment(self) -> dict[str, str]:
        return {
            **self._tables(),
            **self._data(),
            **self._retention(),
            **self.queues.environment(),
            **self._targets(),
            "ACCOUNT_ID": Aws.ACCOUNT_ID,
            # Name lookups cannot be interrupted: by the resolver's defaults one may outlast its job by 10 s.
            "RES_OPTIONS": "timeout:1 attempts:2",
            "GROUP_SHARDS": str(self._settings.group_shards),
            "RUNNER_FUNCTION": self.runner.function.function_name,
            "SIGNING_SECRET_PREFIX": self._settings.signing_secret_prefix,
        }

    # What functions may do.

    def _grant_api(self) -> None:
        api, jobs = self.api.api, self.tables.jobs.table_arn
        api.allow("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=[jobs])
        api.allow(
            "dynamodb:Query",
            on=[self.tables.index_arn(schema.GROUP_INDEX), self.tables.index_arn(schema.ATTENTION_INDEX)],
        )
        self._allow_templates(api)
        # Calendars alone are deleted: what a template was explains its jobs.
        api.allow("dynamodb:DeleteItem", on=[self.tables.templates.table_arn])
        control = self.tables.control.table_arn
        api.allow("dynamodb:GetItem", on=[control])
        # No API keys: those are for the command line alone to make.
        partitions = [f"{schema.WINDOWS_PK}#*", schema.EXTENSIONS_PK]
        api.allow("dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem", on=[control], partitions=partitions)
        api.allow("s3:PutObject", on=[self.data.payloads], wildcard_because=_OBJECTS)
        api.allow("s3:GetObject", on=[self.data.payloads, self.data.outputs], wildcard_because=_OBJECTS)
        self.api.authorizer.allow("dynamodb:GetItem", on=[control])

    def _grant_populator(self) -> None:
        tick, stream = self.populator.tick, self.populator.stream
        tick.allow("dynamodb:Query", on=[self.tables.index_arn(schema.DUE_INDEX)])
        self._allow_cursors(tick)
        tick.allow("sqs:SendMessage", on=self.queues.arns())
        stream.allow("sqs:SendMessage", on=self.queues.arns())
        self._allow_stream(stream)

    def _grant_executor(self, executor: PunctualFunction) -> None:
        lanes = [lane for lane, function in self.executor.lanes.items() if function is executor]
        executor.allow(
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
            on=self.queues.arns(*lanes),
        )
        executor.allow("dynamodb:GetItem", "dynamodb:UpdateItem", on=[self.tables.jobs.table_arn])
        # Gates read the control table, but no API keys.
        executor.allow("dynamodb:Query", on=[self.tables.control.table_arn], partitions=[f"{schema.WINDOWS_PK}#*"])
        executor.allow("s3:GetObject", on=[self.data.payloads], wildcard_because=_OBJECTS)
        executor.allow("s3:PutObject", on=[self.data.outputs], wildcard_because=_OBJECTS)
        executor.allow("lambda:InvokeFunction", on=[self.runner.function.function_arn])
        for action, arns in target_rights(self._settings.allowed_target_arns).items():
            executor.allow(action, on=arns, wildcard_because=_TARGETS)
        # However wide the patterns are: a job must not play the scheduler to itself.
        executor.deny("sqs:SendMessage", on=[*self.queues.arns(), *self.queues.dead_arns()])
        executor.deny("lambda:InvokeFunction", on=self._own_functions())
        executor.deny("events:PutEvents", on=[self.events.bus.event_bus_arn])
        executor.allow("ssm:GetParameter", on=[self._secrets()], wildcard_because=_SECRETS)
        roles = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/punctual-target/*"
        executor.allow("sts:AssumeRole", on=[roles], wildcard_because=_ROLES)

    def _grant_watcher(self) -> None:
        jobs = self.tables.jobs.table_arn
        self.watcher.allow("dynamodb:Query", on=[self.tables.index_arn(schema.DUE_INDEX)])
        self.watcher.allow("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem", on=[jobs])
        self._allow_cursors(self.watcher)
        self.watcher.allow("sqs:SendMessage", "sqs:GetQueueAttributes", on=self.queues.arns())

    def _grant_journal(self) -> None:
        self._allow_stream(self.journal)
        self.journal.allow("events:PutEvents", on=[self.events.bus.event_bus_arn])

    def _grant_recurrence(self) -> None:
        jobs, control = self.tables.jobs.table_arn, self.tables.control.table_arn
        self.recurrence.allow("dynamodb:Query", on=[self.tables.expand_index_arn])
        self._allow_templates(self.recurrence)
        self.recurrence.allow("dynamodb:Query", on=[self.tables.index_arn(schema.GROUP_INDEX)])
        rights = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        self.recurrence.allow(*rights, on=[jobs])
        partitions = [f"{schema.WINDOWS_PK}#*", schema.EXTENSIONS_PK]
        rights = ("dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem")
        self.recurrence.allow(*rights, on=[control], partitions=partitions)
        self.recurrence.allow("s3:PutObject", on=[self.data.payloads], wildcard_because=_OBJECTS)

    def _allow_stream(self, function: PunctualFunction) -> None:
        rights = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
        function.allow(*rights, on=[self.tables.stream_arn])
        streams = [f"{self.tables.jobs.table_arn}/stream/*"]
        function.allow("dynamodb:ListStreams", on=streams, wildcard_because=_STREAM)

    def _allow_templates(self, function: PunctualFunction) -> None:
        """Templates, calendars and backfills are read, listed, and put under a condition."""
        rights = ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")
        function.allow(*rights, on=[self.tables.templates.table_arn])

    def _allow_cursors(self, function: PunctualFunction) -> None:
        """A cursor is read with its whole partition, put under a condition, and read again when that was refused."""
        function.allow("dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", on=[self.tables.control.table_arn])

    def _own_functions(self) -> list[str]:
        """Every function of this stage but the runner, with and without a version behind it.

        By their names, so that no function has to be made before another.
        """
        prefix = f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:"
        names = [self._settings.name_of(name) for name in Function if name is not Function.RUNNER]
        return [f"{prefix}{name}{version}" for name in names for version in ("", ":*")]

    def _secrets(self) -> str:
        path = f"parameter{self._settings.signing_secret_prefix}*"
        return f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:{path}"

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
