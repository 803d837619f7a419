from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.watcher import journal_handler, journal_wiring
from shared.adapters import aws as aws_adapters
from shared.adapters.dynamodb.codec import encode_job
from shared.adapters.dynamodb.subscriptions import SUBSCRIPTIONS
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.adapters.system import SystemClock
from shared.model import moves
from shared.model.execution import Output
from shared.model.job import JobKey
from shared.model.subscription import delivery_id
from shared.model.template import FailingRow
from shared.ports.telemetry import Metric
from tests import aws
from tests.integration.adapters.faults import refusal
from tests.integration.handlers.conftest import logged, stream_event
from tests.jobs import NOT_FOUND, RETENTION, a_job, after, claimed, failed_once
from tests.occurrences import planned
from tests.subscriptions import a_subscription
from tests.templates import a_template

if TYPE_CHECKING:
    from tests.integration.handlers.conftest import Account, Context


def measured(output: str, metric: Metric) -> list[float]:
    return [value for line in logged(output) if "_aws" in line for value in line.get(metric, [])]


@pytest.fixture
def calls(account: Account) -> list[list[dict[str, Any]]]:
    """The entries of each call that the bus has been given."""
    seen: list[list[dict[str, Any]]] = []

    def remember(params: dict[str, Any], **_: Any) -> None:
        seen.append([{**entry, "Detail": json.loads(entry["Detail"])} for entry in params["Entries"]])

    aws_adapters.client("events").meta.events.register("provide-client-params.events.PutEvents", remember)
    return seen


def test_a_job_that_starts_is_told_on_the_bus(
    account: Account, context: Context, calls: list[list[dict[str, Any]]]
) -> None:
    job = a_job()

    answer = journal_handler.lambda_handler(stream_event(("MODIFY", job, claimed(job))), context)

    ((event,),) = calls
    assert answer == {"batchItemFailures": []}
    assert (event["EventBusName"], event["Source"], event["DetailType"]) == (aws.EVENT_BUS, "punctual", "job.started")
    assert (event["Detail"]["tenant"], event["Detail"]["job"]["id"]) == (job.tenant, job.id)


def test_more_than_a_call_takes_is_told_in_several(
    account: Account, context: Context, calls: list[list[dict[str, Any]]]
) -> None:
    jobs = [a_job(job_id=f"job-{number}") for number in range(23)]

    journal_handler.lambda_handler(stream_event(*(("MODIFY", job, claimed(job)) for job in jobs)), context)

    assert [len(call) for call in calls] == [10, 10, 3]
    assert [event["Detail"]["job"]["id"] for call in calls for event in call] == [job.id for job in jobs]


def test_when_the_bus_is_away_the_whole_batch_comes_again(account: Account, context: Context) -> None:
    aws.client("events").delete_event_bus(Name=aws.EVENT_BUS)
    jobs = [a_job(job_id=f"job-{number}") for number in range(3)]

    answer = journal_handler.lambda_handler(stream_event(*(("MODIFY", job, claimed(job)) for job in jobs)), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_what_a_newer_version_wrote_is_left_to_it_and_told(
    account: Account, context: Context, calls: list[list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    strange, job = a_job(job_id="strange"), a_job()
    event = stream_event(("MODIFY", strange, claimed(strange)), ("MODIFY", job, claimed(job)))
    event["Records"][0]["dynamodb"]["NewImage"]["status"] = {"S": "dreaming"}

    journal_handler.lambda_handler(event, context)

    assert [event["Detail"]["job"]["id"] for (event,) in calls] == [job.id]
    (line,) = [line for line in logged(capsys.readouterr().out) if line.get("action") == "journal_unreadable"]
    assert JobKey(line["tenant"], line["job_id"]) == strange.key


def test_a_change_that_cannot_be_read_is_counted_and_the_alarm_for_what_is_left_out_sounds(
    account: Account, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = a_job(job_id="strange")
    event = stream_event(("MODIFY", strange, claimed(strange)))
    event["Records"][0]["dynamodb"]["NewImage"]["status"] = {"S": "dreaming"}

    answer = journal_handler.lambda_handler(event, context)

    assert answer == {"batchItemFailures": []}
    assert measured(capsys.readouterr().out, Metric.JOURNAL_LEFT_OUT) == [1.0]


def test_what_was_left_out_is_made_up_for_by_an_event_made_of_the_job_s_item(
    account: Account, context: Context, calls: list[list[dict[str, Any]]]
) -> None:
    job = claimed(account.create())
    item = encode_job(job)
    by_hand = {"Records": [{"dynamodb": {"Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item}}]}

    answer = journal_handler.lambda_handler(by_hand, context)

    ((event,),) = calls
    assert answer == {"batchItemFailures": []}
    assert (event["DetailType"], event["Detail"]["job"]["id"]) == ("job.started", job.id)


def test_what_the_bus_never_takes_is_left_out_and_what_is_behind_it_told(
    account: Account, context: Context, calls: list[list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = [a_job(job_id=f"job-{number}") for number in range(4)]

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if any('"job-2"' in entry["Detail"] for entry in params["Entries"]):
            raise refusal("ValidationException")

    aws_adapters.client("events").meta.events.register_first("provide-client-params.events.PutEvents", refuse)

    answer = journal_handler.lambda_handler(stream_event(*(("MODIFY", job, claimed(job)) for job in jobs)), context)

    assert answer == {"batchItemFailures": []}
    assert [event["Detail"]["job"]["id"] for call in calls for event in call] == ["job-0", "job-1", "job-3"]
    output = capsys.readouterr().out
    assert measured(output, Metric.JOURNAL_LEFT_OUT) == [1.0]
    (line,) = [line for line in logged(output) if line.get("action") == "journal_left_out"]
    assert (line["reader"], line["job_id"], line["version"]) == ("publish_events", "job-2", claimed(jobs[2]).version)


def test_a_batch_that_comes_again_for_the_bucket_is_put_on_the_bus_once(
    account: Account, context: Context, calls: list[list[dict[str, Any]]]
) -> None:
    running = claimed()
    ended = after(running, moves.succeed(running, output=Output("1", 1), now=running.run_at, retention=RETENTION))
    event = stream_event(("MODIFY", running, ended))
    aws.client("s3").delete_bucket(Bucket=aws.BUCKET)

    again = [journal_handler.lambda_handler(event, context) for _ in range(3)]
    aws.create_bucket(aws.client("s3"))
    last = journal_handler.lambda_handler(event, context)

    assert again == [{"batchItemFailures": [{"itemIdentifier": "0"}]}] * 3
    assert last == {"batchItemFailures": []}
    assert len(calls) == 1


def test_people_are_told_before_subscribers_and_the_bus_comes_last(account: Account) -> None:
    readers = list(journal_wiring.readers())

    assert readers[0] == "judge_failures"
    assert readers[-2:] == ["deliver_events", "publish_events"]


def test_what_was_measured_is_told_although_the_journal_fails(
    account: Account, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = a_job(job_id="strange")
    event = stream_event(("MODIFY", strange, claimed(strange)), ("MODIFY", a_job(), claimed()))
    event["Records"][0]["dynamodb"]["NewImage"]["status"] = {"S": "dreaming"}
    del event["Records"][1]["dynamodb"]["Keys"]

    with pytest.raises(KeyError):
        journal_handler.lambda_handler(event, context)

    assert measured(capsys.readouterr().out, Metric.JOURNAL_LEFT_OUT) == [1.0]


def test_an_item_that_is_gone_and_one_that_is_no_job_are_no_events(
    account: Account, context: Context, calls: list[list[dict[str, Any]]]
) -> None:
    event = stream_event(("REMOVE", a_job(), None), ("INSERT", None, a_job()))
    event["Records"][1]["dynamodb"]["Keys"]["sk"] = {"S": "payload#1"}

    answer = journal_handler.lambda_handler(event, context)

    assert answer == {"batchItemFailures": []}
    assert calls == []


def test_a_template_that_keeps_failing_is_marked_to_be_paused(account: Account, context: Context) -> None:
    now = SystemClock().now()
    template = a_template(now=now - timedelta(hours=1), pause_after_failures=2)
    account.templates.create_template(template)
    for minutes in (3, 2):
        nominal_at = (now - timedelta(minutes=minutes)).replace(second=0, microsecond=0)
        occurrence = planned(template, nominal_at=nominal_at, misfire_at=now + timedelta(hours=1))
        job = claimed(occurrence, now=now)
        failed = after(job, failed_once(job, failure=NOT_FOUND, now=now))
        account.jobs.create(failed)

    journal_handler.lambda_handler(stream_event(("MODIFY", job, failed)), context)

    marked = account.templates.get_template(template.key)
    assert marked.failing == FailingRow(version=1, runs=2, error="http_404")


def test_a_job_that_starts_is_told_to_who_has_subscribed(
    account: Account, context: Context, calls: list[list[dict[str, Any]]]
) -> None:
    subscription = a_subscription(active_since=SystemClock().now() - timedelta(days=400))
    DynamoVersionedStore(account.dynamodb, aws.CONTROL_TABLE, SUBSCRIPTIONS).create(subscription)
    job = a_job()

    for _ in range(2):
        journal_handler.lambda_handler(stream_event(("MODIFY", job, claimed(job))), context)

    on_the_bus = [event["Detail"] for (event,) in calls]
    delivery = account.jobs.get(JobKey(job.tenant, delivery_id(subscription.id, on_the_bus[0]["id"])))
    assert on_the_bus == [json.loads(account.jobs.load_payload(delivery) or b"")] * 2
    assert (delivery.target["channel_id"], delivery.version) == (subscription.channel_id, 1)
