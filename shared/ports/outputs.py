"""Where outputs go that are too large for the job's own item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.model.execution import Output
    from shared.model.job import Job


class OutputStore(Protocol):
    def keep(self, job: Job, output: bytes) -> Output:
        """What the running attempt of `job` put out, as it is kept with the execution: a short one as it is, a long one
        put whole under a name of its own, with its beginning. Putting the same again changes nothing.

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
