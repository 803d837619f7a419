"""Whose the folder of a local system is: one run at a time may have it, and with it the data."""

from __future__ import annotations

import fcntl
import os
from typing import IO, TYPE_CHECKING

from local.failure import CannotRun

if TYPE_CHECKING:
    from local.settings import LocalSettings


def hold(settings: LocalSettings) -> IO[str]:
    """The folder's lock, held until every process that has it open closes it or ends.

    Raises:
        CannotRun: another holds it; with its process id, and what can be done.
    """
    lock = (settings.folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with lock:
            raise CannotRun(_refusal(lock, os.path.relpath(settings.folder))) from None
    note_holders(lock, os.getpid())
    return lock


def note_holders(lock: IO[str], *pids: int) -> None:
    """Write down who holds it: the run, then its emulator."""
    lock.truncate(0)
    lock.write(" ".join(map(str, pids)))
    lock.flush()


def _refusal(lock: IO[str], folder: str) -> str:
    lock.seek(0)
    run, emulator = ([int(word) for word in lock.read().split()] + [0, 0])[:2]
    if run and _lives(run):
        return (
            f"Another process ({run}) runs the system in {folder}: use that one, or stop it with Ctrl-C in its "
            f"terminal or `kill {run}`."
        )
    if emulator and _lives(emulator):
        return (
            f"The emulator (process {emulator}) of a run that was killed still has {folder} and its data: stop it "
            f"with `kill {emulator}`, which saves them, and start again."
        )
    return f"Another process has {folder} and is stopping or starting; try again in a moment."


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
