"""What each function may do: every right in one place, so that one more or less shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Aws

from infra.settings import Function
from infra.targets import target_rights
from shared.adapters.dynamodb import schema

if TYPE_CHECKING:
    from infra.function import PunctualFunction
    from infra.settings import Settings
    from infra.stack import PunctualStack

_BULK_ACTIONS: Final = (f"{schema.BULK_ACTIONS_PK}#*", schema.BULK_STEPS_PK)
_OBJECTS: Final = "One object for each large payload or output, under the one prefix that is this function's business."
_SECRETS: Final = "One secret for each tenant, under the stage's own prefix."
_TARGETS: Final = "What jobs may call: the patterns in this stage's settings."
_ROLES: Final = "Roles that their owner put under this path, and whose trust policy admits the executor."
_STREAM: Final = "A stream's ARN ends in the time when it was switched on; to list them is allowed for the table's own."


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Grants to the functions of a stack, whose other parts it names, what they need of those."""

    stack: PunctualStack
    settings: Settings

    def grant(self) -> None:
        self._grant_api()
        self._grant_populator()
        for function in (self.stack.executor.short, self.stack.executor.long):
            self._grant_executor(function)
        self._grant_watcher()
        self._grant_journal()
        self._grant_recurrence()

    def _grant_api(self) -> None:
        api, jobs = self.stack.api.api, self.stack.tables.jobs.table_arn
        api.allow("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=[jobs])
        api.allow(
            "dynamodb:Query",
            on=[self.stack.tables.index_arn(schema.GROUP_INDEX), self.stack.tables.index_arn(schema.ATTENTION_INDEX)],
        )
        self._allow_templates(api)
        # Calendars alone are deleted: what a template was explains its jobs.
        api.allow("dynamodb:DeleteItem", on=[self.stack.tables.templates.table_arn])
        control = self.stack.tables.control.table_arn
        api.allow("dynamodb:GetItem", on=[control])
        # No API keys: those are for the command line alone to make.
        partitions = [
            *(f"{thing}#*" for thing in (schema.WINDOWS_PK, schema.CHANNELS_PK, schema.BREAKERS_PK)),
            *(f"{schema.SUBSCRIPTIONS_PK}#*", f"{schema.RETENTIONS_PK}#*"),
            *(f"{thing}#*" for thing in (schema.ALERTS_PK, schema.ALERT_RULES_PK, schema.ESCALATION_POLICIES_PK)),
            *(f"{schema.LATEST_ALERTS_PK}#*", schema.ALERT_LOOKS_PK),
            *(schema.EXTENSIONS_PK, schema.BREAKER_CHANGES_PK, schema.BEATS_PK),
            *_BULK_ACTIONS,
        ]
        api.allow("dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem", on=[control], partitions=partitions)
        data = self.stack.data
        objects = [data.payloads, data.outputs, data.checkpoints]
        api.allow("s3:PutObject", "s3:GetObject", on=objects, wildcard_because=_OBJECTS)
        api.allow("s3:GetObject", on=[data.archive], wildcard_because=_OBJECTS)
        api.allow("s3:ListBucket", on=[data.bucket.bucket_arn], prefixes=["archive/*"])
        self.stack.api.authorizer.allow("dynamodb:GetItem", on=[control])

    def _grant_populator(self) -> None:
        tick, stream = self.stack.populator.tick, self.stack.populator.stream
        tick.allow("dynamodb:Query", on=[self.stack.tables.index_arn(schema.DUE_INDEX)])
        self._allow_cursors(tick)
        self._allow_beats(tick)
        tick.allow("sqs:SendMessage", on=self.stack.queues.arns())
        stream.allow("sqs:SendMessage", on=self.stack.queues.arns())
        self._allow_stream(stream)

    def _grant_executor(self, executor: PunctualFunction) -> None:
        lanes = [lane for lane, function in self.stack.executor.lanes.items() if function is executor]
        executor.allow(
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
            on=self.stack.queues.arns(*lanes),
        )
        jobs, control = self.stack.tables.jobs.table_arn, self.stack.tables.control.table_arn
        executor.allow("dynamodb:GetItem", "dynamodb:UpdateItem", on=[jobs])
        # Gates, channels and retentions are read from the control table, but no API keys.
        windows, channels, retentions = f"{schema.WINDOWS_PK}#*", f"{schema.CHANNELS_PK}#*", f"{schema.RETENTIONS_PK}#*"
        breakers, calls = f"{schema.BREAKERS_PK}#*", f"{schema.CALLS_PK}#*"
        executor.allow("dynamodb:Query", on=[control], partitions=[windows, breakers])
        executor.allow("dynamodb:GetItem", on=[control], partitions=[channels, breakers, retentions])
        executor.allow("dynamodb:PutItem", on=[control], partitions=[breakers, schema.BREAKER_CHANGES_PK])
        executor.allow("dynamodb:UpdateItem", on=[control], partitions=[calls])
        if self.settings.email_sender:
            domain = self.settings.email_sender.rpartition("@")[2]
            identities = [self._identity(self.settings.email_sender), self._identity(domain)]
            executor.allow("ses:SendEmail", on=identities)
        kept = [self.stack.data.payloads, self.stack.data.checkpoints]
        executor.allow("s3:GetObject", on=kept, wildcard_because=_OBJECTS)
        executor.allow("s3:PutObject", on=[self.stack.data.outputs], wildcard_because=_OBJECTS)
        executor.allow("lambda:InvokeFunction", on=[self.stack.runner.function.function_arn])
        for action, arns in target_rights(self.settings.allowed_target_arns).items():
            executor.allow(action, on=arns, wildcard_because=_TARGETS)
        # However wide the patterns are: a job must not play the scheduler to itself.
        executor.deny("sqs:SendMessage", on=[*self.stack.queues.arns(), *self.stack.queues.dead_arns()])
        executor.deny("lambda:InvokeFunction", on=self._own_functions())
        executor.deny("events:PutEvents", on=[self.stack.events.bus.event_bus_arn])
        executor.allow("ssm:GetParameter", on=[self._secrets()], wildcard_because=_SECRETS)
        roles = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/punctual-target/*"
        executor.allow("sts:AssumeRole", on=[roles], wildcard_because=_ROLES)

    def _grant_watcher(self) -> None:
        jobs = self.stack.tables.jobs.table_arn
        indexes = [self.stack.tables.index_arn(name) for name in (schema.DUE_INDEX, schema.GROUP_INDEX)]
        self.stack.watcher.allow("dynamodb:Query", on=indexes)
        self.stack.watcher.allow("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem", on=[jobs])
        self._allow_cursors(self.stack.watcher)
        self._allow_beats(self.stack.watcher)
        self.stack.watcher.allow("sqs:SendMessage", "sqs:GetQueueAttributes", on=self.stack.queues.arns())
        self._allow_bulk_actions()
        self._allow_alerts(self.stack.watcher)
        self._allow_telling(self.stack.watcher)
        looks = [schema.ALERT_LOOKS_PK]
        self.stack.watcher.allow("dynamodb:DeleteItem", on=[self.stack.tables.control.table_arn], partitions=looks)

    def _allow_bulk_actions(self) -> None:
        """They are gone on with, and may edit payloads."""
        watcher, control = self.stack.watcher, self.stack.tables.control.table_arn
        watcher.allow("dynamodb:Query", on=[self.stack.tables.index_arn(schema.ATTENTION_INDEX)])
        watcher.allow("dynamodb:PutItem", on=[self.stack.tables.jobs.table_arn])
        rights = (f"dynamodb:{action}" for action in ("Query", "GetItem", "PutItem", "DeleteItem"))
        watcher.allow(*rights, on=[control], partitions=_BULK_ACTIONS)
        payloads = [self.stack.data.payloads]
        watcher.allow("s3:PutObject", "s3:GetObject", on=payloads, wildcard_because=_OBJECTS)

    def _grant_journal(self) -> None:
        self._allow_stream(self.stack.journal)
        self._allow_alerts(self.stack.journal)
        # One that keeps failing is paused.
        self._allow_templates(self.stack.journal)
        self._allow_telling(self.stack.journal)
        self._allow_cleaning_up(self.stack.journal)

    def _grant_recurrence(self) -> None:
        jobs, control = self.stack.tables.jobs.table_arn, self.stack.tables.control.table_arn
        self.stack.recurrence.allow("dynamodb:Query", on=[self.stack.tables.expand_index_arn])
        self._allow_beats(self.stack.recurrence)
        self._allow_templates(self.stack.recurrence)
        self.stack.recurrence.allow("dynamodb:Query", on=[self.stack.tables.index_arn(schema.GROUP_INDEX)])
        rights = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        self.stack.recurrence.allow(*rights, on=[jobs])
        partitions = [f"{schema.WINDOWS_PK}#*", schema.EXTENSIONS_PK]
        rights = ("dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem")
        self.stack.recurrence.allow(*rights, on=[control], partitions=partitions)
        self.stack.recurrence.allow("dynamodb:GetItem", on=[control], partitions=[f"{schema.RETENTIONS_PK}#*"])
        self.stack.recurrence.allow("s3:PutObject", on=[self.stack.data.payloads], wildcard_because=_OBJECTS)

    def _allow_alerts(self, function: PunctualFunction) -> None:
        """Alerts are found by rules and by the jobs before a failure, counted, and told by jobs."""
        tables = self.stack.tables
        function.allow(
            "dynamodb:Query", on=[tables.index_arn(schema.GROUP_INDEX), tables.index_arn(schema.ATTENTION_INDEX)]
        )
        function.allow("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", on=[tables.jobs.table_arn])
        control = [tables.control.table_arn]
        read = (schema.ALERT_RULES_PK, schema.ESCALATION_POLICIES_PK, schema.WINDOWS_PK, schema.BREAKERS_PK)
        alerts = [f"{schema.ALERTS_PK}#*", f"{schema.LATEST_ALERTS_PK}#*"]
        looked_at = [*(f"{thing}#*" for thing in read), *alerts, schema.ALERT_LOOKS_PK]
        function.allow("dynamodb:Query", "dynamodb:GetItem", on=control, partitions=looked_at)
        function.allow("dynamodb:BatchGetItem", on=control, partitions=alerts)
        counted = [f"{schema.ALERT_MARKS_PK}#*", schema.ALERT_LOOKS_PK]
        function.allow("dynamodb:PutItem", on=control, partitions=[*alerts, *counted])
        function.allow("dynamodb:UpdateItem", on=control, partitions=[f"{schema.ALERT_SLOTS_PK}#*"])

    def _allow_telling(self, function: PunctualFunction) -> None:
        """Events go to the bus, and by jobs to whoever has subscribed to them."""
        function.allow("events:PutEvents", on=[self.stack.events.bus.event_bus_arn])
        subscriptions = [f"{schema.SUBSCRIPTIONS_PK}#*"]
        function.allow("dynamodb:Query", on=[self.stack.tables.control.table_arn], partitions=subscriptions)
        function.allow("dynamodb:PutItem", on=[self.stack.tables.jobs.table_arn])

    def _allow_cleaning_up(self, function: PunctualFunction) -> None:
        """What ends is archived. What lies beside a job's item goes with it: never a job, which a TTL removes."""
        data, jobs = self.stack.data, self.stack.tables.jobs.table_arn
        function.allow("s3:PutObject", on=[data.archive], wildcard_because=_OBJECTS)
        function.allow("dynamodb:Query", "dynamodb:DeleteItem", on=[jobs])
        function.allow("s3:ListBucket", on=[data.bucket.bucket_arn], prefixes=["payloads/*"])
        beside = [data.payloads, data.outputs, data.checkpoints]
        function.allow("s3:DeleteObject", on=beside, wildcard_because=_OBJECTS)

    def _allow_stream(self, function: PunctualFunction) -> None:
        rights = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
        function.allow(*rights, on=[self.stack.tables.stream_arn])
        streams = [f"{self.stack.tables.jobs.table_arn}/stream/*"]
        function.allow("dynamodb:ListStreams", on=streams, wildcard_because=_STREAM)

    def _allow_templates(self, function: PunctualFunction) -> None:
        """Templates, calendars and backfills are read, listed, and put under a condition."""
        rights = ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")
        function.allow(*rights, on=[self.stack.tables.templates.table_arn])

    def _allow_cursors(self, function: PunctualFunction) -> None:
        """A cursor is read with its whole partition, put under a condition, and read again when that was refused. No
        API keys are put: whoever could make one would be any tenant."""
        control = [self.stack.tables.control.table_arn]
        function.allow("dynamodb:Query", "dynamodb:GetItem", on=control)
        function.allow("dynamodb:PutItem", on=control, partitions=[f"{schema.CURSORS_PK}#*"])

    def _allow_beats(self, function: PunctualFunction) -> None:
        """A sign of life is added to those of the other shards."""
        control = self.stack.tables.control.table_arn
        function.allow("dynamodb:UpdateItem", on=[control], partitions=[schema.BEATS_PK])

    def _own_functions(self) -> list[str]:
        """Every function of this stage but the runner, with and without a version behind it.

        By their names, so that no function has to be made before another.
        """
        prefix = f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:"
        names = [self.settings.name_of(name) for name in Function if name is not Function.RUNNER]
        return [f"{prefix}{name}{version}" for name in names for version in ("", ":*")]

    def _identity(self, name: str) -> str:
        """An address or a domain that SES has verified."""
        return f"arn:{Aws.PARTITION}:ses:{Aws.REGION}:{Aws.ACCOUNT_ID}:identity/{name}"

    def _secrets(self) -> str:
        path = f"parameter{self.settings.signing_secret_prefix}*"
        return f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:{path}"
