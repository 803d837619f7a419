"""Runs things with the runner of a deployment, in this process."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.runner.request import read_request
from functions.runner.run import Ended, Run
from functions.runner.settings import Limits
from functions.runner.workspace import Workspaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.runner.answer import RunAnswer

MIB = 1024 * 1024

CONTEXT = {
    "job_id": "job-1",
    "job_name": "nightly",
    "tenant": "acme",
    "attempt": 2,
    "fence": 7,
    "run_at": "2026-03-01T12:00:00Z",
    "correlation_id": "corr-1",
    "idempotency_key": "acme/job-1",
}


@dataclass
class Sandbox:
    """Runs things in a scratch folder of their own, which is empty again after each of them."""

    root: Path
    scratch: Path
    limits: Limits = field(default_factory=lambda: Limits(memory_bytes=200 * MIB, file_bytes=4 * MIB))
    exclusive: bool = False

    def task(self, name: str, payload: Any = None, timeout_seconds: float = 10) -> RunAnswer:
        return self._run({"kind": "task", "name": name}, payload, timeout_seconds)

    def command(self, *argv: str, payload: Any = None, timeout_seconds: float = 10) -> RunAnswer:
        return self._run({"kind": "command", "argv": list(argv)}, payload, timeout_seconds)

    def _run(self, work: dict[str, Any], payload: Any, timeout_seconds: float) -> RunAnswer:
        ended = self.run(event(work, payload, timeout_seconds))
        assert not ended.left_behind
        return ended.answer

    def run(self, wire: dict[str, Any]) -> Ended:
        workspaces = Workspaces.alone_in(self.scratch) if self.exclusive else Workspaces(self.scratch)
        return Run(workspaces=workspaces, limits=self.limits, root=self.root)(read_request(wire))


def event(work: dict[str, Any], payload: Any = None, timeout_seconds: float = 10) -> dict[str, Any]:
    text = None if payload is None else json.dumps(payload)
    return {"version": 1, **work, "payload": text, "timeout_seconds": timeout_seconds, "context": CONTEXT}


def processes_with(text: str) -> Iterator[int]:
    """The living processes that have `text` in their environment."""
    if sys.platform != "linux":
        return
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found = text.encode() in Path("/proc", name, "environ").read_bytes()
            except OSError:
                continue
            if found:
                yield int(name)
