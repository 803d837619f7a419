"""Doing something about what gets older and older, without remembering what was done."""

from __future__ import annotations

from datetime import datetime, timedelta


def passes_threshold(since: datetime, seconds: float, *, after: datetime, until: datetime) -> bool:
    """Whether the age of what is there since `since` passes `seconds` · 2^k, for any k, in the time (after, until].

    Consecutive passes ask about consecutive spans, so each threshold falls into exactly one of them, however late a
    pass comes, and no count has to be kept.
    """
    threshold = timedelta(seconds=seconds)
    while since + threshold <= after:
        threshold *= 2
    return since + threshold <= until
