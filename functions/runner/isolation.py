"""What the runner does to its own process, once, before the first foreign code runs beside it."""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_PR_SET_CHILD_SUBREAPER: Final = 36


def isolate_this_process() -> None:
    """Set this process apart from the ones that it will run.

    A group of its own: what a run sends to "my parent's group" reaches the runner alone, and not on one machine the
    emulator with it. Adopting orphans: a process whose parent ends becomes the runner's child, so that it is found
    however it hid. Not dumpable: other processes of the same user may neither read its memory and environment nor
    trace it (prctl(2)); root may.

    Each is a further wall, none the only one: where the system has no such call, the others stand.
    """
    # A session's leader may not leave its group, and need not.
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    adopt_orphans(enabled=True)
    _prctl(_PR_SET_DUMPABLE, 0)


def adopt_orphans(*, enabled: bool) -> None:
    _prctl(_PR_SET_CHILD_SUBREAPER, int(enabled))


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
