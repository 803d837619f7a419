"""What the journal keeps of jobs that end, and removes of those that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.watcher import journal_handler
from shared.adapters.archive import BucketArchive
from shared.adapters.dynamodb.codec import item_key
from shared.adapters.system import SystemClock
from shared.model import moves
from shared.model.archived_job import archived
from shared.model.execution import Output
from tests import aws
from tests.integration.handlers.conftest import stream_event
from tests.jobs import RETENTION, a_job, after, claimed

if TYPE_CHECKING:
    from shared.model.job import Job
    from tests.integration.handlers.conftest import Account, Context

LONG = b'"' + b"x" * 2_000 + b'"'


def succeeded(job: Job) -> tuple[Job, Job]:
    """The job while it runs, and after it."""
    running = claimed(job)
    ended = moves.succeed(running, output=Output("done", 4), now=running.run_at, retention=RETENTION)
    return running, after(running, ended)


def objects() -> list[str]:
    answer = aws.client("s3").list_objects_v2(Bucket=aws.BUCKET)
    return [one["Key"] for one in answer.get("Contents", [])]


def test_a_job_that_ends_is_in_the_archive_under_its_tenant_and_day(account: Account, context: Context) -> None:
    running, ended = succeeded(a_job())

    answer = journal_handler.lambda_handler(stream_event(("MODIFY", running, ended)), context)

    assert answer == {"batchItemFailures": []}
    (name,) = objects()
    assert name.startswith(f"archive/tenant={ended.tenant}/day={ended.ended_at:%Y-%m-%d}/")
    archive = BucketArchive(lambda: aws.client("s3"), aws.BUCKET)
    assert archive.look(ended.key, since=ended.created_at, until=ended.run_at, pages=1).job == archived(ended)


def test_a_batch_that_comes_again_puts_the_same_objects(account: Account, context: Context) -> None:
    event = stream_event(("MODIFY", *succeeded(a_job())), ("MODIFY", *succeeded(a_job(job_id="another"))))

    journal_handler.lambda_handler(event, context)
    before = objects()
    journal_handler.lambda_handler(event, context)

    assert len(before) == 1
    assert objects() == before


def test_while_the_bucket_is_away_the_batch_comes_again(account: Account, context: Context) -> None:
    aws.client("s3").delete_bucket(Bucket=aws.BUCKET)

    answer = journal_handler.lambda_handler(stream_event(("MODIFY", *succeeded(a_job()))), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_what_lay_beside_a_job_goes_when_its_item_is_gone(account: Account, context: Context) -> None:
    job = account.create(payload=LONG)
    event = stream_event(("REMOVE", job, None))
    event["Records"][0]["dynamodb"]["ApproximateCreationDateTime"] = SystemClock().now().timestamp() + 120
    account.dynamodb.delete_item(TableName=aws.JOBS_TABLE, Key=item_key(job.key))

    answer = journal_handler.lambda_handler(event, context)

    assert answer == {"batchItemFailures": []}
    assert account.dynamodb.scan(TableName=aws.JOBS_TABLE)["Items"] == []


def test_a_job_that_is_there_again_keeps_what_it_has(account: Account, context: Context) -> None:
    job = account.create(payload=LONG)

    journal_handler.lambda_handler(stream_event(("REMOVE", job, None)), context)

    assert account.jobs.load_payload(job) == LONG
