"""Every call of AWS that any use case makes goes wrong, in every way there is, one at a time; and from then on.

Whatever it was: when all is well again, every job ends as it should, and what clients were told is so.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from shared.model.errors import StoreUnavailable
from tests.integration.faults.account import Account, account_on
from tests.integration.faults.cases import CASES, Case, Unseen
from tests.integration.faults.oracle import wrongs
from tests.integration.faults.wire import At, Died, Fault, faults_of
from tests.integration.faults.world import World, world_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.model.execution import Outcome
    from shared.model.lifecycle import Status

CALLS_ENUMERATED: Final = 76
"""How many calls fail, each in every way there is."""

FAILURES_ENUMERATED: Final = 1114
"""How many ways that makes: the worlds that are run."""


class Failure(NamedTuple):
    """The call at `position` has this fault, and with `lasting` all that follow it. With `again` whoever acted does the
    same once more: a client that is not sure, a function that is invoked twice. Without it, also a message whose
    execution failed is gone."""

    position: int
    fault: Fault
    lasting: bool
    again: bool


# To a use case, no connection is an internal error, and an internal error after the fact a lost answer. What an adapter
# makes of each is tested by itself, and random runs have them all.
_LIKE_ANOTHER: Final = frozenset({Fault.UNREACHABLE, Fault.FALSE_ERROR})
_ENDURING: Final = frozenset({Fault.REFUSED, Fault.LOST_ANSWER, Fault.RESENT, Fault.IN_PART})


def failing_calls(case: Case) -> Sequence[int]:
    return range(len(case.calls)) if case.failing is None else case.failing


def failures_of(case: Case) -> Iterator[Failure]:
    for position in failing_calls(case):
        for fault in faults_of(case.calls[position]):
            if fault in _LIKE_ANOTHER:
                continue
            yield Failure(position, fault, lasting=False, again=False)
            if fault not in {Fault.RESENT, Fault.IN_PART}:
                yield Failure(position, fault, lasting=False, again=True)
            if fault in _ENDURING:
                yield Failure(position, fault, lasting=True, again=False)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with account_on("emulator") as account:
        yield account


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_makes_the_calls_that_are_made_to_fail(account: Account, case: Case) -> None:
    with world_on(account) as world:
        prepared = case.prepare(world)
        before = len(world.wire.calls)

        case.act(world, prepared)

        assert tuple(world.wire.calls[before:]) == case.calls


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_job_ends_as_it_should_whatever_call_fails(account: Account, case: Case) -> None:
    undisturbed = undisturbed_ends(account, case)

    wrong = {
        failure: found
        for failure in failures_of(case)
        if (found := what_goes_wrong(account, case, failure, undisturbed))
    }

    assert not wrong


def test_no_call_and_no_way_of_failing_is_left_out() -> None:
    assert sum(len(failing_calls(case)) for case in CASES) == CALLS_ENUMERATED
    assert sum(1 for case in CASES for _ in failures_of(case)) == FAILURES_ENUMERATED


def what_goes_wrong(account: Account, case: Case, failure: Failure, undisturbed: set[End]) -> list[str]:
    with world_on(account) as world:
        prepared = case.prepare(world)
        fault = At(failure.position, failure.fault, lasting=failure.lasting)
        world.wire.fault_of = fault
        world.redelivers = failure.again
        for _ in range(1 + failure.again):
            with suppress(Died, StoreUnavailable):
                case.act(world, prepared)
        assert fault.hits
        world.settle()
        found = wrongs(world)
        ends = ends_of(world)
        if not {end.status for end in ends} <= case.ends or (is_unseen(case, failure) and ends != undisturbed):
            found.append(f"ended with {ends}")
        return found


def is_unseen(case: Case, failure: Failure) -> bool:
    if failure.fault is Fault.RESENT:
        return True
    match case.unseen:
        case Unseen.ONCE:
            return not (failure.lasting or failure.fault.kills)
        case Unseen.IF_REPEATED:
            return failure.again
        case Unseen.NONE:
            return False


class End(NamedTuple):
    """What remains of a job."""

    status: Status
    name: str | None
    attempt: int
    outcomes: tuple[Outcome, ...]


def ends_of(world: World) -> set[End]:
    return {
        End(job.status, job.name, job.attempt, tuple(one.outcome for one in job.executions))
        for job in world.stored().values()
    }


def undisturbed_ends(account: Account, case: Case) -> set[End]:
    with world_on(account) as world:
        case.act(world, case.prepare(world))
        world.settle()
        return ends_of(world)
