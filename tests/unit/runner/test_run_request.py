from __future__ import annotations

from typing import Any

import pytest

from functions.runner.request import InvalidRequest, Kind, Reporting, RunRequest, read_request

CONTEXT = {
    "job_id": "job-1",
    "job_name": None,
    "tenant": "acme",
    "attempt": 1,
    "fence": 1,
    "run_at": "2026-03-01T12:00:00Z",
    "correlation_id": "corr-1",
    "idempotency_key": "acme/job-1",
}
TASK: dict[str, Any] = {
    "version": 1,
    "kind": "task",
    "name": "examples.echo",
    "payload": "{}",
    "timeout_seconds": 30,
    "context": CONTEXT,
}
COMMAND: dict[str, Any] = {**TASK, "kind": "command", "argv": ["/bin/echo", "hi"]}


def test_a_request_is_read() -> None:
    assert read_request(TASK) == RunRequest(Kind.TASK, ("examples.echo",), b"{}", 30.0, CONTEXT)
    assert read_request(COMMAND).work == ("/bin/echo", "hi")


def test_what_a_run_is_to_report_with_is_read() -> None:
    means = {"token": "secret-1", "api_url": "https://api.example.com", "checkpoint": '{"a": "ü"}'}

    request = read_request({**TASK, "reporting": means})

    assert request.reporting == Reporting("secret-1", "https://api.example.com", '{"a": "ü"}'.encode())
    assert "secret-1" not in repr(request)
    assert read_request({**TASK, "reporting": {**means, "checkpoint": None}}).reporting.checkpoint is None
    assert read_request({**TASK, "reporting": None}).reporting is None


def test_a_field_that_is_not_known_is_left_out() -> None:
    request = read_request({**TASK, "newer": 1, "context": {**CONTEXT, "path": "/planted"}})

    assert request.context == CONTEXT


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {**TASK, "version": 2},
        {**TASK, "kind": "shell"},
        {**TASK, "kind": ["task"]},
        {**TASK, "name": None},
        {**TASK, "name": "a\0b"},
        {**TASK, "payload": {"a": 1}},
        {**TASK, "payload": "\ud800"},
        {**TASK, "timeout_seconds": 0},
        {**TASK, "timeout_seconds": 901},
        {**TASK, "timeout_seconds": True},
        {**TASK, "timeout_seconds": float("nan")},
        {**TASK, "timeout_seconds": "30"},
        {**TASK, "context": None},
        {**TASK, "context": {**CONTEXT, "job_id": None}},
        {**TASK, "context": {**CONTEXT, "attempt": "1"}},
        {**TASK, "context": {**CONTEXT, "fence": True}},
        {**TASK, "context": {**CONTEXT, "job_name": "a\0b"}},
        {**TASK, "reporting": []},
        {**TASK, "reporting": {"token": "x"}},
        {**TASK, "reporting": {"token": "a\0b", "api_url": "https://api.example.com"}},
        {**TASK, "reporting": {"token": "x", "api_url": "https://api.example.com", "checkpoint": 5}},
        {**COMMAND, "argv": []},
        {**COMMAND, "argv": "echo"},
        {**COMMAND, "argv": ["echo", 1]},
        {**COMMAND, "argv": ["echo", "\0"]},
    ],
)
def test_anything_else_is_refused(event: Any) -> None:
    with pytest.raises(InvalidRequest):
        read_request(event)
