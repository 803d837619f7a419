"""What is explored: which jobs, and what may happen to them. Every scenario goes on until it shows no new state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from shared.model.job import Completion, Delivery, Job, JobKey, JobSpec, new_job
from tests.model_checking.planners import PLANNERS, TWO_ATTEMPTS, planned
from tests.model_checking.present import NOW, STEP
from tests.model_checking.table import SHARDING


@dataclass(frozen=True, kw_only=True, eq=False)
class Scenario:
    """`held` is how many requests of dead or impatient senders the network holds for each job at most, `wishes` what
    clients may ask for at any time, `failures` how effects may end beside succeeding, `slow_watcher` that anything may
    happen between the watcher's read and its write, `deferrals` that an executor may find that it cannot run a job,
    `declines` that it is not to run it. `planners` are at the versions of the job's template that there are.

    Times more than `memory_steps` ago are not told apart. `surprises`: how many faults and wishes there are at most
    (None: any number); time may pass at any moment in any case.
    """

    name: str
    jobs: tuple[Job, ...]
    executors: int = 2
    held: int = 0
    wishes: tuple[str, ...] = ("cancel",)
    failures: tuple[str, ...] = ("fail",)
    slow_watcher: bool = False
    deferrals: bool = False
    declines: bool = False
    planners: tuple[str, ...] = ()
    memory_steps: int = 1
    surprises: int | None = None


def a_job(name: str = "job", *, retry_on: tuple[str, ...] = (), **spec: Any) -> Job:
    """A job of two attempts that is due a step from now, and whose retry follows a step after its failure."""
    retry = replace(TWO_ATTEMPTS, retry_on=retry_on)
    wanted = JobSpec(target={"type": "http"}, run_at=NOW + STEP, retry=retry, **spec)
    return new_job(wanted, key=JobKey("acme", name), now=NOW, sharding=SHARDING)


def at_most_once(name: str = "job", **spec: Any) -> Job:
    """A job with one attempt, although its policy has two: its delivery alone forbids the other."""
    return a_job(name, delivery=Delivery.AT_MOST_ONCE, **spec)


_STEP_SECONDS: Final = round(STEP.total_seconds())
# As long as an executor's lease: the model has no other span.
_HEARD_OF_SECONDS: Final = 2 * _STEP_SECONDS

LATE_WRITES: Final = Scenario(name="writes that come late, or twice", jobs=(a_job(),), held=1)
REPORTED: Final = Scenario(
    name="an outcome that is reported",
    jobs=(a_job(completion=Completion.CALLBACK, timeout_seconds=86_400, heartbeat_timeout_seconds=_HEARD_OF_SECONDS),),
    executors=1,
    held=1,
    surprises=3,
)
REPORTED_WHILE_LOOKED_AT: Final = replace(
    REPORTED,
    name="an outcome that is reported while the watcher looks",
    held=0,
    slow_watcher=True,
    surprises=None,
)
AT_MOST_ONCE: Final = Scenario(name="at most once", jobs=(at_most_once(),), held=1, slow_watcher=True)
TWO_JOBS: Final = Scenario(name="two jobs", jobs=(a_job("first"), at_most_once("second")), held=1, surprises=1)
TEMPLATE: Final = Scenario(
    name="a template that changes", jobs=(planned(),), executors=1, held=1, planners=tuple(PLANNERS)
)
DEFERRED: Final = Scenario(
    name="a deferred job whose template changes",
    jobs=(planned(),),
    deferrals=True,
    planners=("version 2, without the occurrence", "version 3, with the occurrence"),
)
DEAD_LETTERS: Final = (
    Scenario(
        name="a failed job that is redriven or discarded",
        jobs=(at_most_once(),),
        executors=1,
        held=1,
        wishes=("cancel", "redrive", "discard"),
        declines=True,
    ),
    Scenario(
        name="a redriven job whose template changes",
        jobs=(planned(),),
        executors=1,
        held=1,
        wishes=("redrive",),
        failures=("fail for good",),
        planners=("version 2, without the occurrence", "version 3, with the occurrence"),
    ),
)

SCENARIOS: Final = (
    Scenario(name="another lane", jobs=(a_job(),), wishes=("let it take longer",), failures=("fail", "fail for good")),
    Scenario(
        name="at most once, deferred, with a start deadline",
        jobs=(at_most_once(expires_after_seconds=2 * _STEP_SECONDS),),
        deferrals=True,
        slow_watcher=True,
        memory_steps=3,
    ),
    Scenario(
        name="errors that are not tried again",
        jobs=(a_job(retry_on=("http_503",)),),
        failures=("fail", "fail for good"),
        wishes=("cancel", "run now"),
    ),
    Scenario(name="edits", jobs=(a_job(),), wishes=("cancel", "run now", "postpone", "allow one attempt")),
    Scenario(name="a slow watcher", jobs=(a_job(),), slow_watcher=True, declines=True),
    LATE_WRITES,
    AT_MOST_ONCE,
    Scenario(
        name="a start deadline, and edits that come late",
        jobs=(a_job(expires_after_seconds=_STEP_SECONDS),),
        executors=1,
        held=1,
        wishes=("postpone",),
        memory_steps=2,
    ),
    TEMPLATE,
    DEFERRED,
    REPORTED,
    REPORTED_WHILE_LOOKED_AT,
    *DEAD_LETTERS,
    TWO_JOBS,
)


# The same with more of everything at once; minutes.
LARGE: Final = (
    *(
        replace(one, executors=2, slow_watcher=True, held=1)
        for one in SCENARIOS
        if one not in {LATE_WRITES, AT_MOST_ONCE, TEMPLATE, DEFERRED, REPORTED, REPORTED_WHILE_LOOKED_AT, TWO_JOBS}
        and one not in DEAD_LETTERS
    ),
    replace(LATE_WRITES, held=2),
    replace(AT_MOST_ONCE, held=2),
    replace(TEMPLATE, executors=2),
    replace(DEFERRED, executors=1, held=1),
    replace(REPORTED, surprises=None),
    replace(REPORTED_WHILE_LOOKED_AT, executors=2),
    replace(TWO_JOBS, surprises=2),
)
