"""Every row of the table of legal moves with one source more, or one less."""

from __future__ import annotations

from typing import Final

from shared.model.lifecycle import LEGAL_MOVES, Move, Status
from tests.mutation.clauses import MADE, MAKERS
from tests.mutation.mutant import Place, TableMutant

# Who reads the table: the functions that make the moves, and one use case.
_READERS: Final = {move: {MAKERS[maker] for maker, change in MADE if change.move is move} for move in Move}
_READERS[Move.EDIT].add(Place("functions.api.edit_job", "EditJob.__call__"))
# A cancel asks first whether the job runs.
_READERS[Move.REQUEST_CANCEL].add(MAKERS["cancel"])

# A creation starts from nothing: its guard is that no item of the id exists, not the status of one.
TABLE_MUTANTS: Final = tuple(
    TableMutant(row.move, status, frozenset(_READERS[row.move]))
    for row in LEGAL_MOVES
    if row.move is not Move.CREATE
    for status in Status
)
