"""What a run writes into a pipe: all of it is read, so that the run never waits, and its beginning is kept."""

from __future__ import annotations

import os
from typing import Final

_READ_BYTES: Final = 65_536


class CappedPipe:
    """A pipe whose reading end is ours. `kept` is its first `cap` bytes, `size` counts all that came."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._kept = bytearray()
        self.size = 0
        self.reading_fd, self.writing_fd = os.pipe()
        os.set_blocking(self.reading_fd, False)

    @property
    def kept(self) -> bytes:
        return bytes(self._kept)

    @property
    def overflowed(self) -> bool:
        return self.size > self._cap

    def leave_writing_to_the_child(self) -> None:
        """Close our copy of the writing end, so that the end of the run's is the end of the pipe."""
        os.close(self.writing_fd)
        self.writing_fd = -1

    def read_once(self) -> bool:
        """Take what one read gives. False at the end of the pipe; True also when there is nothing at the moment."""
        try:
            chunk = os.read(self.reading_fd, _READ_BYTES)
        except BlockingIOError:
            return True
        self._take(chunk)
        return bool(chunk)

    def read_the_rest(self) -> None:
        """Take what is in the pipe once its writers have ended; bounded, should one still live."""
        for _ in range(64):
            try:
                chunk = os.read(self.reading_fd, _READ_BYTES)
            except BlockingIOError:
                return
            if not chunk:
                return
            self._take(chunk)

    def close(self) -> None:
        for fd in (self.reading_fd, self.writing_fd):
            if fd >= 0:
                os.close(fd)
        self.reading_fd = self.writing_fd = -1

    def _take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._kept += chunk[: max(0, self._cap - len(self._kept))]
