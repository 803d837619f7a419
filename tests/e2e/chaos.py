"""Sabotage of the running system: what a seed draws is done to it while clients use it. What comes of it depends on
the machine too, so a seed repeats what is tried, and not to the millisecond."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final

from local.throttle import TableProxy, in_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from local.system import LocalSystem

_VICTIMS: Final = (
    "executor",
    "executor",
    "executor-long",
    "runner",
    "api",
    "populator",
    "populator-stream",
    "watcher",
    "recurrence",
)
_QUEUES: Final = ("QueueUrlHigh", "QueueUrlNormal", "QueueUrlLow", "QueueUrlLong")
_DEEDS: Final = (
    "processes killed",
    "messages duplicated",
    "messages deleted",
    "messages forged",
    "ticks and sweeps beside the minute's",
    "times AWS stood still",
)
# A frozen emulator applies what it got when it goes on: writes whose callers have seen a timeout long before.
_FROZEN_SECONDS: Final = (2.0, 7.0)
_SPELL_SECONDS: Final = (3.0, 7.0)
_PAUSE_SECONDS: Final = (0.3, 1.5)
_LULL_SECONDS: Final = (1.0, 3.0)


class Saboteur:
    """Everything that it does is undone when its block ends."""

    def __init__(self, system: LocalSystem, seed: int) -> None:
        self._system = system
        self._seed = seed
        self._random = random.Random(seed)
        self._sqs = system.client("sqs")
        self._lambda = system.client("lambda")
        self._proxy = TableProxy(system.settings.endpoint, seed)
        self._done: Counter[str] = Counter()

    @property
    def done(self) -> dict[str, int]:
        """How often it did each thing."""
        names = {
            "throttled": "writes throttled",
            "unanswered": "writes applied but not answered",
            "away": "calls while the table was away",
        }
        by_the_proxy = {name: self._proxy.counts[fate] for fate, name in names.items()}
        return {deed: self._done[deed] for deed in _DEEDS} | by_the_proxy

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """It does one thing after another with either hand while the block runs."""
        over = threading.Event()
        messages = (
            self._kill,
            self._kill,
            self._duplicate_messages,
            self._delete_messages,
            self._forge_messages,
            self._double_ticks,
        )
        weather = (self._throttle_the_table, self._lose_answers, self._take_the_table_away, self._freeze_aws)

        def work(deeds: Sequence[Callable[[], None]], pause: tuple[float, float]) -> None:
            chance = random.Random(self._seed)
            # In rounds, so that each is done, and done often.
            for deed in chain.from_iterable(chance.sample(deeds, len(deeds)) for _ in count()):
                if over.wait(chance.uniform(*pause)):
                    return
                deed()

        with ExitStack() as undoing:
            undoing.enter_context(self._proxy)
            undoing.enter_context(in_between(self._proxy, self._lambda, self._system.function_names()))
            for deeds, pause in ((messages, _PAUSE_SECONDS), (weather, _LULL_SECONDS)):
                hand = threading.Thread(target=work, args=(deeds, pause))
                hand.start()
                undoing.callback(hand.join)
            undoing.callback(over.set)
            yield

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
                self._done["processes killed"] += 1

    def _duplicate_messages(self) -> None:
        """More of the messages of jobs that wait."""
        for queue, hint in self._waiting():
            for _ in range(self._random.randint(2, 5)):
                self._send(self._system.outputs[queue], hint)
                self._done["messages duplicated"] += 1

    def _delete_messages(self) -> None:
        """All of a queue, also those whose time has not come."""
        url = self._queue()
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        counted = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        self._sqs.purge_queue(QueueUrl=url)
        self._done["messages deleted"] += sum(map(int, counted.values()))

    def _forge_messages(self) -> None:
        """Of a time that has passed, in another queue, and of a job that nobody knows."""
        for _, hint in [*self._waiting(), ("", {"tenant": "chaos", "job_id": "nobody", "wake_at": 0})]:
            self._send(self._queue(), {**hint, "wake_at": hint["wake_at"] - 60_000})
            self._send(self._queue(), hint)
            self._done["messages forged"] += 2

    def _double_ticks(self) -> None:
        """Two of each at once, whatever the clock says."""
        for name in ("populator", "watcher", "recurrence") * 2:
            self._lambda.invoke(FunctionName=self._system.function_name(name), InvocationType="Event")
            self._done["ticks and sweeps beside the minute's"] += 1

    def _throttle_the_table(self) -> None:
        self._proxy.throttled = 0.5
        time.sleep(self._random.uniform(*_SPELL_SECONDS))
        self._proxy.throttled = 0.0

    def _lose_answers(self) -> None:
        self._proxy.unanswered = 0.5
        time.sleep(self._random.uniform(*_SPELL_SECONDS))
        self._proxy.unanswered = 0.0

    def _take_the_table_away(self) -> None:
        self._proxy.is_away = True
        time.sleep(self._random.uniform(*_SPELL_SECONDS))
        self._proxy.is_away = False

    def _freeze_aws(self) -> None:
        """Nothing answers for a while, and what was sent meanwhile is carried out afterwards."""
        os.kill(self._system.emulator.pid, signal.SIGSTOP)
        try:
            time.sleep(self._random.uniform(*_FROZEN_SECONDS))
        finally:
            os.kill(self._system.emulator.pid, signal.SIGCONT)
        self._done["times AWS stood still"] += 1

    def _queue(self) -> str:
        return self._system.outputs[self._random.choice(_QUEUES)]

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
