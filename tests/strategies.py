"""Hypothesis strategies for the model's values."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from shared.model import limits
from shared.model.execution import Execution, Failure, Outcome, Output
from shared.model.gap import Gap
from shared.model.job import NO_PAYLOAD, Completion, Delivery, Job, Payload, from_epoch_ms
from shared.model.lanes import DueShard, Lane, Priority
from shared.model.lifecycle import Status
from shared.model.retry import Backoff, Jitter, RetryPolicy
from shared.model.template import (
    ExpansionFailure,
    FailingRow,
    JobDefinition,
    Misfire,
    MisfirePolicy,
    Missed,
    Pause,
    Progress,
    Template,
    TemplateStatus,
)

# What UTF-8 can hold: a lone surrogate cannot be sent to any service.
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=40)
TIMES = st.integers(0, 4_102_444_800_000).map(from_epoch_ms)
TIMES_IN_SECONDS = st.integers(0, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
COUNTS = st.integers(0, 1_000_000)
CHANCES = st.floats(0, 1, exclude_max=True)

_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, width=64) | TEXT
JSON_OBJECTS = st.dictionaries(
    TEXT,
    st.recursive(
        _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
    ),
    max_size=4,
)


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


_ERROR_NAMES = st.lists(st.sampled_from(["timed_out", "http_503", "http_5xx", "lost"]), unique=True).map(tuple)
RETRY_POLICIES = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, limits.MAX_ATTEMPTS),
    backoff=st.sampled_from(Backoff),
    initial_seconds=st.floats(0, limits.MAX_INITIAL_DELAY_SECONDS),
    multiplier=st.floats(1, limits.MAX_MULTIPLIER),
    max_delay_seconds=st.floats(0, limits.MAX_RETRY_DELAY_SECONDS),
    delays_seconds=st.lists(st.floats(0, limits.MAX_RETRY_DELAY_SECONDS), min_size=1, max_size=5).map(tuple),
    jitter=st.sampled_from(Jitter),
    retry_on=_ERROR_NAMES,
    never_retry_on=_ERROR_NAMES,
    give_up_after_seconds=maybe(st.integers(1, limits.MAX_GIVE_UP_AFTER_SECONDS)),
)

FAILURES = st.builds(
    Failure,
    type=st.sampled_from(["timed_out", "http_404", "http_503", "lost", "exit_1"]),
    message=st.text(max_size=300),
    retryable=st.booleans(),
    retry_after_seconds=maybe(st.floats(min_value=0)),
    outcome=st.sampled_from([Outcome.FAILED, Outcome.TIMED_OUT]),
)

OUTPUTS = st.builds(Output, text=TEXT, size_bytes=COUNTS, ref=maybe(TEXT))

EXECUTIONS = st.builds(
    Execution,
    attempt=st.integers(1, limits.MAX_ATTEMPTS),
    fence=COUNTS,
    started_at=TIMES,
    ended_at=TIMES,
    outcome=st.sampled_from(Outcome),
    error_type=maybe(TEXT),
    error_message=maybe(TEXT),
    output=OUTPUTS,
    redrive=COUNTS,
    receipt=maybe(TEXT),
)

PAYLOADS = (
    st.just(NO_PAYLOAD) | st.builds(Payload, data=TEXT.map(str.encode)) | st.builds(Payload, ref=TEXT.filter(bool))
)

# Any value of each field, whether they go together or not: what stores a job must not care.
JOBS = st.builds(
    Job,
    tenant=NAMES,
    id=NAMES,
    target=JSON_OBJECTS,
    run_at=TIMES,
    created_at=TIMES,
    updated_at=TIMES,
    status=st.sampled_from(Status),
    reason=maybe(TEXT),
    version=COUNTS,
    fence=COUNTS,
    attempt=COUNTS,
    name=maybe(TEXT),
    tags=st.dictionaries(TEXT, TEXT, max_size=3),
    payload=PAYLOADS,
    priority=st.sampled_from(Priority),
    timeout_seconds=COUNTS,
    expires_after_seconds=maybe(COUNTS),
    expires_at=maybe(TIMES),
    retry=RETRY_POLICIES,
    delivery=st.sampled_from(Delivery),
    group=maybe(TEXT),
    group_pk=maybe(TEXT),
    group_sk=maybe(TEXT),
    correlation_id=maybe(TEXT),
    fingerprint=maybe(TEXT),
    wake_at=maybe(TIMES),
    due_shard=maybe(st.builds(DueShard, maybe(st.sampled_from(Lane)), st.integers(0, 99))),
    completion=st.sampled_from(Completion),
    heartbeat_timeout_seconds=COUNTS,
    awaiting_since=maybe(TIMES),
    checkpoint_at=maybe(TIMES),
    checkpoint_number=COUNTS,
    lease_until=maybe(TIMES),
    claim_id=maybe(TEXT),
    started_at=maybe(TIMES),
    ended_at=maybe(TIMES),
    cancel_requested_at=maybe(TIMES),
    attention_pk=maybe(TEXT),
    attention_sk=maybe(TEXT),
    expire_item_at=maybe(TIMES_IN_SECONDS),
    executions=st.lists(EXECUTIONS, max_size=3).map(tuple),
    template_id=maybe(TEXT),
    template_version=maybe(COUNTS),
    nominal_at=maybe(TIMES),
    misfire_at=maybe(TIMES),
    redrives=COUNTS,
    redriven_at=maybe(TIMES),
    redriven_by=maybe(TEXT),
    discarded_at=maybe(TIMES),
    discarded_by=maybe(TEXT),
    discard_reason=maybe(TEXT),
)

GAPS = st.builds(Gap, first=TIMES, last=TIMES, count=COUNTS, reason=TEXT, recorded_at=TIMES)

_DEFINITIONS = st.builds(
    JobDefinition,
    target=JSON_OBJECTS,
    payload=PAYLOADS,
    priority=st.sampled_from(Priority),
    timeout_seconds=COUNTS,
    expires_after_seconds=maybe(COUNTS),
    retry=RETRY_POLICIES,
    delivery=st.sampled_from(Delivery),
    completion=st.sampled_from(Completion),
    heartbeat_timeout_seconds=COUNTS,
)

_PROGRESS = st.builds(
    Progress,
    expanded_until=TIMES,
    since=TIMES,
    number=COUNTS,
    previous_at=maybe(TIMES),
    ran=maybe(COUNTS),
    lag_seconds=COUNTS,
    counted_from=maybe(TIMES),
    is_stale=st.booleans(),
    stale_since=maybe(TIMES),
    settle_at=maybe(TIMES),
    failure=maybe(st.builds(ExpansionFailure, detail=TEXT, since=TIMES, count=COUNTS)),
)

# As with jobs: any value of each field, whether they go together or not.
TEMPLATES = st.builds(
    Template,
    tenant=NAMES,
    id=NAMES,
    name=TEXT,
    schedule=JSON_OBJECTS,
    job=_DEFINITIONS,
    created_at=TIMES,
    changed_at=TIMES,
    changed_by=TEXT,
    change=TEXT,
    progress=_PROGRESS,
    status=st.sampled_from(TemplateStatus),
    version=COUNTS,
    revision=COUNTS,
    external_key=maybe(TEXT),
    tags=st.dictionaries(TEXT, TEXT, max_size=3),
    pause_after_failures=maybe(COUNTS),
    failing=maybe(st.builds(FailingRow, version=COUNTS, runs=COUNTS, error=TEXT)),
    misfire=st.builds(
        Misfire,
        policy=st.sampled_from(MisfirePolicy),
        after_seconds=COUNTS,
        max_runs=maybe(COUNTS),
        within_seconds=maybe(COUNTS),
    ),
    pause=maybe(
        st.builds(Pause, at=TIMES, note=maybe(TEXT), until=maybe(TIMES), missed=st.sampled_from(Missed)),
    ),
    skipped=st.lists(TIMES, max_size=3).map(tuple),
    fingerprint=maybe(TEXT),
    expand_at=maybe(TIMES),
    expand_shard=maybe(st.integers(0, 99)),
    expire_item_at=maybe(TIMES_IN_SECONDS),
)
