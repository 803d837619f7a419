"""The memory stores against the real adapters, on moto and on the emulator of `make run` (which share no code):
whatever is asked, in whatever order, the answers are the same, and all that is stored and indexed in the end.

`OPERATIONS=100000 pytest tests/contract -k same` makes about so many. A failure prints the shortest
history that shows it, and a line that reproduces it.

Where they differ, and why nothing else may rely on either side:

* Where a payload lies, and under which name, is the store's own affair: payloads are compared by their bytes.
* After the last entry of `due` DynamoDB may name a position from which nothing more comes; memory never does.
* A page of `due` may end early at AWS (1 MB); here it ends at its limit. `tests/integration/faults` cuts pages short.
* Entries of `due` for the same moment come in an order of the store's own. All three here happen to sort them by key.
* Two entries of a list with the same sort key could make a page of DynamoDB's one shorter. The keys' second part is
  random, and the jobs here have different ones.
* AWS refuses items over 400 KB, keys over 1 and 2 KB and empty keys of an index; memory takes them. The API refuses
  long before.
* A condition about a field whose default is not stored, or that is stored as JSON: see `test_same_expressions`.
* Times are stored in milliseconds (`expire_item_at` in seconds), while memory keeps them as they are. `VirtualClock`
  and the moves make no finer ones (`tests/unit/model/test_laws.py`).
* DynamoDB deletes an item some time after its `expire_item_at`; memory, moto, and the emulator as used here never do.
* A job that a newer version wrote is unreadable in DynamoDB; in memory there is none.
* Indexes that lag, throttling, and answers that get lost are no part of this: both sides are asked when all is well.
"""

from __future__ import annotations

from typing import Final

from hypothesis import given, note
from hypothesis import strategies as st

from tests.contract.budget import share_of_budget
from tests.contract.draws import Draw
from tests.contract.operations import OPERATIONS, index_contents
from tests.contract.peers import memory_and
from tests.jobs import START

_HISTORIES: Final = st.lists(st.binary(min_size=16, max_size=16), min_size=20, max_size=100)
_MEAN_LENGTH: Final = 45


@share_of_budget(0.5, operations_each=_MEAN_LENGTH)
@given(_HISTORIES)
def test_the_emulator_answers_as_memory_does(history: list[bytes]) -> None:
    check("emulator", history)


@share_of_budget(0.25, operations_each=_MEAN_LENGTH)
@given(_HISTORIES)
def test_moto_answers_as_memory_does(history: list[bytes]) -> None:
    check("moto", history)


def check(other: str, history: list[bytes]) -> None:
    with memory_and(other) as (memory, dynamodb):
        now = START
        for step in history:
            operation = OPERATIONS[step[-1] % len(OPERATIONS)]
            draw = Draw(step, now)
            expected = memory.answer(operation, draw)
            if expected is not None:
                note(f"{operation.__name__} at {draw.now:%d %H:%M:%S.%f}: {expected}")
            assert dynamodb.answer(operation, Draw(step, now)) == expected
            now = draw.now

        assert dynamodb.all_jobs() == memory.all_jobs()
        assert index_contents(dynamodb) == index_contents(memory)
