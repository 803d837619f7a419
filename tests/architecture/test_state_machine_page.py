"""`docs/state-machine.md` says what the code does: its diagram and its table are read here and compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.model import moves
from shared.model.change import AnyOf, Change, Clause
from shared.model.lanes import Priority
from shared.model.lifecycle import LEGAL_MOVES, TERMINAL, LegalMove, Move
from tests.jobs import SHARDING, START, a_job, at
from tests.witnesses import CASES, Case

PAGE = (Path(__file__).parents[2] / "docs" / "state-machine.md").read_text("utf-8")
ARROW = re.compile(r"^ {4}(\S+) --> (\S+)(?: : (\w))?$", re.MULTILINE)
CODE = re.compile(r"`(\w+)`")
NEW = "[*]"

# What every move but those that nobody decided writes, as the page says above the table.
ALWAYS_WRITTEN = {"status", "updated_at", "version"}


def rows() -> dict[str, dict[str, str]]:
    """The page's table: move → column → text."""
    header, _, *lines = [line for line in PAGE.splitlines() if line.startswith("|")]
    columns = [column.strip() or "letter" for column in header.strip("|").split("|")]
    table = [dict(zip(columns, (cell.strip() for cell in line.strip("|").split("|")), strict=True)) for line in lines]
    return {row["move"]: row for row in table}


def changes_of(move: Move) -> list[Change]:
    """The changes that a move can be: as the executor makes it and as the watcher does, or with every edit at once."""
    everything = {"run_at": at(60), "priority": Priority.HIGH, "expires_after_seconds": 5}
    edits = [moves.edit(a_job(), everything, now=START, sharding=SHARDING)] if move is Move.EDIT else []
    return [*(case.change for case in CASES if case.change.move is move), *edits]


def fields_asked(change: Change) -> set[str]:
    clauses = [
        clause
        for condition in change.when
        for clause in (condition.clauses if isinstance(condition, AnyOf) else (condition,))
        if isinstance(clause, Clause)
    ]
    return {clause.field for clause in clauses} - {"status"}


def test_the_table_has_every_move_once_with_a_letter_of_its_own() -> None:
    letters = [row["letter"] for row in rows().values()]

    assert list(rows()) == [row.move.value for row in LEGAL_MOVES]
    assert letters == sorted(set(letters))


@pytest.mark.parametrize("legal", LEGAL_MOVES, ids=lambda row: row.move)
def test_a_row_says_who_moves_a_job_from_where_to_where_and_why(legal: LegalMove) -> None:
    row = rows()[legal.move]

    assert row["from"].split(", ") == (sorted(legal.sources) or ["nothing"])
    assert row["to"] == legal.target
    assert row["who"].split(", ") == list(legal.actors)
    assert row["why"] == legal.meaning


def test_the_diagram_has_an_arrow_for_every_legal_move_and_no_other() -> None:
    letters = {row["letter"]: move for move, row in rows().items()}
    drawn = [(letters[letter], source, target) for source, target, letter in ARROW.findall(PAGE) if letter]

    assert sorted(drawn) == sorted(
        (row.move.value, source, row.target.value) for row in LEGAL_MOVES for source in (row.sources or {NEW})
    )


def test_the_diagram_ends_at_every_terminal_status_and_at_no_other() -> None:
    assert sorted(source for source, target, _ in ARROW.findall(PAGE) if target == NEW) == sorted(TERMINAL)


@pytest.mark.parametrize("move", [move for move in Move if move is not Move.CREATE])
def test_a_row_names_what_its_condition_asks(move: Move) -> None:
    asked = set().union(*(fields_asked(change) for change in changes_of(move)))

    assert set(CODE.findall(rows()[move]["only if"])) == asked


@pytest.mark.parametrize("move", [move for move in Move if move not in {Move.CREATE, Move.EDIT}])
def test_a_row_names_what_is_written_and_what_is_removed(move: Move) -> None:
    written, _, removed = rows()[move]["writes"].partition("; removes ")
    for change in changes_of(move):
        gone = {field for field, value in change.set.items() if value is None}
        assert set(CODE.findall(removed)) == gone
        assert set(CODE.findall(written)) == ({*change.set, *change.add} - gone) - ALWAYS_WRITTEN


def test_an_edit_writes_what_follows_from_what_the_client_changes() -> None:
    change = changes_of(Move.EDIT)[-1]

    asked = {"run_at", "priority", "expires_after_seconds"}
    assert set(CODE.findall(rows()[Move.EDIT]["writes"])) == {*change.set} - ALWAYS_WRITTEN - asked


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_move_but_those_that_keep_an_attempt_going_is_a_new_version(case: Case) -> None:
    always = set() if case.change.move in {Move.HEARTBEAT, Move.CHECKPOINT, Move.WATCH} else ALWAYS_WRITTEN

    assert ALWAYS_WRITTEN & {*case.change.set, *case.change.add} == always
