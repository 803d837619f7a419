"""List dead letters, and count them by their causes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.model.attention import fingerprint_in, fingerprint_of
from shared.model.job import JobKey, from_epoch_ms
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from shared.dead_letters.find_dead_letters import DeadLetter, FindDeadLetters
    from shared.model.bulk_action import DeadLetterFilter
    from shared.model.job import Job
    from shared.ports.jobs import JobStore

# A page is closed when its jobs take so much: an answer has at most 6 MB, and is quoted once more on its way.
_PAGE_BYTES: Final = 2_500_000
_READ_AT_ONCE: Final = 100
_KEYS: Final = 10_000


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """`next` is the sort key after which the list goes on, None at its end. A page may be short, even empty."""

    jobs: list[Job]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterGroup:
    """Dead letters of one cause: how many, when the first and the last of them failed, and one of the last."""

    fingerprint: str
    count: int
    first_failed_at: datetime
    last_failed_at: datetime
    sample: Job


@dataclass(frozen=True, slots=True)
class DeadLetterCounts:
    """The groups among the next `looked_at` dead letters, the largest first; `next` as of a page."""

    groups: list[DeadLetterGroup]
    looked_at: int
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeadLetters:
    """`answer_bytes` says how much of an answer a job takes."""

    jobs: JobStore
    find: FindDeadLetters
    answer_bytes: Callable[[Job], int]

    def __call__(self, tenant: str, wanted: DeadLetterFilter, *, limit: int, after: str | None) -> DeadLetterPage:
        """At most `limit` of those that are wanted, newest first."""
        found = self.find(tenant, wanted, after=after, limit=limit)
        read = self._read(tenant, found.letters)
        jobs: list[Job] = []
        size = 0
        for letter in found.letters:
            job = read.get(letter.entry.job_id)
            # A key may be older than what became of its job meanwhile.
            if job is None or not wanted.matches(job) or job.attention_sk != letter.entry.sort_key:
                continue
            jobs.append(job)
            size += self.answer_bytes(job)
            if size > _PAGE_BYTES:
                return DeadLetterPage(
                    jobs, None if letter is found.letters[-1] and not found.next else job.attention_sk
                )
        return DeadLetterPage(jobs, found.next)

    def count(self, tenant: str, wanted: DeadLetterFilter, *, after: str | None) -> DeadLetterCounts:
        """The groups among the next 10,000 at most, counted from keys; of each group one job is read."""
        found = self.find(tenant, wanted, after=after, limit=_KEYS)
        causes: dict[str, list[DeadLetter]] = defaultdict(list)
        old = [letter for letter in found.letters if fingerprint_in(letter.entry.sort_key) is None]
        read = self._read(tenant, old)
        for letter in found.letters:
            job = read.get(letter.entry.job_id)
            known = fingerprint_in(letter.entry.sort_key)
            cause = known or (job and fingerprint_of(job.target, job.executions))
            if cause:
                causes[cause].append(letter)
        samples = self._read(tenant, [letters[0] for letters in causes.values()])
        groups = [
            DeadLetterGroup(
                fingerprint=cause,
                count=len(letters),
                first_failed_at=_failed_at(letters[-1]),
                last_failed_at=_failed_at(letters[0]),
                sample=samples[letters[0].entry.job_id],
            )
            for cause, letters in causes.items()
            if letters[0].entry.job_id in samples
        ]
        groups.sort(key=lambda group: (-group.count, group.fingerprint))
        return DeadLetterCounts(groups, len(found.letters), found.next)

    def _read(self, tenant: str, letters: Sequence[DeadLetter]) -> dict[str, Job]:
        keys = [JobKey(tenant, letter.entry.job_id) for letter in letters if letter.job is None]
        chunks = [keys[start : start + _READ_AT_ONCE] for start in range(0, len(keys), _READ_AT_ONCE)]
        read = side_by_side(lambda chunk: self.jobs.get_many(chunk, consistent=True), chunks)
        return {
            **{letter.entry.job_id: letter.job for letter in letters if letter.job is not None},
            **{job.id: job for chunk in read for job in chunk},
        }


def _failed_at(letter: DeadLetter) -> datetime:
    return from_epoch_ms(int(letter.entry.sort_key[:13]))
