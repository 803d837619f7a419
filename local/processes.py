"""Finding processes by what they were started as, with nothing but what the system has."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal


def processes_started_as(pattern: str) -> list[int]:
    """The ids of all processes in whose command line the regular expression is found."""
    return [pid for pid, command in _command_lines() if re.search(pattern, command)]


def end_processes_started_as(pattern: str, number: signal.Signals) -> None:
    """Send a signal to all of them."""
    for pid in processes_started_as(pattern):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _command_lines() -> list[tuple[int, str]]:
    proc = Path("/proc")
    if not (proc / "self" / "cmdline").exists():  # not Linux
        listing = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True)
        pairs = (line.split(None, 1) for line in listing.stdout.splitlines())
        return [(int(pid), command) for pid, command in pairs]
    found = []
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile, or is somebody else's
                continue
            found.append((int(folder.name), command.replace(b"\0", b" ").decode(errors="replace")))
    return found
