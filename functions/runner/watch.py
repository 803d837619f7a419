"""Waits for a run's end, and keeps reading what it writes meanwhile."""

from __future__ import annotations

import os
import selectors
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import subprocess

    from functions.runner.output import CappedPipe

# A process's end closes its pipes and so is noticed at once; this long after only if another still holds them.
_LOOK_SECONDS: Final = 0.02
_SHORTEST_PAUSE_SECONDS: Final = 0.0005


class Watch:
    """Watches one child and the pipes that it writes into. The child is not reaped: its number stays its own, so that
    its group can be signalled after its end."""

    def __init__(self, child: subprocess.Popen[bytes], pipes: tuple[CappedPipe, ...]) -> None:
        self._child = child
        self._open = {pipe.reading_fd: pipe for pipe in pipes}

    def until(self, ends_at: float) -> bool:
        """Whether the child has ended; False once `ends_at`, in monotonic seconds, is over and it has not."""
        pause = _SHORTEST_PAUSE_SECONDS
        with selectors.DefaultSelector() as selector:
            for fd in self._open:
                selector.register(fd, selectors.EVENT_READ)
            while not self._has_ended():
                left = ends_at - time.monotonic()
                if left <= 0:
                    return False
                if not self._open:
                    # Both pipes are closed: it is about to end, or goes on in silence.
                    time.sleep(min(pause, left))
                    pause = min(2 * pause, _LOOK_SECONDS)
                    continue
                for key, _ in selector.select(min(left, _LOOK_SECONDS)):
                    if not self._open[key.fd].read_once():
                        selector.unregister(key.fd)
                        del self._open[key.fd]
        return True

    def _has_ended(self) -> bool:
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return self._child.poll() is not None
        return os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
