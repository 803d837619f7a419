"""The three tables. Keys and indexes are those of `shared.adapters.dynamodb.schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.removal import removal_policy
from infra.settings import Removal
from shared.adapters.dynamodb import schema

if TYPE_CHECKING:
    from infra.settings import RestoredTables, Settings


class Tables(Construct):
    """`jobs`, one item per job and the only truth; `templates`, what recurs; `control`, small things that change
    slowly.

    All are encrypted with DynamoDB's own key: it costs nothing, every read of a customer-managed one would be a call
    and a right more, and what must be secret (API keys, signing secrets) is stored hashed or elsewhere.
    """

    jobs: dynamodb.ITable
    templates: dynamodb.ITable
    control: dynamodb.ITable

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(scope, "tables")
        if settings.restored_tables is None:
            self._make(settings)
        else:
            self._take(settings.restored_tables)

    def _make(self, settings: Settings) -> None:
        jobs = _table(self, "jobs", settings, stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES)
        templates = _table(self, "templates", settings)
        for table, name, partition, sort, sort_type in (
            (jobs, schema.DUE_INDEX, schema.DUE_SHARD, schema.WAKE_AT, dynamodb.AttributeType.NUMBER),
            (jobs, schema.GROUP_INDEX, schema.GROUP_PK, schema.GROUP_SK, dynamodb.AttributeType.STRING),
            (
                jobs,
                schema.ATTENTION_INDEX,
                schema.ATTENTION_PK,
                schema.ATTENTION_SK,
                dynamodb.AttributeType.STRING,
            ),
            (templates, schema.EXPAND_INDEX, schema.EXPAND_SHARD, schema.EXPAND_AT, dynamodb.AttributeType.NUMBER),
        ):
            table.add_global_secondary_index(
                index_name=name,
                partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name=sort, type=sort_type),
                # The keys carry all that is looked for in it; a projected attribute that changes costs a write.
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )
        self.jobs, self.templates, self.control = jobs, templates, _table(self, "control", settings)

    def _take(self, restored: RestoredTables) -> None:
        """They are named only: what restoring does not bring along (stream, TTL, recovery) is set by hand."""
        self.jobs = dynamodb.Table.from_table_attributes(
            self, "jobs", table_name=restored.jobs, table_stream_arn=restored.jobs_stream_arn
        )
        self.templates = dynamodb.Table.from_table_name(self, "templates", restored.templates)
        self.control = dynamodb.Table.from_table_name(self, "control", restored.control)

    def index_arn(self, index: str) -> str:
        """An index of the jobs table, for a policy."""
        return f"{self.jobs.table_arn}/index/{index}"

    @property
    def expand_index_arn(self) -> str:
        """The templates table's index, for a policy."""
        return f"{self.templates.table_arn}/index/{schema.EXPAND_INDEX}"

    @property
    def stream_arn(self) -> str:
        """The jobs table's stream."""
        arn = self.jobs.table_stream_arn
        if arn is None:
            raise RuntimeError("the jobs table has no stream")
        return arn


def _table(
    scope: Construct, name: str, settings: Settings, *, stream: dynamodb.StreamViewType | None = None
) -> dynamodb.Table:
    return dynamodb.Table(
        scope,
        name,
        partition_key=dynamodb.Attribute(name=schema.PK, type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name=schema.SK, type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        time_to_live_attribute=schema.TTL,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        stream=stream,
        removal_policy=removal_policy(settings),
        deletion_protection=settings.removal is Removal.PROTECTED,
    )
