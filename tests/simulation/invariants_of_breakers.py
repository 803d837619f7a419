"""What must hold of a target that is left alone (I27)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tests.simulation.faults import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.model.breaker import Breaker
    from shared.model.job import Job

KNOWN_FOR_MS: Final = 5 * SECOND
"""For so long an executor goes by what it has read."""


def identity_of(target: Mapping[str, str]) -> str:
    """What of a target has a breaker, for the kinds that the simulation knows."""
    if target["type"] == "channel":
        return f"channel:{target['channel_id']}"
    return f"http:{urlsplit(target['url']).hostname}:443"


def i27_none_but_probes_call_while_it_is_open(
    stored: Job, claimed_ms: int, now_ms: int, history: Sequence[tuple[int, Breaker]]
) -> Iterator[str]:
    """The attempt that `stored` runs begins its effect at `now_ms`; `history`: when its breaker was written how. Who
    claimed a job while it was open, and calls while it still is, has decided so meanwhile: that is a probe."""
    before = [breaker for at, breaker in history if at <= claimed_ms - KNOWN_FOR_MS]
    since = [breaker for at, breaker in history if claimed_ms - KNOWN_FOR_MS < at <= now_ms]
    known = [*before[-1:], *since]
    is_open = bool(before) and not any(breaker.is_closed for breaker in known)
    name = f"{stored.id}#{stored.fence}"
    if is_open and name not in {breaker.probe for _, breaker in history}:
        yield f"{name} calls, and the breaker of {known[-1].target} is {known[-1].state} in version {known[-1].version}"
