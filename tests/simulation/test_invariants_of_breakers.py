"""The invariant of breakers is broken by what it forbids, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model import breaker as breakers
from shared.model.breaker import BreakerSettings, Calls
from tests.jobs import BOOM, at, claimed
from tests.simulation import invariants_of_breakers as invariants

if TYPE_CHECKING:
    from shared.model.breaker import Breaker

RUNNING = claimed()
TARGET = "http:example.com:443"
OPEN = breakers.opened(
    None, tenant="acme", target=TARGET, calls=Calls(10, 0), failure=BOOM, settings=BreakerSettings(), now=at(0)
)
CLOSED = breakers.closed(OPEN, at(20))
AGAIN = replace(OPEN, version=9)


@pytest.mark.parametrize(
    ("history", "is_broken"),
    [
        ([], False),
        ([(0, OPEN)], True),
        ([(0, OPEN), (12_000, breakers.probing(OPEN, replace(RUNNING, id="another"), at(12)))], True),
        ([(0, OPEN), (20_500, breakers.probing(OPEN, RUNNING, at(20)))], False),
        # Who has read it five seconds ago may not know yet; and who knew it closed has decided so.
        ([(16_000, OPEN)], False),
        ([(0, OPEN), (15_500, CLOSED), (16_000, AGAIN)], False),
        ([(0, OPEN), (10_000, CLOSED), (12_000, AGAIN)], True),
        ([(0, OPEN), (14_000, CLOSED)], False),
        ([(30_000, OPEN)], False),
    ],
)
def test_none_but_probes_call_while_it_is_open(history: list[tuple[int, Breaker]], is_broken: bool) -> None:
    broken = list(invariants.i27_none_but_probes_call_while_it_is_open(RUNNING, 20_000, 21_000, history))

    assert bool(broken) is is_broken


def test_what_has_a_breaker_is_a_host_or_a_channel() -> None:
    assert invariants.identity_of({"type": "http", "url": "https://example.com/a"}) == TARGET
    assert invariants.identity_of({"type": "channel", "channel_id": "pager"}) == "channel:pager"
