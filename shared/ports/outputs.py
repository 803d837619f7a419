"""Where outputs go that are too large for the job's own item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.model import limits

if TYPE_CHECKING:
    from shared.model.execution import Output
    from shared.model.job import Job


class OutputStore(Protocol):
    def keep(self, job: Job, output: bytes, *, inline_bytes: int = limits.LAST_OUTPUT_BYTES) -> Output:
        """What the running attempt of `job` put out, as it is kept with the execution: its beginning, and when it is
        longer than `inline_bytes` the whole of it under a name of its own. Putting the same again changes nothing.

        Raises:
            StoreUnavailable: the whole of a long output could not be put.
        """
        ...

    def read(self, output: Output) -> bytes:
        """The whole of a kept output.

        Raises:
            StoreUnavailable: it cannot be read now, or is gone.
        """
        ...
