"""What goes wrong, and when: drawn from a seed, or exactly what a list says.

A fault has a name that says where it strikes: `executor-3 call 2: applied_but_failed`. The names of those that struck
are what a run can be repeated with, and what a failing run is shrunk to.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND


class Fault(StrEnum):
    """How one call of a port goes wrong."""

    CRASH_BEFORE = "crash_before"  # the process dies, and the call never happened
    CRASH_AFTER = "crash_after"  # the process dies, and the call had its effect
    THROTTLED = "throttled"  # refused, and the caller knows that nothing happened
    APPLIED_BUT_FAILED = "applied_but_failed"  # it had its effect, and the caller sees an error
    APPLIED_AND_AWAY = "applied_and_away"  # the same, and the process reaches nothing for a while: the caller gives up
    APPLIED_LATE = "applied_late"  # the caller sees an error, and the call has its effect some time afterwards
    RESENT = "resent"  # it had its effect, the answer was lost, and the SDK sent it again
    SLOW = "slow"  # it takes seconds
    FROZEN = "frozen"  # the process stands still for minutes in front of the call


class Mishap(StrEnum):
    """What becomes of one message, or of one event of the stream or the schedule."""

    LOST = "lost"
    REFUSED = "refused"  # and the sender is told
    REPEATED = "repeated"
    LATE = "late"


class Weather(StrEnum):
    """What is wrong for a span of time."""

    THROTTLING = "throttling"  # the table refuses half of all writes
    STORE_AWAY = "store_away"  # the table answers nobody
    QUEUE_AWAY = "queue_away"  # no queue takes anything, and none delivers
    NO_TICKS = "no_ticks"  # the populator is not called
    NO_SWEEPS = "no_sweeps"  # the watcher is not called
    NO_EXPANSIONS = "no_expansions"  # the recurrence function is not called
    STREAM_STALLED = "stream_stalled"  # the stream delivers nothing
    MESSAGES_LOST = "messages_lost"  # the queues take messages, and forget them
    INDEX_STALE = "index_stale"  # the indexes show what was a minute ago
    HOT_SHARD = "hot_shard"  # the due index refuses every read of one shard
    TARGET_DOWN = "target_down"  # what jobs call answers nobody
    JOURNAL_STALLED = "journal_stalled"  # the journal is told nothing
    BUCKET_AWAY = "bucket_away"  # the data bucket takes nothing
    BUS_AWAY = "bus_away"  # the event bus takes nothing
    OLD_EXECUTORS = "old_executors"  # executors that start do not know the jobs' kind of target


# Which calls write; the others can only fail, take long, or see their process die.
WRITES: Final = frozenset(
    {"create", "change", "change_and_get", "place_payload", "advance_tick", "advance_sweep", "send", "keep", "save"}
    | {"put_breaker", "count"}
    | {"record", "plan_look", "forget_look", "create_bulk_action", "replace_bulk_action", "forget_step"}
    | {"publish", "put_object", "remove", "note"}
    | {"create_template", "replace_template", "archive_version", "record_gap", "expire_remains", "claim_external_key"}
)
OF_READS: Final = frozenset({Fault.CRASH_BEFORE, Fault.THROTTLED, Fault.SLOW, Fault.FROZEN})


class Spell(NamedTuple):
    """`weather` from `begin` to `end`, in milliseconds of the simulation."""

    weather: Weather
    begin: int
    end: int

    def __str__(self) -> str:
        return f"{self.weather} from {self.begin / SECOND:g} s to {self.end / SECOND:g} s"


class Deed(NamedTuple):
    """Somebody does `what` on purpose, `time` milliseconds after the start: `kill` a process that is at work, or
    `forge` messages."""

    what: str
    time: int

    def __str__(self) -> str:
        return f"{self.what} at {self.time / SECOND:g} s"


@dataclass(frozen=True, slots=True)
class Climate:
    """How bad it is: the share of the processes' `calls`, of `messages`, and of `events` (of stream and schedule) that
    something happens to, which `kinds` of faults strike calls, the spells, and what is done on purpose."""

    calls: float = 0.0
    messages: float = 0.0
    events: float = 0.0
    kinds: Sequence[Fault] = tuple(Fault)
    spells: Sequence[Spell] = ()
    deeds: Sequence[Deed] = ()


FAIR: Final = Climate()


class Faults:
    """The faults of one run. `struck`: the names of those that struck, in order. `deeds`: those to be done.

    `only`: names of faults; then exactly these strike, wherever their place is reached.
    """

    def __init__(self, seed: int, climate: Climate, *, only: Collection[str] | None = None) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._climate = climate
        self._planned = None if only is None else dict(name.split(": ") for name in only if ": " in name)
        self._write_faults = tuple(climate.kinds)
        self._read_faults = tuple(kind for kind in climate.kinds if kind in OF_READS)
        self._spells = [spell for spell in climate.spells if only is None or str(spell) in only]
        self._counts: dict[str, int] = {}
        self.deeds = [deed for deed in climate.deeds if only is None or str(deed) in only]
        self.struck = [*map(str, self._spells), *map(str, self.deeds)]
        self.are_over = False

    def stop(self) -> None:
        """From now on nothing goes wrong any more."""
        self.are_over = True

    def of_call(self, caller: str, number: int, operation: str) -> Fault | None:
        """What happens to the caller's call of that number."""
        if self._planned is None and (self.are_over or self._random.random() >= self._climate.calls):
            return None
        kinds = self._write_faults if operation in WRITES else self._read_faults
        kind = self._strike(f"{caller} call {number}", kinds)
        return None if kind is None else Fault(kind)

    def of_message(self) -> Mishap | None:
        """What happens to the message that is sent now."""
        return self._mishap("message", self._climate.messages, tuple(Mishap))

    def of_event(self, kind: str) -> Mishap | None:
        """What happens to the record that the stream delivers now, or to the call that the schedule makes now."""
        return self._mishap(kind, self._climate.events, (Mishap.REPEATED, Mishap.LATE))

    def is_weather(self, weather: Weather, now: int) -> bool:
        return not self.are_over and any(
            spell.weather is weather and spell.begin <= now < spell.end for spell in self._spells
        )

    def amount(self, what: str, low: int, high: int) -> int:
        """How long or how many, from `low` to `high`: always the same for the same words, whatever else strikes."""
        return low + crc32(f"{self._seed} {what}".encode()) % (high - low + 1)

    def _mishap(self, what: str, odds: float, kinds: tuple[Mishap, ...]) -> Mishap | None:
        number = self._counts[what] = self._counts.get(what, 0) + 1
        if self._planned is None and (self.are_over or self._random.random() >= odds):
            return None
        kind = self._strike(f"{what} {number}", kinds)
        return None if kind is None else Mishap(kind)

    def _strike(self, place: str, kinds: Sequence[str]) -> str | None:
        kind: str | None
        if self._planned is None:
            kind = self._random.choice(kinds) if kinds else None
        else:
            kind = None if self.are_over else self._planned.get(place)
        if kind is not None:
            self.struck.append(f"{place}: {kind}")
        return kind
