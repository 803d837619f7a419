"""The search: breadth first through everything that can be reached, until nothing new is found or something breaks."""

from __future__ import annotations

from array import array
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from tests.model_checking.actors import IDLE, Actors, Executor, Place
from tests.model_checking.present import STEP
from tests.model_checking.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.model_checking.mutants import Mutant
    from tests.model_checking.scenarios import Scenario

Key = TypeVar("Key")
Value = TypeVar("Value")

# Places by position, then the executors, sorted (which of them is which does not matter), then the surprises left.
State = tuple[int, ...]

_TIME_PASSES: Final = f"{STEP.total_seconds():.0f} s pass"
_STUCK, _ON_THE_WAY, _UNKNOWN = -1, -2, -3


@dataclass(frozen=True, slots=True)
class Run:
    """What the search through one scenario found. `steps_to_end`: however bad things stood, so many steps of time
    after the last fault every job had ended."""

    scenario: str
    states: int
    transitions: int
    steps_to_end: int = 0
    broken: str | None = None
    trace: tuple[str, ...] = ()


# One transition: where it leads, how it is told, whether somebody does his part by it, what it breaks.
Edge = tuple[State, str, bool, str | None]


class Numbers(dict[Key, int]):
    """Numbers for values, in the order in which they are met."""

    def __init__(self) -> None:
        super().__init__()
        self.values_met: list[Key] = []

    def __missing__(self, value: Key) -> int:
        self[value] = number = len(self.values_met)
        self.values_met.append(value)
        return number


class Memo(dict[Key, Value]):
    """A function of numbers, worked out once for each."""

    def __init__(self, function: Callable[[Key], Value]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, key: Key) -> Value:
        self[key] = value = self._function(key)
        return value


class Search:
    def __init__(self, scenario: Scenario, mutant: Mutant | None = None, table: Table | None = None) -> None:
        self.table = table or Table(memory_steps=scenario.memory_steps, mutant=mutant)
        self.states: list[State] = []
        self._parents = array("l", [0])
        self._lines = [""]
        self._scenario = scenario
        self._mutant = mutant
        self._jobs = len(scenario.jobs)
        self._actors = Actors(self.table, scenario)
        self._places: Numbers[Place] = Numbers()
        self._executors: Numbers[Executor] = Numbers()
        self._around = Memo(self._work_out_around)
        self._between = Memo(self._work_out_between)
        self._later_place = Memo(lambda one: self._places[self._actors.later_place(self.place(one))])
        self._later_executor = Memo(lambda one: self._executors[self._actors.later_executor(self.executor(one))])
        self._lease_of = Memo(self._work_out_lease)
        self._ended = Memo(lambda one: self.table.jobs[self.place(one).job].status.is_terminal)

    def place(self, number: int) -> Place:
        return self._places.values_met[number]

    def executor(self, number: int) -> Executor:
        return self._executors.values_met[number]

    def run(self) -> Run:
        """Explore all that can be reached; stop at the first thing that breaks, which is one of the nearest."""
        with nullcontext() if self._mutant is None else self._mutant.in_force():
            return self._explored()

    def way_to(self, number: int, *then: str) -> tuple[str, ...]:
        """How the search came to state `number`, and what happened `then`: a line for each thing, with its time."""
        way = list(then)
        while number:
            way.append(self._lines[number])
            number = self._parents[number]
        passed, told = 0, []
        for line in reversed(way):
            if line == _TIME_PASSES:
                passed += round(STEP.total_seconds())
            else:
                told.append(f"{passed:>4} s  {line}")
        return tuple(told)

    def parts(self, state: State) -> tuple[tuple[Place, ...], tuple[Executor, ...]]:
        """The state's places and executors."""
        first, last = self._jobs, self._jobs + self._scenario.executors
        return tuple(map(self.place, state[:first])), tuple(map(self.executor, state[first:last]))

    def _explored(self) -> Run:
        self.states = states = [self._start()]
        numbers, parents, lines = {states[0]: 0}, self._parents, self._lines
        fair, bounds, waits, transitions = array("l"), array("l", [0]), bytearray(), 0
        for number, state in enumerate(states):  # which grows on the way
            overlap = None
            for after, line, is_fair, broken in self._edges(state):
                transitions += 1
                target = numbers.setdefault(after, len(states))
                if target == len(states):
                    states.append(after)
                    parents.append(number)
                    lines.append(line)
                    overlap = self._broken_by_leases(after)
                if broken or overlap:
                    trace = self.way_to(number, line)
                    return Run(self._scenario.name, len(states), transitions, broken=broken or overlap, trace=trace)
                if is_fair:
                    fair.append(target)
            waits.append(len(fair) == bounds[-1])
            if waits[-1]:
                fair.append(target)  # the last edge: time passes, since nobody has anything to do
            bounds.append(len(fair))
        steps = self._steps_to_end(fair, bounds, waits)
        if _STUCK in steps:
            trace = self.way_to(steps.index(_STUCK), "from here on, not every job ends by itself")
            broken = "I1: a job is lost"
            return Run(self._scenario.name, len(states), transitions, broken=broken, trace=trace)
        return Run(self._scenario.name, len(states), transitions, max(steps))

    def _start(self) -> State:
        places = tuple(self._places[Place(self.table.job(job))] for job in self._scenario.jobs)
        surprises = () if self._scenario.surprises is None else (self._scenario.surprises,)
        return (*places, *[self._executors[IDLE]] * self._scenario.executors, *surprises)

    def _edges(self, state: State) -> Iterable[Edge]:
        first, last = self._jobs, self._jobs + self._scenario.executors
        executors, left = state[first:last], state[last:]
        no_surprise = bool(left) and left[0] == 0
        spent = (left[0] - 1,) if left and not no_surprise else left
        for position in range(first):
            before, after = state[:position], state[position + 1 : last]
            for line, place, fair, broken in self._around[state[position]]:
                if fair or not no_surprise:
                    yield (*before, place, *after, *(left if fair else spent)), line, fair, broken
        for index, one in enumerate(executors):
            if index and one == executors[index - 1]:
                continue  # the same would happen again
            others = executors[:index] + executors[index + 1 :]
            at = self.executor(one).place
            for position in range(first) if at < 0 else (at,):
                before, after = state[:position], state[position + 1 : first]
                for line, place, executor, fair, broken in self._between[one, state[position], position]:
                    if fair or not no_surprise:
                        rest = left if fair else spent
                        yield (*before, place, *after, *sorted((*others, executor)), *rest), line, fair, broken
        places = [self._later_place[one] for one in state[:first]]
        later = sorted(self._later_executor[one] for one in executors)
        yield (*places, *later, *left), _TIME_PASSES, False, None

    def _work_out_around(self, number: int) -> list[tuple[str, int, bool, str | None]]:
        place = self.place(number)
        return [
            (one.line, self._places[one.place], one.fair, one.broken)
            for one in self._actors.around(place)
            if one.place != place or one.broken
        ]

    def _work_out_between(self, key: tuple[int, int, int]) -> list[tuple[str, int, int, bool, str | None]]:
        executor, place, position = key
        return [
            (one.line, self._places[one.place], self._executors[one.executor], one.fair, one.broken)
            for one in self._actors.between(self.executor(executor), self.place(place), position)
        ]

    def _work_out_lease(self, number: int) -> int:
        """The position of the job that the executor may believe to be its own, or -1."""
        executor = self.executor(number)
        return executor.place if self._actors.holds_lease(executor) else -1

    def _broken_by_leases(self, state: State) -> str | None:
        held = [self._lease_of[one] for one in state[self._jobs : self._jobs + self._scenario.executors]]
        held = [one for one in held if one >= 0]
        return "I11: two executors hold a live lease of one job" if len(set(held)) < len(held) else None

    def _steps_to_end(self, fair: array[int], bounds: array[int], waits: bytearray) -> array[int]:
        """For each state, how many steps of time pass at the most until every job has ended, when from then on nothing
        goes wrong, in whatever order things are done. `_STUCK` where some order never comes to an end.

        `fair` are the states to which such a course may go on: from number n those at `bounds[n]` up to
        `bounds[n + 1]`; `waits` tells whether it is time that passes.
        """
        steps = array("l", [_UNKNOWN]) * len(waits)
        for number, state in enumerate(self.states):
            if all(self._ended[place] for place in state[: self._jobs]):
                steps[number] = 0
        for start in range(len(waits)):
            way = [start]
            while way:
                at = way[-1]
                nexts = fair[bounds[at] : bounds[at + 1]]
                if steps[at] == _UNKNOWN:
                    steps[at] = _ON_THE_WAY
                    way.extend(one for one in nexts if steps[one] == _UNKNOWN)
                    continue
                way.pop()
                if steps[at] == _ON_THE_WAY:
                    # A way that meets itself goes round for ever.
                    known = [steps[one] for one in nexts]
                    steps[at] = _STUCK if min(known) < 0 else max(known) + waits[at]
        return steps
