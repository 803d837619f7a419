"""Bytecode for Lambda's Python. Its file system is read-only, so without this every cold start compiles everything."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


@cache
def find_python() -> str | None:
    """A Python 3.13 that runs on this machine, or None. A name on the path may be a launcher of a version that is not
    installed, so it is tried."""
    for candidate in (sys.executable, shutil.which("python3.13")):
        if candidate and _is_3_13(candidate):
            return candidate
    _log.info("no python3.13 runs here: the functions go without bytecode, and their cold starts take twice the CPU")
    return None


def _is_3_13(python: str) -> bool:
    try:
        answer = subprocess.run(
            [python, "-c", "import sys; print(sys.implementation.cache_tag)"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == "cpython-313"


def add_bytecode(python: str | None, folder: Path, *, shown_as: str) -> None:
    """Compile every module below `folder`; with None for `python`, nothing. Tracebacks show `folder` as `shown_as`.

    Unchecked: the bytecode is used without a look at its source's time or content. The two are deployed together.

    Raises:
        subprocess.CalledProcessError: a file does not compile.
    """
    if python is None:
        return
    command = [python, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, "-s", str(folder), "-p", shown_as, str(folder)], check=True)
