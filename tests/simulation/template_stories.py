"""Small stories of templates, at each of whose calls the process that they are about can die or lose an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tests.simulation.faults import MINUTE, SECOND, Climate, Spell, Weather
from tests.simulation.naive_schedule import EACH_TENTH_MINUTE
from tests.simulation.recurring import RecurringRun
from tests.simulation.scenario import Scenario
from tests.simulation.template_clients import TemplateWish
from tests.simulation.template_scenario import TemplateScenario

_SOON: Final = 20 * SECOND
_LATER: Final = 70 * SECOND
_TO_EACH_TENTH: Final = {"schedule": {"every": None, "cron": EACH_TENTH_MINUTE}}


@dataclass(frozen=True, slots=True)
class TemplateStory:
    """A template of each seventh minute, and the process whose calls are struck: in whatever way, I2 holds. `actions`
    (milliseconds, word, detail) and `spells` lead to the situation that the story is about, in `minutes` minutes."""

    name: str
    process: str
    actions: tuple[tuple[int, str, Any], ...] = ()
    spells: tuple[Spell, ...] = ()
    minutes: int = 2
    faults: tuple[str, ...] = ()

    def run(self, *more: str) -> RecurringRun:
        """Play it to its end, with `more` faults."""
        body = {
            "name": "report",
            "schedule": {"every": "7m"},
            "job": {"target": {"type": "http", "url": "https://example.com/50/ok"}, "payload": "x" * 900},
        }
        rest = Scenario((), Climate(spells=self.spells), faults_end=self.minutes * MINUTE, skew_ms=0)
        scenario = TemplateScenario([TemplateWish("acme", 0, body, self.actions)], 0, rest)
        run = RecurringRun(0, scenario, only={*map(str, self.spells), *self.faults, *more})
        # Who creates the template is a story of its own.
        run.kernel.later("retire", lambda: run.cloud.retire("api"), delay_ms=_SOON - SECOND)
        run.catch_up_ms = 3 * MINUTE
        run.begin()
        run.go_on(rest.faults_end)
        # What is struck is struck whenever its place is reached; only the weather ends.
        run.settle()
        return run


STORIES: Final = (
    TemplateStory("create", "api-1"),
    TemplateStory("edit the schedule", "api-2", ((_SOON, "edit", _TO_EACH_TENTH),)),
    TemplateStory("pause and resume", "api-2", ((_SOON, "pause", (None, "skip")), (_LATER, "resume", "apply_misfire"))),
    TemplateStory("trigger and delete", "api-2", ((_SOON, "trigger", "now"), (_LATER, "delete", None))),
    TemplateStory("refill", "recurrence-1", minutes=8),
    TemplateStory("settle after an edit", "recurrence-1", ((_SOON, "edit", _TO_EACH_TENTH),)),
    TemplateStory(
        "go on by itself after a pause and catch up after an outage",
        "recurrence-1",
        ((_SOON, "pause", (90, "skip")),),
        spells=(Spell(Weather.NO_EXPANSIONS, 0, 16 * MINUTE + _SOON),),
        minutes=17,
    ),
)

# How many calls the stories have, and how many times one of them is struck: written down, so that nothing is left out
# unnoticed. A change of the code may change them.
CALLS: Final = 195
RUNS: Final = 965
