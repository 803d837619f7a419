"""Each guard of the moves is needed: without it something breaks. Those of which that is not so are known, with why."""

from __future__ import annotations

import pytest

from shared.model.lifecycle import LEGAL_MOVES, Move, Status, legal
from tests.model_checking.explore import examine, explore
from tests.model_checking.mutants import DroppedClause, WidenedMove, redundant

# As in `test_explore`: whoever asks first waits for the whole exploration.
pytestmark = pytest.mark.timeout(900)

WAKE_AT = DroppedClause("claim", "wake_at =")


def test_without_a_guard_something_breaks_unless_it_is_known_to_be_redundant() -> None:
    _, findings = examine()

    unneeded = {one.mutant for one in findings if one.counterexample is None}
    assert sorted(map(str, unneeded - set(redundant()))) == []
    assert sorted(map(str, set(redundant()) - unneeded)) == []


def test_every_move_and_every_clause_of_it_was_taken_away_in_turn() -> None:
    _, findings = examine()
    guards = {one.mutant.guard for one in findings if isinstance(one.mutant, DroppedClause)}
    sources = {(one.mutant.move, one.mutant.source) for one in findings if isinstance(one.mutant, WidenedMove)}

    moves = set(Move) - {Move.CREATE}
    assert guards == {*map(str, moves), "reap_retry", "reap_fail", "reap_stop"}
    assert sources == {
        (row.move, status)
        for row in LEGAL_MOVES
        for status in Status
        if row.move in moves and status not in row.sources
    }
    assert len(findings) >= 146


@pytest.mark.parametrize(
    ("mutant", "broken"),
    [
        (WAKE_AT, "I10: an attempt began before its time"),
        (DroppedClause("claim", "due_shard begins_with"), "lane: a job of 61 s began in lane normal"),
        (DroppedClause("succeed", "fence ="), "I4: a write under fence 1 changed a job that is under fence 2"),
        (
            DroppedClause("retry", "cancel_requested_at absent"),
            "I7: another attempt began after a cancel was requested",
        ),
        (DroppedClause("reap_retry", "lease_until <"), "I11: the watcher took a job whose lease was live"),
        (
            DroppedClause("claim", "misfire_at absent or misfire_at > or attempt >"),
            "I10: an occurrence began that was missed",
        ),
        (DroppedClause("replan", "attempt ="), "template: a replan changed a job that has begun"),
        (
            DroppedClause("withdraw", "template_version <"),
            "template: a withdraw by an older version changed what a newer one had decided",
        ),
        (DroppedClause("reinstate", "reason ="), "I5: a job that is skipped was changed"),
        (
            DroppedClause("decline", "cancel_requested_at absent"),
            "I7: a job was skipped that a client had asked to cancel",
        ),
        (DroppedClause("await", "fence ="), "I4: a write under fence 1 changed a job that is under fence 2"),
        (
            DroppedClause("await", "awaiting_since absent"),
            "report: a worker's lease was taken for that of the call",
        ),
        (WidenedMove(Move.WATCH, Status.SCHEDULED), "report: a job was put off that awaits nothing"),
        (WidenedMove(Move.EDIT, Status.SUCCEEDED), "I5: a job that is succeeded was changed"),
        (WidenedMove(Move.DEFER, Status.SCHEDULED), "I3: attempt -1, 0 outcomes, scheduled"),
    ],
    ids=str,
)
def test_what_breaks_without_a_guard_is_what_it_is_for(mutant: DroppedClause | WidenedMove, broken: str) -> None:
    found = {one.mutant: one.counterexample for one in examine()[1]}[mutant]

    assert found is not None
    assert found.broken == broken


def test_a_counterexample_tells_what_happened_and_when() -> None:
    exploration = explore(mutant=WidenedMove(Move.CLAIM, Status.RUNNING))

    assert exploration.broken == "I3: attempt 2, 0 outcomes, running"
    assert exploration.trace == (
        "   0 s  a message is sent, due in 30 s",
        "  30 s  an executor receives the message that is due now",
        "  30 s  a claim is applied, its answer is lost: job is running, fence 1, attempt 1",
        "  30 s  an executor has claimed: job is running, fence 2, attempt 2",
    )


def test_a_widened_move_is_narrow_again_afterwards() -> None:
    before = legal(Move.SUCCEED)

    with WidenedMove(Move.SUCCEED, Status.SKIPPED).in_force():
        during = legal(Move.SUCCEED)

    assert Status.SKIPPED in during.sources
    assert legal(Move.SUCCEED) is before
