"""Calls of targets to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from functions.executor.targets.protocol import Call

TENANT = "acme"
JOB_ID = "06c3v8n1r4t7x2z5b8d1f4h7"
PAYLOAD = b'{"amount": 12, "note": "gr\xc3\xbc\xc3\x9fe"}'
ACCOUNT = "123456789012"
REGION = "eu-central-1"


def a_call(target: dict[str, Any], **changes: Any) -> Call:
    facts = {
        "payload": PAYLOAD,
        "tenant": TENANT,
        "job_id": JOB_ID,
        "job_name": "nightly",
        "attempt": 2,
        "fence": 5,
        "run_at": datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        "correlation_id": "c-1",
        "idempotency_key": f"{TENANT}/{JOB_ID}",
    }
    return Call(target=target, **{**facts, **changes})
