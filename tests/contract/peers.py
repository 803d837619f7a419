"""Adapters of the same ports, side by side: they are asked the same, and must answer alike."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb import codec, schema
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.memory.control import MemoryControlStore
from shared.adapters.memory.jobs import MemoryJobStore
from shared.model.errors import ChangeRefused, PayloadUnavailable, SchedulerError
from shared.model.job import Job, JobKey, Payload
from tests.aws import BUCKET, CONTROL_TABLE, JOBS_TABLE, aws, client, create_bucket, create_tables
from tests.emulator import emulated_dynamodb, keep_what_has_ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.ports.jobs import JobStore
    from tests.contract.draws import Draw


@dataclass
class Peer:
    """One store. `seen`: every state of each job that it has answered with, oldest first.

    Peers that have answered alike have seen the same, up to the names of payloads, of which each store has its own. So
    what is done next may be built from what a peer has seen, and is the same for all.
    """

    name: str
    jobs: JobStore
    control: MemoryControlStore | DynamoControlStore
    content: Callable[[], list[Job]]
    seen: dict[JobKey, list[Job]] = field(default_factory=dict)

    def answer(self, operation: Callable[[Peer, Draw], Any], draw: Draw) -> Any:
        """What `operation` returns or raises on this peer, as a value to compare with that of another."""
        try:
            return self._plain(operation(self, draw))
        except ChangeRefused as refusal:
            return ChangeRefused.__name__, self._plain(refusal.current)
        except PayloadUnavailable:
            return (PayloadUnavailable.__name__,)  # its text names the payload
        except (SchedulerError, ValueError) as error:
            return type(error).__name__, str(error)

    def all_jobs(self) -> list[Job]:
        """All that is stored, in the order of the keys."""
        return [self._with_payload(job) for job in sorted(self.content(), key=lambda job: job.key)]

    def _plain(self, answer: Any) -> Any:
        """`answer` with its jobs remembered, and their payloads in them."""
        if isinstance(answer, Job):
            states = self.seen.setdefault(answer.key, [])
            if answer not in states[-1:]:
                states.append(answer)
            return self._with_payload(answer)
        if isinstance(answer, list):
            return [self._plain(one) for one in answer]
        if is_dataclass(answer) and not isinstance(answer, type):
            return type(answer).__name__, *(self._plain(getattr(answer, one.name)) for one in fields(answer))
        return answer

    def _with_payload(self, job: Job) -> Job:
        """Where a payload lies is the store's own affair."""
        if job.payload.ref is None:
            return job
        return replace(job, payload=Payload(self.jobs.load_payload(job)))


@contextmanager
def memory_and(name: str) -> Iterator[tuple[Peer, Peer]]:
    """The memory stores, and the real adapters on `moto` or on the `emulator`; all empty."""
    memory = MemoryJobStore()
    with aws(), emulated_dynamodb() as emulated:
        s3 = client("s3")
        create_bucket(s3)
        yield (
            Peer("memory", memory, MemoryControlStore(), memory.all_jobs),
            _on_dynamodb(name, emulated if name == "emulator" else client("dynamodb"), s3),
        )


def _on_dynamodb(name: str, dynamodb: Any, s3: Any) -> Peer:
    create_tables(dynamodb)
    keep_what_has_ended(dynamodb, JOBS_TABLE)

    def content() -> list[Job]:
        pages = dynamodb.get_paginator("scan").paginate(TableName=JOBS_TABLE, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        return [codec.decode_job(item) for item in items if item[schema.SK]["S"] == schema.JOB_SK]

    jobs = DynamoJobStore(dynamodb, JOBS_TABLE, lambda: s3, BUCKET)
    return Peer(name, jobs, DynamoControlStore(dynamodb, CONTROL_TABLE), content)
