"""What a run may use, and what the runtime around it is like."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_MIB: Final = 1024 * 1024

MAX_OUTPUT_BYTES: Final = 256 * 1024
MAX_RESULT_BYTES: Final = 256 * 1024
MAX_TIMEOUT_SECONDS: Final = 15 * 60
# Between asking a run to end and killing it.
GRACE_SECONDS: Final = 1.0
# How long the processes that a run left behind are hunted.
KILL_SECONDS: Final = 2.0
# What is kept back of the function's own time, to end a run and to answer.
ANSWER_SECONDS: Final = 5.0
# The function's memory that stays with the runtime and the runner.
_RUNTIME_MEMORY_BYTES: Final = 128 * _MIB
_LEAST_MEMORY_BYTES: Final = 64 * _MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one process of a run may use (`setrlimit(2)`); its children inherit them, each counts for itself.

    There is none on the number of processes: RLIMIT_NPROC counts all processes of the *user*, so on a developer's
    machine a useful bound is passed before the run begins, and on Lambda the sandbox has its own bound of 1,024.
    """

    memory_bytes: int = 512 * _MIB
    file_bytes: int = 256 * _MIB
    open_files: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`scratch` is the folder in which runs get theirs. `exclusive` says that nobody else uses that folder, as in a
    sandbox of Lambda: whatever a run leaves in it is then removed, wherever it lies. `runtime_api` is Lambda's own, as
    host and port; None where the runtime is not Lambda's."""

    scratch: Path
    exclusive: bool
    runtime_api: str | None
    limits: Limits


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that Lambda's own variables imply; there are none of ours to set."""
    source = os.environ if environment is None else environment
    runtime_api = source.get("AWS_LAMBDA_RUNTIME_API")
    memory_bytes = int(source.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")) * _MIB
    return Settings(
        scratch=Path(tempfile.gettempdir()),
        exclusive=runtime_api is not None,
        runtime_api=runtime_api,
        limits=Limits(memory_bytes=max(memory_bytes - _RUNTIME_MEMORY_BYTES, _LEAST_MEMORY_BYTES)),
    )
