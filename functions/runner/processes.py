"""The processes of a run: found wherever they went, and ended.

A run has a process group of its own, but a process leaves its group with one call (`setsid`), and its parent by ending
it. So a process belongs to a run if it is new since the run began and any of these holds: it is in the run's group or
session; it descends from the runner, which adopts orphans (see `isolation.py`); or its environment holds the run's
mark. Only what does all of that at once, where the runner cannot adopt, is not found.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from typing import Final, NamedTuple

_PROC: Final = "/proc"
_PAUSE_SECONDS: Final = 0.002
# It has ended meanwhile, or is somebody else's. Any other fault (no file to be had, which a run may bring about) does
# not say that a process is none of the run's.
_NOT_TO_BE_READ: Final = (FileNotFoundError, ProcessLookupError, PermissionError)


class Process(NamedTuple):
    """One row of the process table. Process ids come round again; id and start time together do not."""

    pid: int
    started: int
    state: str
    parent: int
    group: int
    session: int

    @property
    def identity(self) -> tuple[int, int]:
        return self.pid, self.started

    @property
    def has_ended(self) -> bool:
        return self.state in "ZX"


def process_table() -> list[Process]:
    """All processes that can be seen; none on a system without `/proc`.

    Raises:
        OSError: nobody knows.
    """
    try:
        names = os.listdir(_PROC)
    except FileNotFoundError:
        return []
    return [process for name in names if name.isdigit() and (process := _read(int(name))) is not None]


@dataclass(slots=True)
class RunProcesses:
    """`leader` is the run's first process and the number of its group, `mark` a text in its environment that is in no
    other's, `before` what was there before the run."""

    leader: int
    mark: bytes
    before: frozenset[tuple[int, int]]

    def signal_group(self, number: signal.Signals) -> None:
        """To all of the group at once: unlike one by one, no process escapes by forking meanwhile."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.leader, number)

    def kill_all(self, *, within_seconds: float) -> int:
        """Kill whatever belongs to the run, and what it starts meanwhile. How many processes could not be ended, as far
        as they could be seen; 1 at the least where the table could not be read.

        The leader itself is left to whoever waits for it. On return 0 nothing of the run lives any more: a look at the
        table can miss a process that forks and ends all the time, but not the dead ones it leaves, which the runner
        adopts; so only a table without either counts.
        """
        give_up_at = time.monotonic() + within_seconds
        self.signal_group(signal.SIGKILL)
        while True:
            is_over = time.monotonic() >= give_up_at
            try:
                left = [one for one in self._members(process_table()) if not one.has_ended or self._is_adopted(one)]
            except OSError:
                if is_over:
                    return 1
            else:
                for process in left:
                    _bury(process) if process.has_ended else _kill(process)
                if not left or is_over:
                    return len(left)
            time.sleep(_PAUSE_SECONDS)

    def _is_adopted(self, process: Process) -> bool:
        return process.parent == os.getpid() and process.pid != self.leader

    def _members(self, table: list[Process]) -> list[Process]:
        me = os.getpid()
        new = {one.pid: one for one in table if one.identity not in self.before and one.pid != me}
        members = {pid for pid, one in new.items() if self._is_marked(one)}
        found = -1
        while found != len(members):
            found = len(members)
            members |= {pid for pid, one in new.items() if one.parent == me or one.parent in members}
        return [new[pid] for pid in members]

    def _is_marked(self, process: Process) -> bool:
        if self.leader in (process.pid, process.group, process.session):
            return True
        try:
            with open(f"{_PROC}/{process.pid}/environ", "rb") as file:
                return self.mark in file.read()
        except _NOT_TO_BE_READ:
            return False


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, signal.SIGKILL)


def _bury(process: Process) -> None:
    """Take the exit code of an orphan that the runner adopted; until then it stays in the table."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)


def _read(pid: int) -> Process | None:
    """The process's row, from `/proc/<pid>/stat` (proc(5)); None when it has gone meanwhile."""
    try:
        with open(f"{_PROC}/{pid}/stat", "rb") as file:
            text = file.read()
    except _NOT_TO_BE_READ:
        return None
    # The second field is the program's name in brackets, which may itself hold blanks and brackets.
    fields = text[text.rindex(b")") + 2 :].split()
    return Process(
        pid=pid,
        state=fields[0].decode("ascii"),
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        started=int(fields[19]),
    )
