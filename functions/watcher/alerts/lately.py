"""What became of the jobs of one template or group lately, read no further back than somebody has to know."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from shared.model.job import Job


class Runs(NamedTuple):
    """Of the newest jobs: how many seconds those took that succeeded, the shortest first, those that are running, and
    the very newest, None when there is none."""

    taken: Sequence[float]
    running: Sequence[Job]
    newest: Job | None


class Lately:
    """`pages` are the jobs, the newest first; `succeeded_at` is the latest success that is known before any is read: a
    success stays one. Many may ask at once."""

    def __init__(self, pages: Iterator[Sequence[Job]], succeeded_at: datetime | None = None) -> None:
        self._pages = pages
        self._lock = threading.Lock()
        self._runs: Runs | None = None
        self._failure: Exception | None = None
        self.succeeded_at = succeeded_at

    def is_known_to_have_succeeded_since(self, since: datetime) -> bool:
        """Whether a job did, as far as was read: nothing is."""
        return self.succeeded_at is not None and self.succeeded_at > since

    def has_succeeded_since(self, since: datetime) -> bool:
        """Whether any did. Reads on until one has, or nothing is left."""
        with self._lock:
            while not self.is_known_to_have_succeeded_since(since):
                if not self._read():
                    return False
            return True

    def runs(self) -> Runs:
        """What the newest page says."""
        with self._lock:
            if self._runs is None:
                self._read()
            return self._runs or Runs((), (), None)

    def _read(self) -> bool:
        if self._failure is not None:
            raise self._failure
        try:
            page = next(self._pages, None)
        except Exception as error:
            # Pages that have failed are at their end, which must not be taken for the end of the jobs.
            self._failure = error
            raise
        if page is None:
            return False
        if self._runs is None:
            self._runs = _runs(page)
        ends = [job.ended_at for job in page if job.status is Status.SUCCEEDED and job.ended_at is not None]
        self.succeeded_at = max((end for end in (self.succeeded_at, *ends) if end is not None), default=None)
        return True


def _runs(page: Sequence[Job]) -> Runs:
    taken = sorted(
        (job.ended_at - job.started_at).total_seconds()
        for job in page
        if job.status is Status.SUCCEEDED and job.ended_at is not None and job.started_at is not None
    )
    return Runs(taken, [job for job in page if job.status is Status.RUNNING], page[0] if page else None)
