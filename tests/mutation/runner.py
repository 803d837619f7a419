"""Runs tests against mutants: pytest collects once, and each mutant gets a forked process that runs what it concerns.

Which tests concern a mutant is found out first: those that call a function it changes, the quickest first. So a mutant
costs as much as the first test that notices it. Where it is known which test noticed it before, that one alone is run.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Final, TypeVar

import pytest
from hypothesis import Phase, settings

from tests.mutation.mutant import Place, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from multiprocessing.process import BaseProcess

    from tests.mutation.mutant import Mutant

T = TypeVar("T")
R = TypeVar("R")

# The same examples in each run, and none of them made smaller: what counts is whether there is one.
settings.register_profile(
    "mutation", derandomize=True, deadline=None, database=None, max_examples=30, phases=[Phase.generate]
)
OPTIONS: Final = (
    *("-o", "addopts=--import-mode=importlib"),
    *("-p", "no:cacheprovider"),
    *("-p", "no:terminal"),
    "--assert=plain",
    "--hypothesis-profile=mutation",
    "--timeout=60",
)
"""How pytest is to be called for `MutantRunner`: nothing is printed, and a test that a mutant sends round in circles
ends. None of those that run here takes a fiftieth of that time, unless the machine is very busy."""

_FORK = multiprocessing.get_context("fork")
_SECONDS_PER_MUTANT = 300


class Hung(Exception):
    """A child did not end in time."""


def in_children(work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R | Hung]]:
    """`work` for each task in a forked process of its own, as many at once as there are processors.

    Raises what `work` raises in any of them.
    """
    waiting, running = deque(tasks), dict[Connection, tuple[T, "BaseProcess", float]]()
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            task = waiting.popleft()
            receiver, sender = _FORK.Pipe(duplex=False)
            process = _FORK.Process(target=_send_result, args=(sender, work, task), daemon=True)
            process.start()
            sender.close()
            running[receiver] = task, process, time.monotonic() + _SECONDS_PER_MUTANT
        ready = wait(list(running), timeout=1)
        for receiver, (task, process, end) in list(running.items()):
            if receiver not in ready and time.monotonic() < end:
                continue
            error, result = receiver.recv() if receiver in ready else (None, Hung())
            process.kill()
            process.join()
            del running[receiver]
            if error is not None:
                raise error
            yield task, result


def _send_result(sender: Connection, work: Callable[[T], R], task: T) -> None:
    try:
        sender.send((None, work(task)))
    except Exception as error:
        sender.send((error, None))


@dataclass(frozen=True, slots=True)
class Reached:
    """What one test did: how long it took, and which of the probed places it called."""

    seconds: float
    places: frozenset[Place]


@dataclass(eq=False)
class MutantRunner:
    """A pytest plugin that runs the collected tests against `mutants` in place of pytest's own loop.

    `killed_by` is the first test of each mutant that failed, None where all passed. `known` names for each mutant the
    only test to run, where it is given; one that is not there notices nothing.
    """

    mutants: Sequence[Mutant]
    known: Mapping[str, str] | None = None
    killed_by: dict[str, str | None] = field(default_factory=dict)
    _failed: str | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        by_id = {item.nodeid: item for item in session.items}
        tests_of = self._those_known if self.known is not None else self._those_concerned(session.items)

        def run(mutant: Mutant) -> str | None:
            items = [by_id[one] for one in tests_of(mutant) if one in by_id]
            mutant.apply()
            return self._first_failure(items)

        for mutant, killer in in_children(run, self.mutants):
            self.killed_by[mutant.name] = "it hangs" if isinstance(killer, Hung) else killer
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed = report.nodeid

    def _those_known(self, mutant: Mutant) -> list[str]:
        return [self.known[mutant.name]] if self.known and mutant.name in self.known else []

    def _those_concerned(self, items: Sequence[pytest.Item]) -> Callable[[Mutant], list[str]]:
        by_place = self._tests_by_place(items)

        def of(mutant: Mutant) -> list[str]:
            seconds = {item.nodeid: took for place in mutant.places for item, took in by_place[place]}
            return sorted(seconds, key=lambda one: (seconds[one], one))

        return of

    def _tests_by_place(self, items: Sequence[pytest.Item]) -> dict[Place, list[tuple[pytest.Item, float]]]:
        places = {place for mutant in self.mutants for place in mutant.places}
        half = len(items) // 2
        by_place = defaultdict(list)
        for part, reached in in_children(partial(self._reached, places), (items[:half], items[half:])):
            if isinstance(reached, Hung):
                raise reached
            for item, one in zip(part, reached, strict=True):
                for place in one.places:
                    by_place[place].append((item, one.seconds))
        return by_place

    def _reached(self, places: Iterable[Place], items: Sequence[pytest.Item]) -> list[Reached]:
        """What each test does without a mutant."""
        found: list[Reached] = []
        places_of_one: set[Place] = set()
        probe(places, places_of_one.add)
        modules = {importlib.import_module(place.module) for place in places}
        caches = [one for module in modules for one in vars(module).values() if hasattr(one, "cache_clear")]
        for item in items:
            places_of_one.clear()
            for cached in caches:
                # Else a test would not be seen to call what an earlier one has called for it.
                cached.cache_clear()
            started = time.monotonic()
            if self._first_failure([item]):
                raise AssertionError(f"{item.nodeid} fails without any mutant")
            found.append(Reached(time.monotonic() - started, frozenset(places_of_one)))
        return found

    def _first_failure(self, items: Sequence[pytest.Item]) -> str | None:
        for item, following in zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                return self._failed
        return None
