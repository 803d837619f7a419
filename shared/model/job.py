"""A job: what was asked for, and where it stands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.model import limits
from shared.model.lanes import DueShard, Lane, Priority, lane_of, spread
from shared.model.lifecycle import Status
from shared.model.retry import DEFAULT_RETRY, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.execution import Execution


class Delivery(StrEnum):
    """What is promised about how often a job's work begins."""

    AT_LEAST_ONCE = "at_least_once"  # a lost attempt is followed by another, while attempts are left
    AT_MOST_ONCE = "at_most_once"  # one attempt only; when it is lost, nobody knows whether the work was done


class Completion(StrEnum):
    """What ends an attempt."""

    RESPONSE = "response"  # the target's answer
    CALLBACK = "callback"  # a report over the API; the answer says only that the work was accepted


class JobKey(NamedTuple):
    """What names a job. The tenant is part of every key, so that no call can reach another tenant's job."""

    tenant: str
    job_id: str


@dataclass(frozen=True, slots=True)
class Payload:
    """What the target is handed: JSON text as bytes, or a reference to where they lie.

    `data` is None when the bytes are elsewhere: in the payload item or object named by `ref`.
    """

    data: bytes | None = None
    ref: str | None = None


NO_PAYLOAD = Payload()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """What a client asks for; every field within the bounds of `limits`.

    `target` is the target's description as on the wire (`{"type": "http", …}`), `payload` JSON text or None.
    """

    target: Mapping[str, Any]
    run_at: datetime
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    payload: bytes | None = None
    priority: Priority = Priority.NORMAL
    timeout_seconds: int = 30
    expires_after_seconds: int | None = None
    retry: RetryPolicy = DEFAULT_RETRY
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    group: str | None = None
    correlation_id: str | None = None
    completion: Completion = Completion.RESPONSE
    heartbeat_timeout_seconds: int = limits.DEFAULT_HEARTBEAT_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the store holds it. It is never mutated: a move makes a new one.

    `wake_at` is when somebody looks at it again: set while it is not terminal, None afterwards. `version` rises with
    each edit and each change of status, `fence` with each claim, `attempt` with each attempt of the present budget.
    `lease_until`, `claim_id` and `started_at` belong to the latest attempt. `fingerprint` is a digest of the request
    that created it under an Idempotency-Key.

    What a template plans or triggers names it in `template_id` and its version in `template_version`; an occurrence has
    its `nominal_at`, and in `misfire_at` the time from which its first attempt would be too late by the template's
    misfire policy.

    With `completion: callback` the target's acceptance is no outcome: the job is running and `awaiting_since` then, and
    whoever does the work must be heard of every `heartbeat_timeout_seconds`. `checkpoint_at`: when the last checkpoint
    was left that the next attempt is handed, None when there is none; `checkpoint_number` counts them.

    `redrives` counts how often somebody had it run again after it had failed for good, the last time at `redriven_at`:
    each began a fresh budget of attempts, and its executions say to which one they belong. One that was given up has a
    `discarded_at`. `redriven_by` and `discarded_by` are the id of an API key, or of the bulk action that did it.
    """

    tenant: str
    id: str
    target: Mapping[str, Any]
    run_at: datetime
    created_at: datetime
    updated_at: datetime
    status: Status = Status.SCHEDULED
    reason: str | None = None
    version: int = 1
    fence: int = 0
    attempt: int = 0
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    payload: Payload = NO_PAYLOAD
    priority: Priority = Priority.NORMAL
    timeout_seconds: int = 30
    expires_after_seconds: int | None = None
    expires_at: datetime | None = None
    retry: RetryPolicy = DEFAULT_RETRY
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    group: str | None = None
    group_pk: str | None = None
    group_sk: str | None = None
    correlation_id: str | None = None
    fingerprint: str | None = None
    wake_at: datetime | None = None
    due_shard: DueShard | None = None
    lease_until: datetime | None = None
    claim_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    attention_pk: str | None = None
    attention_sk: str | None = None
    expire_item_at: datetime | None = None
    executions: tuple[Execution, ...] = ()
    template_id: str | None = None
    template_version: int | None = None
    nominal_at: datetime | None = None
    misfire_at: datetime | None = None
    completion: Completion = Completion.RESPONSE
    heartbeat_timeout_seconds: int = limits.DEFAULT_HEARTBEAT_TIMEOUT_SECONDS
    awaiting_since: datetime | None = None
    checkpoint_at: datetime | None = None
    checkpoint_number: int = 0
    redrives: int = 0
    redriven_at: datetime | None = None
    redriven_by: str | None = None
    discarded_at: datetime | None = None
    discarded_by: str | None = None
    discard_reason: str | None = None

    @property
    def key(self) -> JobKey:
        return JobKey(self.tenant, self.id)

    @property
    def lane(self) -> Lane:
        return lane_of(self.priority, self.call_seconds)

    @property
    def call_seconds(self) -> int:
        """How long a call of its target may take."""
        return call_seconds(self.timeout_seconds, self.completion)

    @property
    def idempotency_key(self) -> str:
        """What a target is given to recognise a repeated call: the same for every attempt of this job."""
        return f"{self.tenant}/{self.id}"

    def identity(self) -> dict[str, Any]:
        """What every log line about this job says."""
        return {
            "tenant": self.tenant,
            "job_id": self.id,
            "correlation_id": self.correlation_id or self.id,
            "attempt": self.attempt,
            "fence": self.fence,
        }

    def execution(self, fence: int) -> Execution | None:
        """The finished attempt that ran under `fence`, if it is still kept."""
        return next((one for one in self.executions if one.fence == fence), None)


@dataclass(frozen=True, slots=True)
class Sharding:
    """How many partitions the indexes are spread over. Both may grow; `due` needs 64 for a million jobs a minute."""

    due: int
    group: int


def new_job(
    spec: JobSpec,
    *,
    key: JobKey,
    now: datetime,
    sharding: Sharding,
    fingerprint: str | None = None,
) -> Job:
    """The job that `spec` asks for, scheduled, with its payload inline."""
    return Job(
        tenant=key.tenant,
        id=key.job_id,
        target=spec.target,
        run_at=spec.run_at,
        created_at=now,
        updated_at=now,
        name=spec.name,
        tags=spec.tags,
        payload=Payload(spec.payload),
        priority=spec.priority,
        timeout_seconds=spec.timeout_seconds,
        expires_after_seconds=spec.expires_after_seconds,
        expires_at=start_deadline(spec.run_at, spec.expires_after_seconds),
        retry=spec.retry,
        delivery=spec.delivery,
        completion=spec.completion,
        heartbeat_timeout_seconds=spec.heartbeat_timeout_seconds,
        group=spec.group,
        group_pk=group_partition(key.tenant, spec.group, spread(key.job_id, sharding.group)),
        group_sk=f"{epoch_ms(now):013d}#{key.job_id[-8:]}",
        correlation_id=spec.correlation_id,
        fingerprint=fingerprint,
        wake_at=spec.run_at,
        due_shard=due_shard_of(
            key, lane_of(spec.priority, call_seconds(spec.timeout_seconds, spec.completion)), sharding.due
        ),
    )


def call_seconds(timeout_seconds: int, completion: Completion) -> int:
    """How long a call of a target may take: as long as the attempt, or only until the work is accepted."""
    return timeout_seconds if completion is Completion.RESPONSE else min(timeout_seconds, limits.ACCEPT_SECONDS)


def due_shard_of(key: JobKey, lane: Lane, shards: int) -> DueShard:
    return DueShard(lane, spread(f"{key.tenant}#{key.job_id}", shards))


def group_partition(tenant: str, group: str | None, number: int) -> str:
    """The partition key of the `group` index: one of several for the jobs of a group, or for those without one."""
    return f"{tenant}#adhoc#{number}" if group is None else f"{tenant}#g/{group}#{number}"


def template_partition(tenant: str, template_id: str) -> str:
    """The partition key of the `group` index for the jobs of a template: one, since it makes a few a second at most."""
    return f"{tenant}#t/{template_id}#0"


def attention_partition(tenant: str, number: int) -> str:
    """The partition key of the `attention` index: one of several for a tenant's failed jobs."""
    return f"{tenant}#{number}"


def start_deadline(run_at: datetime, expires_after_seconds: int | None) -> datetime | None:
    return None if expires_after_seconds is None else run_at + timedelta(seconds=expires_after_seconds)


def idempotent_job_id(tenant: str, key: str, index: int | None = None) -> str:
    """The id of the job that `tenant` creates under `key` (in a bulk call: as its item number `index`).

    The same call always names the same item, so that creation is exactly-once by a plain "must not exist".
    """
    return hashed_id(tenant, key, "" if index is None else str(index))


def hashed_id(*parts: str) -> str:
    """The id that these parts alone decide: whoever makes it, and however often, means the same item."""
    return encode_id(hashlib.sha256("\0".join(parts).encode()).digest()[:15])


def encode_id(raw: bytes) -> str:
    """Bytes as lower-case base 32 after Crockford: no padding, nothing to escape in a URL."""
    number = int.from_bytes(raw, "big")
    digits = []
    for _ in range((len(raw) * 8 + 4) // 5):
        number, digit = divmod(number, 32)
        digits.append("0123456789abcdefghjkmnpqrstvwxyz"[digit])
    return "".join(reversed(digits))


def epoch_ms(time: datetime) -> int:
    """Milliseconds since 1970, the resolution at which the store keeps times."""
    return (time - _EPOCH) // _MILLISECOND


def from_epoch_ms(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
