from __future__ import annotations

from typing import Any

import pytest

from functions.api.models.backfills import NewBackfill
from functions.api.models.faults import validated
from functions.api.models.jobs import NewJob
from functions.api.refusals import FieldError, ValidationFailed

TASK = {"type": "task", "name": "a"}


def fault(**members: Any) -> FieldError:
    """The one thing that is wrong with a new job."""
    with pytest.raises(ValidationFailed) as refusal:
        validated(NewJob, {"target": TASK, **members})
    (error,) = refusal.value.reason.errors
    return error


@pytest.mark.parametrize(
    ("members", "pointer", "code", "detail"),
    [
        ({"name": ""}, "/name", "out-of-range", "at least 1 character is expected"),
        ({"name": "a" * 129}, "/name", "out-of-range", "at most 128 characters are expected"),
        ({"priority": "urgent"}, "/priority", "not-one-of", "high, normal or low is expected"),
        ({"retry": {"max_attempts": 0}}, "/retry/max_attempts", "out-of-range", "at least 1 is expected"),
        ({"retry": {"multiplier": 11}}, "/retry/multiplier", "out-of-range", "at most 10 is expected"),
        ({"retry": {"retry_on": ["lost"] * 21}}, "/retry/retry_on", "out-of-range", "at most 20 items are expected"),
        ({"tags": dict.fromkeys("abcdefghijk", "")}, "/tags", "out-of-range", "at most 10 members are expected"),
        (
            {"target": {"type": "command", "argv": []}},
            "/target/argv",
            "out-of-range",
            "at least 1 item is expected",
        ),
        ({"group": "a b"}, "/group", "invalid-format", "1 to 64 of A-Z, a-z, 0-9, _, . and - are expected"),
        ({"tags": {"a:b": ""}}, "/tags/a:b", "invalid-format", "1 to 64 of A-Z, a-z, 0-9, _, ., / and - are expected"),
        (
            {"target": {"type": "task", "name": "1"}},
            "/target/name",
            "invalid-format",
            "1 to 128 of A-Z, a-z, 0-9, _, . and -, a letter or _ first, are expected",
        ),
    ],
)
def test_a_refusal_says_in_a_sentence_what_would_be_right(
    members: dict[str, Any], pointer: str, code: str, detail: str
) -> None:
    assert fault(**members) == FieldError(pointer, code, detail)


@pytest.mark.parametrize(
    ("members", "known"),
    [
        ({"runat": 1}, "run_at, delay, name"),
        ({"retry": {"attempts": 3}}, "known: max_attempts, backoff"),
        ({"target": {**TASK, "url": "a"}}, "known: type, name"),
    ],
)
def test_an_unknown_member_is_answered_with_those_that_are_known(members: dict[str, Any], known: str) -> None:
    error = fault(**members)

    assert error.code == "unknown-field"
    assert known in error.detail


def test_members_are_called_what_clients_call_them() -> None:
    range_of = {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00Z"}

    with pytest.raises(ValidationFailed) as refusal:
        validated(NewBackfill, {**range_of, "since": None, "dry_run": "yes"})

    boolean, unknown = refusal.value.reason.errors
    assert boolean == FieldError("/dry_run", "wrong-type", "true or false is expected")
    assert "known: from, to, only" in unknown.detail
