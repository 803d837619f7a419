"""Actors that share one virtual time. Who goes next is drawn from a seed, so the same seed gives the same run.

An actor is a greenlet: ordinary synchronous code, such as the real use cases, that gives way wherever it calls
`pause` or `sleep`. Nothing runs at the same time as anything else, and no real time passes.
"""

from __future__ import annotations

import random
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from greenlet import GreenletExit, getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Process:
    """Actors that die together: an execution environment of a function, or a client.

    `skew_ms`: how far its clock is ahead of the true time. `calls`: how many calls it has made to the outside.
    """

    __slots__ = ("calls", "frozen_until", "is_dead", "kept", "name", "on_death", "skew_ms")

    def __init__(self, name: str, *, skew_ms: int = 0) -> None:
        self.name = name
        self.skew_ms = skew_ms
        self.is_dead = False
        self.frozen_until = 0
        self.calls = 0
        self.on_death: list[Callable[[], None]] = []
        self.kept: dict[str, Any] = {}

    def keep(self, name: str, make: Callable[[], Any]) -> Any:
        """What a function keeps in a global variable from one invocation to the next; made by the first."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]


class Actor:
    """One thread of control of a process. `result` is what it returned, `error` what it raised."""

    __slots__ = ("error", "greenlet", "is_asleep", "is_over", "joined_by", "name", "process", "result", "turn")

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self.process = process
        self.is_asleep = False
        self.turn = 0  # an alarm that was set for an earlier sleep is stale
        self.result: Any = None
        self.error: Exception | None = None
        self.is_over = False
        self.joined_by: Actor | None = None
        self.greenlet: greenlet


class Kernel:
    """`now` is the true time, in milliseconds since the simulation's start. `defects`: what escaped from an actor."""

    def __init__(self, seed: int) -> None:
        self.now = 0
        self.log: list[tuple[Any, ...]] = []
        self.defects: list[str] = []
        self._choice = random.Random(seed)
        self._ready: list[Actor] = []
        self._alarms: list[tuple[int, int, Actor, int]] = []
        self._alarms_set = 0
        self._live: dict[Actor, None] = {}
        self._network = Process("network")
        self._hub = getcurrent()
        self._running: Actor

    def spawn(
        self, name: str, process: Process, work: Callable[[], Any], *, delay_ms: int = 0, joined_by: Actor | None = None
    ) -> Actor:
        """Let `work` run as an actor of `process`, in `delay_ms` at the earliest.

        An exception that escapes it goes to the actor that joins it; without one it is a defect.
        """
        actor = Actor(name, process)
        actor.joined_by = joined_by
        actor.greenlet = greenlet(lambda: self._run_actor(actor, work), parent=self._hub)
        self._live[actor] = None
        if delay_ms:
            self._set_alarm(actor, delay_ms)
        else:
            self._ready.append(actor)
        return actor

    def kill(self, process: Process) -> None:
        """End a process at once: its actors do nothing more; the caller, if it is one, up to its next call."""
        if process.is_dead:
            return
        process.is_dead = True
        self.note(process.name, "killed")
        for actor in [one for one in self._live if one.process is process]:
            self.wake(actor)
        for tell in process.on_death:
            tell()

    def freeze(self, process: Process, milliseconds: int) -> None:
        """None of the process's actors goes on for so long."""
        process.frozen_until = max(process.frozen_until, self.now + milliseconds)
        if self._running.process is process:
            self.sleep(milliseconds)

    def later(self, name: str, work: Callable[[], Any], *, delay_ms: int = 0) -> None:
        """Let something happen that no process has in its hands any more, such as a request on its way."""
        self.spawn(name, self._network, work, delay_ms=delay_ms)

    def wake(self, actor: Actor) -> None:
        """End an actor's sleep; nothing when it is not asleep."""
        if actor.is_asleep:
            actor.is_asleep = False
            actor.turn += 1
            self._ready.append(actor)

    def run(self, *, until: Callable[[], bool], at_most_ms: int) -> bool:
        """Let the actors go on until `until` holds, which is asked after every step; False when the time ran out, or
        nobody was left, before that."""
        while not until():
            actor = self._next(at_most_ms)
            if actor is None:
                return False
            self._running = actor
            if actor.process.is_dead:
                self._unwind(actor)
            else:
                actor.greenlet.switch()
        return True

    def end(self) -> None:
        """Unwind whatever is still alive."""
        for actor in list(self._live):
            actor.process.is_dead = True
            self._running = actor
            self._unwind(actor)

    def note(self, *words: Any) -> None:
        """A line of the event log."""
        self.log.append((self.now, *words))

    def chance(self) -> float:
        """A uniform random number in [0, 1)."""
        return self._choice.random()

    # What an actor calls

    def pause(self) -> None:
        """Others may go first, without the time moving on."""
        if self._ready:
            self._ready.append(self._running)
            self._give_way()

    def sleep(self, milliseconds: int | None = None) -> None:
        """For so long, or until somebody wakes the actor; None: until then only."""
        actor = self._running
        actor.is_asleep = True
        if milliseconds is not None:
            self._set_alarm(actor, milliseconds)
        self._give_way()

    def all_of(self, work: Sequence[tuple[str, Callable[[], Any]]]) -> list[Any]:
        """Do it all side by side, in actors of the same process, and return what they returned, in order. When all are
        over, the first one's error is raised."""
        current = self._running
        actors = [self.spawn(name, current.process, one, joined_by=current) for name, one in work]
        while not all(actor.is_over for actor in actors):
            self.sleep()
        for actor in actors:
            if actor.error is not None:
                raise actor.error
        return [actor.result for actor in actors]

    @property
    def actor(self) -> Actor:
        """The one that is running."""
        return self._running

    def die(self) -> None:
        """The running actor's process is killed, here."""
        self.kill(self._running.process)
        raise GreenletExit

    def _run_actor(self, actor: Actor, work: Callable[[], Any]) -> None:
        try:
            actor.result = work()
        except GreenletExit:
            pass
        except Exception as error:
            actor.error = error
            if actor.joined_by is None:
                self.defects.append(f"{actor.name}: {type(error).__name__}: {error}")
        self._is_over(actor)

    def _unwind(self, actor: Actor) -> None:
        actor.greenlet.throw(GreenletExit)
        if not actor.is_over:  # it had not begun
            self._is_over(actor)

    def _is_over(self, actor: Actor) -> None:
        actor.is_over = True
        del self._live[actor]
        if actor.joined_by is not None:
            self.wake(actor.joined_by)

    def _give_way(self) -> None:
        process = self._running.process
        self._hub.switch()
        if process.is_dead:
            raise GreenletExit

    def _set_alarm(self, actor: Actor, milliseconds: int) -> None:
        self._alarms_set += 1
        heappush(self._alarms, (self.now + milliseconds, self._alarms_set, actor, actor.turn))

    def _next(self, at_most_ms: int) -> Actor | None:
        while (actor := self._drawn() if self._ready else self._woken(at_most_ms)) is not None:
            frozen_ms = actor.process.frozen_until - self.now
            if frozen_ms <= 0 or actor.process.is_dead:
                break
            self._set_alarm(actor, frozen_ms)
        return actor

    def _drawn(self) -> Actor:
        ready = self._ready
        position = int(self._choice.random() * len(ready))
        ready[position], ready[-1] = ready[-1], ready[position]
        return ready.pop()

    def _woken(self, at_most_ms: int) -> Actor | None:
        """The actor whose alarm is the next, and the time is moved on to it."""
        while self._alarms and self._alarms[0][0] <= at_most_ms:
            due, _, actor, turn = heappop(self._alarms)
            if not actor.is_over and turn == actor.turn:
                self.now = due
                actor.is_asleep = False
                actor.turn += 1
                return actor
        return None
