"""Every place at which a process can die or lose an answer, one after another, in small stories that are else fair.

A story is run once as it is, to count the calls of the process that it is about. Then it is run again for each call
and each thing that can happen to it; and every time all must end as it should.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.lifecycle import Status
from shared.model.maintenance_window import Effect, Span
from tests.simulation.faults import SECOND, WRITES, Climate, Fault, Spell, Weather
from tests.simulation.ports import START
from tests.simulation.run import Run
from tests.simulation.scenario import Scenario, Wish
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.model.maintenance_window import MaintenanceWindow

OF_EVERY_CALL: Final = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
OF_EVERY_WRITE: Final = (
    Fault.THROTTLED,
    Fault.APPLIED_BUT_FAILED,  # the caller tries again
    Fault.APPLIED_AND_AWAY,  # the caller gives up
    Fault.APPLIED_LATE,
    Fault.RESENT,  # the SDK tries again
)
# Of a pair, both strike where a job is claimed, finished or reaped, or where what leads there is read or written.
_OF_PAIRS: Final = frozenset({"change", "change_and_get", "get_many", "load_payload", "keep", "advance_sweep", "send"})


OK: Final = "https://example.com/50/ok"
FAILS_ONCE: Final = "https://example.com/50/http_503"
FAILS: Final = "https://example.com/50/http_404,http_404,http_404"
LONG_OUTPUT: Final = "https://example.com/2500/ok"
TAKES_45_SECONDS: Final = "https://example.com/45000/ok"
TAKES_75_SECONDS: Final = "https://example.com/75000/ok"
_REPORTED: Final = {"completion": "callback", "timeout": "20m", "heartbeat_timeout": "30s"}
_SUCCEEDED: Final = (Status.SUCCEEDED,)
_HALF_A_MINUTE: Final = 30 * SECOND
_WINDOW: Final = a_window(Span(START, START + timedelta(milliseconds=_HALF_A_MINUTE)), release_over_seconds=0)


@dataclass(frozen=True, slots=True)
class Story:
    """A job of a keyed client, and the process whose calls are struck. `ends`: how the job may end, whatever happens to
    one call. `actions` (milliseconds, action), `spells`, `faults` and `windows` lead to the situation that the story
    is about."""

    name: str
    process: str
    ends: tuple[Status, ...] = _SUCCEEDED
    url: str = OK
    body: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = "key"
    actions: tuple[tuple[int, str], ...] = ()
    spells: tuple[Spell, ...] = ()
    faults: tuple[str, ...] = ()
    windows: tuple[MaintenanceWindow, ...] = ()

    def run(self, *more: str) -> Run:
        """Play it to its end, with `more` faults."""
        body = {
            "target": {"type": "http", "url": self.url},
            "timeout": "60s",
            "retry": {"max_attempts": 5},
            **self.body,
        }
        wish = Wish("acme", 0, body, self.key, 1, self.actions)
        scenario = Scenario([wish], Climate(spells=self.spells), faults_end=0, skew_ms=0, windows=self.windows)
        run = Run(0, scenario, only={*map(str, self.spells), *self.faults, *more})
        run.begin()
        run.settle()
        for job in run.cloud.jobs.all_jobs():
            if job.status not in self.ends:
                run.observed.breaks("story", job, f"{self.name}: it is {job.status} ({job.reason})")
        return run


STORIES: Final = (
    Story("create, with a payload of its own item", "api-1", body={"payload": "x" * 900}),
    Story("create without a key", "api-1", key=None),
    Story(
        "cancel while it waits",
        "api-1",
        (Status.CANCELLED, Status.SUCCEEDED),
        body={"delay": "90s"},
        actions=((1_000, "cancel"),),
    ),
    Story(
        "cancel while it runs",
        "api-1",
        (Status.CANCELLED, Status.SUCCEEDED),
        url=TAKES_45_SECONDS,
        actions=((10_000, "cancel"),),
    ),
    Story("run now", "api-1", body={"delay": "300s"}, actions=((1_000, "run_now"),)),
    Story("reschedule", "api-1", body={"delay": "300s"}, actions=((1_000, "reschedule"),)),
    Story("edit, into another lane", "api-1", body={"delay": "90s"}, actions=((1_000, "edit"),)),
    Story("sent by the stream", "populator-stream-1"),
    Story("sent by a tick", "populator-1", body={"delay": "300s"}),
    Story("success", "executor-1"),
    Story("success with a long output", "executor-1", url=LONG_OUTPUT),
    Story("success after heartbeats", "executor-1", url=TAKES_45_SECONDS),
    Story("retry", "executor-1", url=FAILS_ONCE),
    Story("failed for good", "executor-1", (Status.FAILED,), url=FAILS),
    Story(
        "stopped by a cancel", "executor-1", (Status.CANCELLED,), url=TAKES_45_SECONDS, actions=((10_000, "cancel"),)
    ),
    Story(
        "at most once",
        "executor-1",
        (Status.SUCCEEDED, Status.FAILED),
        body={"delivery": "at_most_once", "retry": None},
    ),
    Story(
        "past its start deadline",
        "executor-1",
        (Status.SKIPPED,),
        body={"expires_after": "1s"},
        spells=(Spell(Weather.STREAM_STALLED, 0, _HALF_A_MINUTE),),
    ),
    Story("deferred by an old version", "executor-1", spells=(Spell(Weather.OLD_EXECUTORS, 0, _HALF_A_MINUTE),)),
    Story("held by a maintenance window", "executor-1", windows=(_WINDOW,)),
    Story(
        "skipped by a maintenance window",
        "executor-1",
        (Status.SKIPPED, Status.SUCCEEDED),  # the latter if an executor dies that has claimed it: then it has begun
        windows=(replace(_WINDOW, effect=Effect.SKIP),),
    ),
    Story(
        "cancelled while a maintenance window holds it",
        "api-1",
        (Status.CANCELLED, Status.SUCCEEDED),
        actions=((10_000, "cancel"),),
        windows=(_WINDOW,),
    ),
    Story("sent again", "watcher-1", spells=(Spell(Weather.MESSAGES_LOST, 0, _HALF_A_MINUTE),)),
    Story("reaped, and tried again", "watcher-1", faults=("executor-1 call 3: crash_before",)),
    Story(
        "reaped after its last attempt",
        "watcher-1",
        (Status.FAILED, Status.SUCCEEDED),  # the latter if another death comes first, before the claim
        body={"retry": {"max_attempts": 1}},
        faults=("executor-1 call 3: crash_before",),
    ),
    Story("accepted by the target, and reported", "executor-1", body=_REPORTED),
    Story("reported over the API", "api-1", url=TAKES_45_SECONDS, body=_REPORTED),
    Story("reported as failed, and tried again", "api-1", url=FAILS_ONCE, body=_REPORTED),
    Story("reported after the watcher looked", "watcher-1", url=TAKES_75_SECONDS, body=_REPORTED),
    Story(
        "reaped after a cancel",
        "watcher-1",
        (Status.CANCELLED,),
        url=TAKES_45_SECONDS,
        actions=((10_000, "cancel"),),
        faults=("executor-1 call 4: crash_before",),
    ),
)


# How many calls the stories have, how many times one of them is struck, and how many pairs there are: written down, so
# that nothing is left out unnoticed. A change of the code may change them.
CALLS: Final = 267
RUNS: Final = 1029
PAIRS: Final = 3480


@dataclass(frozen=True, slots=True)
class Enumeration:
    """How many `calls` were struck in how many `runs`, and what broke: the story, the faults, and what was seen."""

    calls: int = 0
    runs: int = 0
    broken: tuple[str, ...] = ()

    def __add__(self, other: Enumeration) -> Enumeration:
        return Enumeration(self.calls + other.calls, self.runs + other.runs, self.broken + other.broken)


def each_call(story: Story) -> Enumeration:
    """The story once as it is, and once for each call of its process and each thing that can happen to that."""
    calls = [place for place in _calls(story.run()) if place[0] == story.process]
    places = [
        f"{process} call {number}: {fault}"
        for process, number, operation in calls
        for fault in (*OF_EVERY_CALL, *(OF_EVERY_WRITE if operation in WRITES else ()))
    ]
    broken = (_broken(story, story.run(place), place) for place in places)
    return Enumeration(len(calls), len(places), tuple(what for what in broken if what))


def each_pair(story: Story) -> Enumeration:
    """For each call of executor or watcher at which the first of them dies, each call at which the next one does."""
    total = Enumeration()
    for first in _deaths(story, _calls(story.run())):
        run = story.run(first)
        calls = _calls(run)
        struck_at = [f"{process} call {number}" for process, number, _ in calls].index(first.partition(": ")[0])
        for second in _deaths(story, calls[struck_at + 1 :]):
            what = _broken(story, story.run(first, second), first, second)
            total += Enumeration(2, 1, (what,) if what else ())
    return total


def _calls(run: Run) -> list[tuple[str, int, str]]:
    """The calls of a run, in their order: process, number, operation."""
    return [(line[1], line[2], line[3]) for line in run.kernel.log if isinstance(line[2], int)]


def _deaths(story: Story, calls: Sequence[tuple[str, int, str]]) -> Iterator[str]:
    """Each side of each call of executor or watcher, but for those that the story itself has struck."""
    struck = {fault.partition(": ")[0] for fault in story.faults}
    for process, number, operation in calls:
        place = f"{process} call {number}"
        if process.startswith(("executor", "watcher")) and operation in _OF_PAIRS and place not in struck:
            yield from (f"{place}: {fault}" for fault in OF_EVERY_CALL)


def _broken(story: Story, run: Run, *faults: str) -> str | None:
    result = run.result()
    missed = [fault for fault in faults if fault not in result.faults]
    broken = result.broken or (f"{missed} did not strike" if missed else None)
    return None if broken is None else f"{story.name}, {', '.join(faults)}: {broken}"
