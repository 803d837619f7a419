"""What keeps a redrive fresh, and a bulk action from doing a job twice, too early or not at all."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_moves = partial(SourceMutant, "shared/model/dead_letters.py")
_key = partial(SourceMutant, "shared/model/attention.py")
_action = partial(SourceMutant, "shared/model/bulk_action.py")
_advance = partial(SourceMutant, "shared/dead_letters/advance_bulk_action.py")
_deal = partial(SourceMutant, "shared/dead_letters/deal_with_dead_letter.py")
_find = partial(SourceMutant, "shared/dead_letters/find_dead_letters.py")
_watch = partial(SourceMutant, "functions/watcher/advance_bulk_actions.py")
_dynamodb = partial(SourceMutant, "shared/adapters/dynamodb/bulk_actions.py")

DEAD_LETTER_GUARDS: Final = (
    # One job
    _moves("a redrive has no fresh budget", '"attempt": 0,', '"attempt": job.attempt,'),
    _moves("a redrive is not counted", '"redrives": job.redrives + 1,', '"redrives": 1,'),
    _moves("at most once begins again unasked", "and not asked.may_begin_again:", "and False:"),
    _moves("a redriven job has expired", "start_deadline(asked.wake_at,", "start_deadline(job.run_at,"),
    _moves(
        "a redriven job stays in its former lane",
        "due_shard_of(job.key, changed.lane",
        "due_shard_of(job.key, job.lane",
    ),
    _moves("a redriven job has ended", "        **dict.fromkeys(_OF_ITS_END),\n", ""),
    _moves(
        "a redriven job is still listed",
        "        **dict.fromkeys(_OF_ITS_END),\n        **NO_ATTENTION,\n",
        "        **dict.fromkeys(_OF_ITS_END),\n",
    ),
    _key("the key tells no cause", "#{fingerprint}#", "#0000000000#"),
    _key("the first error is the cause", "in reversed(executions) if", "in executions if"),
    # Many
    _action("a discarded job is meant", " or job.discarded_at is not None:", ":"),
    _action("what fails later is meant", "now if before is None else min(before, now)", "before"),
    _advance(
        "an action is done before its last page", "if after.is_complete and not has_sent_canary", "if after.matched"
    ),
    _advance(
        "the rest does not wait for the canary", "None if has_sent_canary else self._find_page", "self._find_page"
    ),
    _advance(
        "a canary that failed is followed",
        "if job is not None and job.status is Status.SUCCEEDED:",
        "if job is not None:",
    ),
    _advance("jobs are redriven far ahead", "self._room(action, now)", "_PAGE"),
    _advance("slots are taken twice after a crash", "if taken else []", "if False else []"),
    _deal("a job is redriven by each that comes by", "if is_done(action, job):", "if False:"),
    _deal(
        "a filter is asked only once",
        "if job.status is Status.FAILED and not action.spec.wanted.matches(job):",
        "if False:",
    ),
    _deal("an edit is forgotten", "changes=self._edits(job, action.spec.payload_patch),", ""),
    _find("a rare match makes a search slow", "and reads > 0:", ":"),
    _find("a search ends too early", "entry is not entries[-1] else None", "False else None"),
    _watch("a step is forgotten before it is done", "if action.step_at == step.step_at:", "if False:"),
    _watch("a step that fails keeps its turn", "key=self._failed.__contains__)", "key=lambda step: 0)"),
    _watch("steps of the first page are all", "while len(page) == _PAGE:", "while False:"),
    _watch("an action has no next step", "if not after.has_ended:", "if False:"),
)

BULK_STORE_GUARDS: Final = (
    _dynamodb(
        "dynamodb: a bulk action is put over another", '"attribute_not_exists(pk)"', '"attribute_not_exists(nothing)"'
    ),
    _dynamodb("dynamodb: a bulk action is put over another's version", '"v = :seen"', '"v = v AND :seen = :seen"'),
    _dynamodb(
        "dynamodb: one's own bulk action is taken for another's", "if refusal.item != _encode(action):", "if True:"
    ),
)
