from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.recurrence import handler
from shared.adapters.dynamodb.backfills import DynamoBackfillStore
from shared.adapters.system import SystemClock
from shared.model.backfill import Backfill, BackfillSpec
from shared.model.canary_template import CANARY, canary
from shared.model.job import JobKey, Payload, template_partition
from shared.model.lifecycle import Status
from shared.model.occurrence_job import occurrence_job_id
from shared.model.template import JobDefinition, Template, expand_shard_of
from tests.aws import TEMPLATES_TABLE
from tests.integration.handlers.conftest import logged
from tests.templates import TENANT, a_template

if TYPE_CHECKING:
    from tests.integration.handlers.conftest import Account, Context

# What EventBridge sends when a rule has no input of its own.
EVENT: dict[str, Any] = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-03-01T12:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/punctual-test-recurrence"],
    "detail": {},
}


@pytest.fixture(autouse=True)
def planted(account: Account) -> Template:
    """The canary, which needs nothing for an hour."""
    now = SystemClock().now()
    return account.templates.create_template(replace(canary(now), expand_at=now + timedelta(hours=1))).template


def created(account: Account, template_id: str = "1" * 24, **fields: Any) -> Template:
    """A template that was created half a minute ago and is due to be expanded."""
    now = SystemClock().now() - timedelta(seconds=30)
    fields = {"id": template_id, "expand_shard": expand_shard_of(TENANT, template_id), **fields}
    return account.templates.create_template(a_template(now=now, **fields)).template


def test_a_template_becomes_jobs_half_an_hour_ahead(account: Account, context: Context) -> None:
    template = created(account)

    report = handler.lambda_handler(EVENT, context)

    # One more when a minute began since the template was created.
    assert (report["expanded"], report["failed"]) == (1, 0)
    assert report["planned"] in (31, 32)
    expanded = account.templates.get_template(template.key)
    last = expanded.progress.expanded_until
    job = account.jobs.get(JobKey(TENANT, occurrence_job_id(template.key, last)))
    assert (job.status, job.run_at, job.template_id) == (Status.SCHEDULED, last, template.id)
    assert expanded.expand_at == last - timedelta(minutes=15)


def test_a_second_tick_finds_nothing_to_do(account: Account, context: Context) -> None:
    created(account)
    handler.lambda_handler(EVENT, context)

    report = handler.lambda_handler(EVENT, context)

    assert (report["expanded"], report["planned"]) == (0, 0)


def test_several_expanders_share_the_templates_out(account: Account, context: Context) -> None:
    for number in range(12):
        created(account, f"{number:024d}")

    reports = [handler.lambda_handler({"part": part, "of": 3}, context) for part in range(3)]

    assert sum(report["expanded"] for report in reports) == 12
    assert min(report["expanded"] for report in reports) > 0


def test_a_template_that_fails_is_put_off_and_stops_no_other(
    account: Account, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    job = JobDefinition(target={"type": "scripted"}, payload=Payload(b'{"a":"{{ nothing }}"}'))
    broken = created(account, "0" * 24, job=job)
    created(account)

    report = handler.lambda_handler(EVENT, context)

    assert (report["expanded"], report["failed"]) == (1, 1)
    failure = account.templates.get_template(broken.key).progress.failure
    assert failure is not None
    assert "nothing" in failure.detail
    lines = [line for line in logged(capsys.readouterr().out) if line.get("action") == "expansion_failed"]
    assert [line["template_id"] for line in lines] == [broken.id]


def test_a_template_of_a_newer_release_is_left_alone(account: Account, context: Context) -> None:
    newer, other = created(account, "0" * 24), created(account)
    account.dynamodb.update_item(
        TableName=TEMPLATES_TABLE,
        Key={"pk": {"S": TENANT}, "sk": {"S": f"template#{newer.id}"}},
        UpdateExpression="SET mis = :new",
        ExpressionAttributeValues={":new": {"S": '{"policy":"of the future"}'}},
    )

    report = handler.lambda_handler(EVENT, context)

    assert (report["expanded"], report["failed"]) == (1, 1)
    assert account.templates.get_template(other.key).revision == 2


def test_a_backfill_makes_its_next_jobs(account: Account, context: Context) -> None:
    template = created(account, expand_at=None)
    now = SystemClock().now()
    spec = BackfillSpec(
        template_id=template.id,
        template_version=1,
        since=now - timedelta(minutes=30),
        until=now - timedelta(minutes=10),
        at_once=5,
    )
    backfills = DynamoBackfillStore(account.dynamodb, TEMPLATES_TABLE)
    backfill = backfills.create_backfill(
        Backfill(
            tenant=TENANT,
            id="2" * 24,
            spec=spec,
            created_at=now,
            created_by="key",
            total=20,
            step_at=now,
            step_shard=expand_shard_of(TENANT, "2" * 24),
        )
    )

    report = handler.lambda_handler(EVENT, context)

    stepped = backfills.get_backfill(TENANT, backfill.id)
    assert (report["planned"], stepped.made, len(stepped.open)) == (5, 5, 5)
    assert account.jobs.get(JobKey(TENANT, stepped.open[0])).status is Status.SCHEDULED


def test_an_invocation_that_is_about_to_end_begins_no_template(account: Account) -> None:
    from tests.integration.handlers.conftest import Context

    template = created(account)

    report = handler.lambda_handler(EVENT, Context(milliseconds_left=5_000))

    assert report["expanded"] == 0
    assert account.templates.get_template(template.key) == template


def test_the_canary_is_planted_once_and_fires_each_minute(account: Account, context: Context) -> None:
    key = {"pk": {"S": CANARY.tenant}, "sk": {"S": f"template#{CANARY.template_id}"}}
    account.dynamodb.delete_item(TableName=TEMPLATES_TABLE, Key=key)

    handler.lambda_handler(EVENT, context)
    handler.lambda_handler(EVENT, context)

    entries = account.jobs.list_group(template_partition(*CANARY), before="~", not_before="0", limit=100)
    assert 29 <= len(entries) <= 31
    (job,) = account.jobs.get_many([JobKey(CANARY.tenant, entries[0].job_id)], consistent=True)
    assert job.target == {"type": "task", "name": "canary.sing"}


def test_recurrence_tells_through_which_shards_it_got(account: Account, context: Context) -> None:
    handler.lambda_handler({"part": 1, "of": 4}, context)

    assert account.beats.beats()["recurrence"].keys() == {"01", "05", "09", "13"}
