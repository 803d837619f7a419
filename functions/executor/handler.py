"""The executor: up to ten messages of one lane at a time. Deployed twice: for short jobs, and for long ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any

from functions.executor.execute_job import ReceivedHint, Verdict
from functions.executor.wiring import execute_job, heartbeats, queue_urls, telemetry
from shared.adapters.sqs.work_queue import lane_of_queue, read_hint

_BATCH = 10
# Leases are kept from this thread, which has nothing else to do meanwhile.
_BEAT_EVERY_SECONDS = 2


@cache
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_BATCH, thread_name_prefix="job")


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Returns the messages that are to be delivered again; the others are deleted."""

    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    records = event["Records"]
    # Wired here, by one thread: ten that meet an empty cache would each make a set of parts of their own.
    execute = execute_job()

    def run(record: dict[str, Any]) -> Verdict:
        return execute(_received(record), seconds_left=seconds_left)

    futures = [threads().submit(run, record) for record in records]
    running = set(futures)
    while running:
        _, running = wait(running, timeout=_BEAT_EVERY_SECONDS)
        heartbeats().beat_due()
    kept = []
    for record, future in zip(records, futures, strict=True):
        error = future.exception()
        if error is not None:
            telemetry().defect("message_failed", error, message_id=record["messageId"])
        if error is not None or future.result() is Verdict.KEEP:
            kept.append({"itemIdentifier": record["messageId"]})
    telemetry().flush()
    return {"batchItemFailures": kept}


def _received(record: dict[str, Any]) -> ReceivedHint:
    lane = lane_of_queue(record["eventSourceARN"], queue_urls())
    return ReceivedHint(read_hint(record["body"]), lane, record["receiptHandle"])
