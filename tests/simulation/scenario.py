"""What a seed means: jobs, what clients do with them, how wrong the clocks are, and how bad the weather is."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.breaker import BreakerSettings
from shared.model.maintenance_window import EVERYTHING, Effect, Scope, Span, TargetScope
from tests.simulation.faults import MINUTE, SECOND, Climate, Deed, Fault, Spell, Weather
from tests.simulation.ports import START
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.model.maintenance_window import MaintenanceWindow

TENANTS: Final = ("acme", "globex")
_PRIORITIES: Final = ("high", "normal", "low")
_ACTIONS: Final = ("cancel", "cancel", "run_now", "reschedule", "edit", "edit_as_read", "pry")
DEFAULT_BREAKERS: Final = BreakerSettings()
# Where few jobs are all that there is.
EARLY_BREAKERS: Final = BreakerSettings(minimum_calls=2, failure_ratio=0.3)
# The share of the jobs whose outcome is reported.
_REPORTED: Final = 0.25
# How long a spell lasts at the most.
_LONGEST: Final = {
    Weather.THROTTLING: 10 * MINUTE,
    Weather.STORE_AWAY: 10 * MINUTE,
    Weather.QUEUE_AWAY: 65 * MINUTE,
    Weather.NO_TICKS: 65 * MINUTE,
    Weather.NO_SWEEPS: 65 * MINUTE,
    Weather.STREAM_STALLED: 30 * MINUTE,
    Weather.MESSAGES_LOST: 10 * MINUTE,
    Weather.INDEX_STALE: 10 * MINUTE,
    Weather.HOT_SHARD: 10 * MINUTE,
    Weather.OLD_EXECUTORS: 5 * MINUTE,
    Weather.TARGET_DOWN: 20 * MINUTE,
}


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """A job that a client creates at `at`: the request's body, and under which key, if any. `copies`: how often the
    request is sent at the same time. `actions`: what is done with the job when, in milliseconds after `at`."""

    tenant: str
    at: int
    body: Mapping[str, Any]
    key: str | None
    copies: int
    actions: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Until `faults_end` things go wrong. `skew_ms`: how far a clock may be off, both ways. `windows`: maintenance
    windows that are there from the beginning. `breakers`: when they open."""

    wishes: Sequence[Wish]
    climate: Climate
    faults_end: int
    skew_ms: int
    windows: Sequence[MaintenanceWindow] = ()
    breakers: BreakerSettings = DEFAULT_BREAKERS


def scenario_of(seed: int) -> Scenario:
    """Of three seeds, two are about many jobs in bad weather, and one about a single job that everybody fights for."""
    chance = random.Random(f"scenario {seed}")
    return _duel(chance) if seed % 3 == 2 else _bad_weather(chance)


def _bad_weather(chance: random.Random) -> Scenario:
    faults_end = chance.choice((2, 5, 10, 20, 70)) * MINUTE
    return Scenario(
        wishes=[_wish(number, chance, faults_end) for number in range(chance.choice((1, 2, 4, 8, 16)))],
        climate=Climate(
            calls=chance.choice((0.0, 0.01, 0.05, 0.1, 0.25)),
            messages=chance.choice((0.0, 0.05, 0.3, 0.7)),
            events=chance.choice((0.0, 0.1, 0.4)),
            # Each seed its own few: faults that are drawn from all of them at once hide each other.
            kinds=chance.sample(tuple(Fault), chance.randint(1, 4)),
            spells=[_spell(chance, faults_end) for _ in range(chance.choice((0, 0, 1, 1, 2, 3)))],
            deeds=[_deed(chance, faults_end) for _ in range(chance.choice((0, 0, 2, 6)))],
        ),
        faults_end=faults_end,
        skew_ms=chance.choice((0, 0, 2_500, 2_500, 5_000, 5 * MINUTE)),
        windows=[_window(number, chance, faults_end) for number in range(chance.choice((0, 0, 1, 3)))],
        breakers=chance.choice((DEFAULT_BREAKERS, EARLY_BREAKERS)),
    )


def _duel(chance: random.Random) -> Scenario:
    """Attempts take as long as a lease, executors stand still for as long, and a client keeps changing its mind."""
    ends = ",".join(chance.choice(("ok", "ok", "http_503", "http_404")) for _ in range(6))
    body: dict[str, Any] = {
        "target": {"type": "http", "url": f"https://example.com/{chance.choice((50, 19_000, 59_000, 100_000))}/{ends}"},
        "timeout": chance.choice(("60s", "120s")),
        "retry": {"max_attempts": chance.choice((1, 2, 4, 6)), "initial": "1s", "max_delay": "5s"},
    }
    if chance.random() < _REPORTED:
        body |= _reported(chance)
    actions = sorted(
        (chance.randrange(5 * MINUTE), chance.choice(_ACTIONS[:-1])) for _ in range(chance.choice((0, 1, 3, 6)))
    )
    return Scenario(
        wishes=[Wish("acme", 0, body, "key", 1, actions)],
        climate=Climate(
            calls=chance.choice((0.05, 0.15, 0.3)),
            messages=chance.choice((0.0, 0.5)),
            events=chance.choice((0.0, 0.5)),
            kinds=[Fault.FROZEN, *chance.sample(tuple(Fault), 2)],
        ),
        faults_end=10 * MINUTE,
        skew_ms=chance.choice((0, 2_500)),
    )


def _wish(number: int, chance: random.Random, faults_end: int) -> Wish:
    # Round times, so that what happens to a job happens at the same time as what happens to another.
    at = chance.choice((0, 0, chance.randrange(faults_end) // SECOND * SECOND))
    delay = chance.choice((0, 0, 1, 5, 30, 60, 90, 150, 200, 210, 600))
    body: dict[str, Any] = {
        "target": {"type": "http", "url": "https://example.com/"},
        "delay": f"{delay}s",
        "priority": chance.choice(_PRIORITIES),
        "timeout": f"{chance.choice((1, 30, 60, 60, 61, 300))}s",
        "retry": {
            "max_attempts": chance.choice((1, 2, 3, 5)),
            "initial": chance.choice(("100ms", "1s", "20s")),
            "max_delay": "120s",
        },
    }
    if chance.random() < 0.25:
        body["expires_after"] = f"{chance.choice((1, 30, 300))}s"
    if chance.random() < 0.2:
        body["delivery"] = "at_most_once"
        del body["retry"]
    if chance.random() < 0.3:
        body["payload"] = "x" * chance.choice((1, 1_000))
    if chance.random() < _REPORTED:
        body |= _reported(chance)
    key = f"key {number}" if chance.random() < 0.7 else None
    return Wish(
        tenant=chance.choice(TENANTS),
        at=at,
        body=body,
        key=key,
        copies=chance.choice((1, 1, 2, 3)) if key else 1,
        actions=sorted(_action(chance, delay * SECOND) for _ in range(chance.choice((0, 0, 1, 1, 2, 4)))),
    )


def _reported(chance: random.Random) -> dict[str, str]:
    """That a job's outcome is reported, within which times."""
    timeout, heard_of = chance.choice((20, 60, 300, 1_200)), chance.choice((10, 30, 60, 90))
    return {"completion": "callback", "timeout": f"{timeout}s", "heartbeat_timeout": f"{heard_of}s"}


def _action(chance: random.Random, delay: int) -> tuple[int, str]:
    around = chance.choice((0, delay, delay, delay + 1 * SECOND, delay + 60 * SECOND, delay + 66 * SECOND))
    return max(0, around + chance.choice((0, 0, 20, 200, chance.randrange(120 * SECOND)))), chance.choice(_ACTIONS)


def _window(number: int, chance: random.Random, faults_end: int) -> MaintenanceWindow:
    begins = chance.choice((0, chance.randrange(faults_end) // SECOND * SECOND))
    ends = begins + chance.choice((1 * SECOND, 30 * SECOND, 3 * MINUTE, 20 * MINUTE))
    return a_window(
        Span(*(START + timedelta(milliseconds=time) for time in (begins, ends))),
        tenant=chance.choice(TENANTS),
        id=f"w{number}",
        effect=chance.choice(tuple(Effect)),
        scope=chance.choice((EVERYTHING, Scope(target=TargetScope(host="example.com")))),
        release_over_seconds=chance.choice((0, 60)),
    )


def _deed(chance: random.Random, faults_end: int) -> Deed:
    return Deed(chance.choice(("kill", "forge")), chance.randrange(faults_end))


def _spell(chance: random.Random, faults_end: int) -> Spell:
    weather = chance.choice((*_LONGEST, Weather.TARGET_DOWN, Weather.TARGET_DOWN))
    begin = chance.randrange(faults_end) // SECOND * SECOND
    length = chance.randrange(10 * SECOND, _LONGEST[weather])
    return Spell(weather, begin, begin + length)
