from __future__ import annotations

import pytest

from shared.model.lifecycle import LEGAL_MOVES, LIVE, TERMINAL, Actor, Move, Status, legal


def test_every_move_has_one_row_in_the_table() -> None:
    rows = [row.move for row in LEGAL_MOVES]

    assert sorted(rows) == sorted(Move)
    assert all(legal(move).move is move for move in Move)


def test_a_status_is_either_live_or_terminal() -> None:
    assert set(Status) == LIVE | TERMINAL
    assert not LIVE & TERMINAL
    assert {status for status in Status if status.is_terminal} == TERMINAL


def test_no_move_leaves_a_terminal_status_but_those_that_take_a_withdrawal_back_and_run_a_failed_job_again() -> None:
    assert [(row.move, row.sources & TERMINAL) for row in LEGAL_MOVES if row.sources & TERMINAL - {row.target}] == [
        (Move.REINSTATE, {Status.SKIPPED}),
        (Move.REDRIVE, {Status.FAILED}),
    ]


def test_only_who_knows_templates_plans_anew_withdraws_and_reinstates() -> None:
    for move in (Move.REPLAN, Move.WITHDRAW, Move.REINSTATE):
        assert legal(move).actors == (Actor.API, Actor.RECURRENCE)


def test_only_creation_starts_from_nothing() -> None:
    assert [row.move for row in LEGAL_MOVES if not row.sources] == [Move.CREATE]


def test_every_status_but_blocked_is_reached_and_every_live_one_is_left() -> None:
    # Nothing blocks a job yet: the status is there so that older functions know it when something does.
    assert {row.target for row in LEGAL_MOVES} == set(Status) - {Status.BLOCKED}
    for status in LIVE:
        assert any(status in row.sources and row.target is not status for row in LEGAL_MOVES), status


def test_only_a_claim_starts_a_job_and_only_an_executor_claims() -> None:
    starters = [row for row in LEGAL_MOVES if row.target is Status.RUNNING and Status.RUNNING not in row.sources]

    assert [row.move for row in starters] == [Move.CLAIM]
    assert starters[0].actors == (Actor.EXECUTOR,)


@pytest.mark.parametrize("row", LEGAL_MOVES, ids=lambda row: row.move)
def test_every_row_says_who_and_why(row) -> None:
    assert row.actors
    assert row.meaning
