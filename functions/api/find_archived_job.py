"""Find a job in the archive: by the time that its id tells, by one that the client gives, or backwards from now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.minted_id import minted_at
from shared.ports.archive import Look

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import JobKey
    from shared.ports.archive import Archive

# Clocks are apart, and a job may have ended by another one than its id was minted by.
_SKEW: Final = timedelta(minutes=10)
# How much is looked through at a time on the way back.
_SPAN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FindArchivedJob:
    """`kept` is how long the archive keeps what it has."""

    archive: Archive
    kept: timedelta

    def __call__(self, key: JobKey, *, now: datetime, pages: int, since: datetime | None = None) -> Look:
        """Look for a job that ended at `since` or later, in at most so many pages. `next` is the time with which to
        call again when there is more to look at.

        Without `since`: for an id that tells when it was minted from there on, for any other from `now` backwards.
        """
        minted = minted_at(key.job_id, before=now + _SKEW)
        begin = since or (minted and minted - _SKEW)
        if begin is not None:
            return self.archive.look(key, since=begin, until=now + _SKEW, pages=pages)
        return self._backwards(key, now, pages)

    def _backwards(self, key: JobKey, now: datetime, pages: int) -> Look:
        oldest, until, looked = now - self.kept, now + _SKEW, 0
        while until > oldest:
            if looked == pages:
                return Look(None, looked, oldest)
            look = self.archive.look(key, since=until - _SPAN, until=until, pages=pages - looked)
            looked += look.pages
            if look.job is not None or look.next is not None:
                return Look(look.job, looked, look.next and oldest)
            until -= _SPAN
        return Look(None, looked, None)
