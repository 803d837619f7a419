"""Where failed jobs are listed: the `attention` index, whose sort keys tell when a job failed and of which cause."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from shared.model.error_fingerprint import FINGERPRINT_LENGTH, error_fingerprint
from shared.model.job import attention_partition, epoch_ms
from shared.model.lanes import spread
from shared.model.target_identity import target_identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shared.model.execution import Execution
    from shared.model.job import Job, Sharding

NO_ATTENTION: Final[Mapping[str, Any]] = {"attention_pk": None, "attention_sk": None}

# Of a job that failed before there were fingerprints, the key has none: the time is followed by the id's end.
_KEY: Final = re.compile(rf"\d{{13}}#([0-9a-z]{{{FINGERPRINT_LENGTH}}})#.*")


def attention(job: Job, executions: Sequence[Execution], now: datetime, sharding: Sharding) -> Mapping[str, Any]:
    """The fields by which `job`, that fails at `now` with `executions` behind it, is listed."""
    fingerprint = fingerprint_of(job.target, executions)
    return {
        "attention_pk": attention_partition(job.tenant, spread(job.id, sharding.group)),
        "attention_sk": f"{epoch_ms(now):013d}#{fingerprint}#{job.id[-8:]}",
    }


def fingerprint_in(sort_key: str) -> str | None:
    """The fingerprint that a sort key of the index holds; None for one from before there were any."""
    match = _KEY.fullmatch(sort_key)
    return None if match is None else match[1]


def fingerprint_of(target: Mapping[str, Any], executions: Sequence[Execution]) -> str:
    """The fingerprint of the error that a job failed with."""
    error = last_error(executions)
    kind, message = (None, None) if error is None else (error.error_type, error.error_message)
    return error_fingerprint(kind, message, target_identity(target))


def last_error(executions: Sequence[Execution]) -> Execution | None:
    """The latest attempt that ended with an error, if one is kept."""
    return next((one for one in reversed(executions) if one.error_type is not None), None)
