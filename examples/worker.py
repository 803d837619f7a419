"""A worker on any machine: takes work from a queue of its own, says that it lives, leaves checkpoints, reports the end.

    python examples/worker.py --queue-url https://sqs.eu-central-1.amazonaws.com/123456789012/demo-worker

It does jobs that send a message there and wait for its report:

    {"target": {"type": "sqs", "queue_url": "…/demo-worker"}, "payload": {"pages": 20},
     "completion": "callback", "timeout": "2h", "heartbeat_timeout": "1m"}

Killed at any moment, nothing is lost. If another worker (or this one, started again) gets the same message before the
lease is over, it goes on with the same attempt. If not, the attempt counts as lost, the next one sends another message
with a token of its own, and the old message is dropped by whoever finds that its token is stale. Either way the work
goes on from its last checkpoint. Copy it: it needs boto3 for the queue, and nothing of the scheduler's code.
"""

# ruff: noqa: T201 - what it says is for whoever started it

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

BEAT_EVERY_SECONDS = 5
VISIBILITY_SECONDS = 20


class LeaseLost(Exception):
    """The attempt has ended, or another one has begun: drop the work."""


class Execution:
    """One attempt at a job, as its message says: where to report, and the token that stands for a key."""

    def __init__(self, attributes: dict[str, Any]) -> None:
        said = {name: value["StringValue"] for name, value in attributes.items()}
        self.attempt = int(said["X-Punctual-Attempt"])
        self._url = f"{said['X-Punctual-Api-Url']}/v1/executions/{said['X-Punctual-Lease-Token']}"

    def heartbeat(self) -> bool:
        """Extend the lease. Whether the job is to be cancelled."""
        return bool(self._call("POST", "heartbeat")["cancel_requested"])

    def checkpoint(self) -> Any:
        """What was left last, by this attempt or one before; None when nothing was."""
        return self._call("GET", "checkpoint")["checkpoint"]

    def save_checkpoint(self, value: Any) -> None:
        self._call("POST", "checkpoint", {"checkpoint": value})

    def complete(self, output: Any) -> None:
        self._call("POST", "complete", {"output": output})

    def fail(self, kind: str, message: str) -> None:
        self._call("POST", "fail", {"error": {"type": kind, "message": message}})

    def _call(self, method: str, what: str, body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}/{what}", data, headers, method=method)
        for pause in (0, 1, 3, 9):
            time.sleep(pause)
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return dict(json.load(answer))
            except urllib.error.HTTPError as error:
                # Another 409 is not about the lease: another report on the attempt was written at the same time.
                if error.code == 404 or (error.code == 409 and b'"/problems/lease-lost"' in _beginning(error)):
                    raise LeaseLost from None
                if error.code < 500 and error.code not in (409, 429):
                    raise
            except (OSError, http.client.HTTPException, ValueError):
                continue  # no answer, or none that is whole; the same report may be sent again
        raise LeaseLost  # by now the lease may be over, and somebody else at work


def _beginning(refusal: urllib.error.HTTPError) -> bytes:
    """Of what the API says with a refusal; empty where that breaks off."""
    try:
        return refusal.read(300)
    except (OSError, http.client.HTTPException):
        return b""


class Alive:
    """While the block runs, a thread extends the lease, and keeps the message from being given to another worker."""

    def __init__(self, execution: Execution, keep_message: Any) -> None:
        self._execution, self._keep_message = execution, keep_message
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self.lost = self.cancelled = False

    def __enter__(self) -> Alive:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(BEAT_EVERY_SECONDS):
            try:
                self.cancelled = self._execution.heartbeat()
            except (LeaseLost, urllib.error.HTTPError):
                self.lost = True
                return
            # At worst another worker gets the message as well, and goes on with the same attempt.
            with contextlib.suppress(BotoCoreError, ClientError):
                self._keep_message()


def work(execution: Execution, payload: dict[str, Any], alive: Alive, seconds_per_page: float) -> None:
    """The work itself: here, pages that take their time."""
    pages = int(payload["pages"])
    resumed_from = execution.checkpoint() or 0
    for page in range(resumed_from, pages):
        if alive.lost:
            raise LeaseLost
        if alive.cancelled:
            execution.fail("cancelled", f"stopped before page {page}")
            return
        time.sleep(seconds_per_page)
        print(f"attempt {execution.attempt}, page {page}", flush=True)
        execution.save_checkpoint(page + 1)
    execution.complete({"pages": pages, "resumed_from": resumed_from, "attempt": execution.attempt})


def do(execution: Execution, body: str, alive: Alive, seconds_per_page: float) -> None:
    """The work, or a report of why it cannot be done: it would end one worker after the other."""
    try:
        work(execution, json.loads(body), alive, seconds_per_page)
    except LeaseLost:
        raise
    except Exception as error:
        execution.fail("work_failed", f"{type(error).__name__}: {error}"[:2_000])


def take_one(sqs: Any, queue_url: str, seconds_per_page: float) -> None:
    answer = sqs.receive_message(
        QueueUrl=queue_url,
        WaitTimeSeconds=5,
        MessageAttributeNames=["All"],
        VisibilityTimeout=VISIBILITY_SECONDS,
    )
    for message in answer.get("Messages", []):
        named = {"QueueUrl": queue_url, "ReceiptHandle": message["ReceiptHandle"]}

        def keep_message(named: dict[str, str] = named) -> None:
            sqs.change_message_visibility(**named, VisibilityTimeout=VISIBILITY_SECONDS)

        execution = Execution(message["MessageAttributes"])
        try:
            with Alive(execution, keep_message) as alive:
                do(execution, message["Body"], alive, seconds_per_page)
        except LeaseLost:
            print("dropped: the attempt does not hold its job any more", flush=True)
        sqs.delete_message(**named)


def main() -> None:
    parser = argparse.ArgumentParser(description="Does the work of callback jobs that come through a queue.")
    parser.add_argument("--queue-url", required=True)
    parser.add_argument("--endpoint-url", help="of an emulator of AWS")
    parser.add_argument("--seconds-per-page", type=float, default=0.5)
    arguments = parser.parse_args()
    sqs = boto3.client("sqs", endpoint_url=arguments.endpoint_url)
    while True:
        take_one(sqs, arguments.queue_url, arguments.seconds_per_page)


if __name__ == "__main__":
    main()
