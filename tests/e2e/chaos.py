"""Sabotage of the running system: what a seed draws is done to it while clients use it."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from local.system import LocalSystem

_VICTIMS: Final = ("executor", "executor", "executor-long", "runner", "api", "populator", "populator-stream", "watcher")
_QUEUES: Final = ("QueueUrlHigh", "QueueUrlNormal", "QueueUrlLow", "QueueUrlLong")
_ROLES: Final = ("executor", "executor-long", "populator", "watcher", "api")
_DENIED: Final = "chaos"
# A frozen emulator applies what it got when it goes on: writes whose callers have seen a timeout long before.
_FROZEN_SECONDS: Final = (2.0, 7.0)
_DENIED_SECONDS: Final = (2.0, 7.0)
_PAUSE_SECONDS: Final = (0.3, 1.5)
_LULL_SECONDS: Final = (3.0, 8.0)


class Saboteur:
    """`done` counts what was done, by kind. Everything that it does is undone when its block ends."""

    def __init__(self, system: LocalSystem, seed: int) -> None:
        self._system = system
        self._random = random.Random(seed)
        self._sqs = system.client("sqs")
        self._iam = system.client("iam")
        self._lambda = system.client("lambda")
        self.done: Counter[str] = Counter()

    @contextmanager
    def at_work(self, *, seconds: float) -> Iterator[None]:
        """It does one thing after another with either hand, for so long or while the block runs."""
        over, ends = threading.Event(), time.monotonic() + seconds
        right = (
            self._kill,
            self._kill,
            self._duplicate_messages,
            self._delete_messages,
            self._forge_messages,
        )
        left = (self._deny_the_table, self._freeze_aws)

        def work(deeds: Sequence[Callable[[], None]], pause: tuple[float, float]) -> None:
            # In rounds, so that each is done, and done often.
            for deed in chain.from_iterable(self._random.sample(deeds, len(deeds)) for _ in count()):
                if time.monotonic() > ends or over.wait(self._random.uniform(*pause)):
                    return
                deed()

        hands = [
            threading.Thread(target=work, args=(right, _PAUSE_SECONDS)),
            threading.Thread(target=work, args=(left, _LULL_SECONDS)),
        ]
        for hand in hands:
            hand.start()
        try:
            yield
        finally:
            over.set()
            for hand in hands:
                hand.join()

    def to_dead_letters(self, queue: str, hint: Mapping[str, Any]) -> None:
        """What becomes of a message that was received too often: it leaves its queue for the one of dead letters."""
        url = self._system.outputs[queue]
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        name = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
        self._sqs.purge_queue(QueueUrl=url)
        dead = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self._sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(hint), MessageGroupId="chaos")

    def _kill(self) -> None:
        """All processes of one of the functions that have any."""
        running = [found for name in _VICTIMS if (found := self._system.function_processes(name))]
        for process in self._random.choice(running or [[]]):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
                self.done["processes killed"] += 1

    def _duplicate_messages(self) -> None:
        """More of the messages of jobs that wait."""
        for queue, hint in self._waiting():
            for _ in range(self._random.randint(2, 5)):
                self._send(self._system.outputs[queue], hint)
                self.done["messages duplicated"] += 1

    def _delete_messages(self) -> None:
        """All of a queue, also those whose time has not come."""
        url = self._queue()
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        counted = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        self._sqs.purge_queue(QueueUrl=url)
        self.done["messages deleted"] += sum(map(int, counted.values()))

    def _forge_messages(self) -> None:
        """Of a time that has passed, in another queue, and of a job that nobody knows."""
        for _, hint in [*self._waiting(), ("", {"tenant": "chaos", "job_id": "nobody", "wake_at": 0})]:
            self._send(self._queue(), {**hint, "wake_at": hint["wake_at"] - 60_000})
            self._send(self._queue(), hint)
            self.done["messages forged"] += 2

    def _deny_the_table(self) -> None:
        """A function is refused by DynamoDB for a while, as it is when a table is throttled."""
        role = self._role_of(self._random.choice(_ROLES))
        deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        self._iam.put_role_policy(RoleName=role, PolicyName=_DENIED, PolicyDocument=document)
        try:
            time.sleep(self._random.uniform(*_DENIED_SECONDS))
        finally:
            self._iam.delete_role_policy(RoleName=role, PolicyName=_DENIED)
        self.done["times the table was denied"] += 1

    def _freeze_aws(self) -> None:
        """Nothing answers for a while, and what was sent meanwhile is carried out afterwards."""
        os.kill(self._system.emulator.pid, signal.SIGSTOP)
        try:
            time.sleep(self._random.uniform(*_FROZEN_SECONDS))
        finally:
            os.kill(self._system.emulator.pid, signal.SIGCONT)
        self.done["times AWS stood still"] += 1

    def _queue(self) -> str:
        return self._system.outputs[self._random.choice(_QUEUES)]

    def _role_of(self, function: str) -> str:
        configuration = self._lambda.get_function_configuration(FunctionName=self._system.function_name(function))
        return str(configuration["Role"]).rpartition("/")[2]

    def _waiting(self) -> list[tuple[str, dict[str, Any]]]:
        """Some jobs that wait for their time: the output that names their queue, and what their message says."""
        waiting = [item for item in items(self._system) if item["status"]["S"] == "scheduled"]
        found = []
        for item in self._random.sample(waiting, min(len(waiting), 5)):
            tenant, job_id = item["pk"]["S"].split("#")
            queue = f"QueueUrl{item['due_shard']['S'].partition('#')[0].capitalize()}"
            found.append((queue, {"tenant": tenant, "job_id": job_id, "wake_at": int(item["wake_at"]["N"])}))
        return found

    def _send(self, url: str, hint: Mapping[str, Any]) -> None:
        delay = self._random.choice((0, 0, 5, 20))
        self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(hint), DelaySeconds=delay, MessageGroupId="chaos")


def items(system: LocalSystem) -> list[dict[str, Any]]:
    """The jobs' own items, as they lie in the table."""
    pages = system.client("dynamodb").get_paginator("scan").paginate(TableName=system.outputs["JobsTable"])
    return [item for page in pages for item in page["Items"] if item["sk"]["S"] == "job"]
