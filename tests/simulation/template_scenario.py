"""What a seed means for templates: their schedules, what their owners do with them, and how bad the weather is."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.times import format_time
from tests.simulation.faults import MINUTE, SECOND, Climate, Deed, Fault, Spell, Weather
from tests.simulation.naive_schedule import AROUND_THE_NIGHT, EACH_MINUTE, EACH_TEN_SECONDS, EACH_TENTH_MINUTE
from tests.simulation.ports import START
from tests.simulation.scenario import TENANTS, Scenario
from tests.simulation.template_clients import TemplateWish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Where clocks change a little later; and an hour at which none does.
_NIGHTS: Final = (
    ("America/New_York", datetime(2026, 3, 8, 6, 40, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 0, 20, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, 40, tzinfo=UTC)),
    ("UTC", START),
    ("UTC", START),
)
_SPELLS: Final = (
    Weather.NO_EXPANSIONS,
    Weather.NO_EXPANSIONS,
    Weather.QUEUE_AWAY,
    Weather.NO_TICKS,
    Weather.STORE_AWAY,
    Weather.INDEX_STALE,
    Weather.THROTTLING,
    Weather.STREAM_STALLED,
)
_MISFIRES: Final = (
    {"policy": "skip"},
    {"policy": "fire_latest"},
    {"policy": "fire_all"},
    {"policy": "fire_all", "max": 3},
    {"policy": "fire_all", "within": "10m"},
    {"policy": "fire_latest", "after": "5s"},
)
_ACTIONS: Final = (
    "edit",
    "edit",
    "edit_job",
    "pause",
    "resume",
    "resume",
    "skip",
    "unskip",
    "trigger",
    "delete",
    "misfire",
)
# The share of the runs in which somebody is behind.
_BEHIND: Final = 0.08
# How long a run with templates of each density goes on: what is planned half an hour ahead is paid for as well.
_MINUTES: Final = {
    EACH_TEN_SECONDS: 6,
    EACH_MINUTE: 25,
    "90s": 25,
    EACH_TENTH_MINUTE: 70,
    "7m": 70,
    AROUND_THE_NIGHT: 100,
}


@dataclass(frozen=True, slots=True)
class TemplateScenario:
    """`rest` is what every run has; its times count from the simulation's start, and it begins at `begins_at`."""

    templates: Sequence[TemplateWish]
    begins_at: int
    rest: Scenario


def template_scenario_of(seed: int) -> TemplateScenario:
    chance = random.Random(f"templates {seed}")
    zone, begins = chance.choice(_NIGHTS)
    if chance.random() < _BEHIND:
        return _behind(chance)
    form = chance.choice(tuple(_MINUTES))
    if zone != "UTC" and chance.random() < 0.7:
        form = AROUND_THE_NIGHT
    owner = _Owner(chance, begins, zone, form)
    begins_at = (begins - START) // timedelta(milliseconds=1)
    templates = [owner.wish() for _ in range(1 if form in (EACH_TEN_SECONDS, EACH_MINUTE) else 2)]
    return TemplateScenario(templates, begins_at, _rest(chance, begins_at, owner.length))


def _behind(chance: random.Random) -> TemplateScenario:
    """A dense template that nobody has expanded for so long that it takes turns to catch up, in bad weather."""
    owner = _Owner(chance, START, "UTC", EACH_TEN_SECONDS)
    away = chance.choice((35, 50)) * MINUTE
    rest = _rest(chance, 0, away + 3 * MINUTE)
    spells = [Spell(Weather.NO_EXPANSIONS, 2 * MINUTE, 2 * MINUTE + away), *rest.climate.spells]
    return TemplateScenario([owner.wish()], 0, replace(rest, climate=replace(rest.climate, spells=spells)))


def _rest(chance: random.Random, begins_at: int, length: int) -> Scenario:
    climate = Climate(
        calls=chance.choice((0.0, 0.01, 0.05, 0.15)),
        messages=chance.choice((0.0, 0.05, 0.3)),
        events=chance.choice((0.0, 0.1, 0.4)),
        kinds=chance.sample(tuple(Fault), chance.randint(1, 4)),
        spells=[_spell(chance, begins_at, length) for _ in range(chance.choice((0, 1, 1, 2)))],
        deeds=[Deed("kill", chance.randrange(length)) for _ in range(chance.choice((0, 0, 3)))],
    )
    return Scenario((), climate, faults_end=begins_at + length, skew_ms=chance.choice((0, 2_500)))


def _spell(chance: random.Random, begins_at: int, length: int) -> Spell:
    begin = begins_at + chance.randrange(length) // SECOND * SECOND
    return Spell(chance.choice(_SPELLS), begin, begin + chance.randrange(30 * SECOND, max(length, 2 * MINUTE)))


@dataclass(frozen=True, slots=True)
class _Owner:
    """Makes up templates whose schedules are no denser than `form`, and what is done with them."""

    chance: random.Random
    begins: datetime
    zone: str
    form: str

    @property
    def length(self) -> int:
        return _MINUTES[self.form] * MINUTE

    def wish(self) -> TemplateWish:
        chance = self.chance
        body = {
            "name": "report",
            "schedule": self._schedule(self.form),
            "misfire": chance.choice(_MISFIRES),
            "job": {"target": {"type": "http", "url": "https://example.com/50/ok"}, "timeout": "30s"},
        }
        times = sorted(chance.randrange(self.length) // SECOND * SECOND for _ in range(chance.choice((0, 2, 5, 10))))
        return TemplateWish(
            tenant=chance.choice(TENANTS),
            at=chance.choice((0, chance.randrange(MINUTE))),
            body=body,
            actions=[(at, *self._action(f"{number}")) for number, at in enumerate(times)],
        )

    def _schedule(self, form: str) -> dict[str, Any]:
        chance, begins = self.chance, self.begins
        schedule: dict[str, Any] = {"every": form} if form in ("90s", "7m") else {"cron": form}
        schedule["timezone"] = self.zone
        if chance.random() < 0.3:
            schedule["spread"] = chance.choice(("40s", "10m"))
        if chance.random() < 0.2:
            schedule["start_at"] = format_time(begins + timedelta(seconds=10 * chance.randrange(30)))
            if chance.random() < 0.5:
                schedule["max_occurrences"] = chance.randrange(1, 20)
        if chance.random() < 0.1:
            schedule["end_at"] = format_time(begins + timedelta(minutes=chance.randrange(6, 40)))
        if form == AROUND_THE_NIGHT:
            schedule["dst_gap"] = chance.choice(("shift_forward", "skip"))
            schedule["dst_overlap"] = chance.choice(("first", "last", "both"))
        return schedule

    def _edited_schedule(self) -> dict[str, Any]:
        forms = [form for form, minutes in _MINUTES.items() if minutes >= _MINUTES[self.form]]
        # The members that it does not name are to go.
        bare = dict.fromkeys(("start_at", "end_at", "max_occurrences", "spread", "dst_gap", "dst_overlap"))
        return {**bare, **self._schedule(self.chance.choice(forms))}

    def _action(self, number: str) -> tuple[str, Any]:
        """A word, and what it needs to know."""
        chance = self.chance
        word = chance.choice(_ACTIONS)
        details: dict[str, Callable[[], Any]] = {
            "edit": lambda: {"schedule": self._edited_schedule()},
            "edit_job": lambda: {"job": {"payload": number * chance.choice((1, 900))}},
            "misfire": lambda: {"misfire": chance.choice(_MISFIRES)},
            "pause": lambda: (chance.choice((None, 60, 600)), chance.choice(("skip", "apply_misfire"))),
            "resume": lambda: chance.choice(("skip", "apply_misfire")),
            "skip": lambda: chance.choice((0, 60, 120, 600)),
            "unskip": lambda: chance.choice((0, 60, 120, 600)),
            "trigger": lambda: f"trigger {number}",
            "delete": lambda: None,
        }
        return "edit" if word in ("edit_job", "misfire") else word, details[word]()
