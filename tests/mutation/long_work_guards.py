"""What is asked where work outlives its call: by the moves, by who hands it over, by who takes reports."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_move = partial(SourceMutant, "shared/model/long_work.py")
_token = partial(SourceMutant, "shared/model/lease_token.py")
_report = partial(SourceMutant, "functions/api/report_execution.py")
_hand = partial(SourceMutant, "functions/executor/hand_over.py")
_execute = partial(SourceMutant, "functions/executor/execute_job.py")
_commit = partial(SourceMutant, "functions/executor/commit_outcome.py")
_sweep = partial(SourceMutant, "functions/watcher/sweep.py")

LONG_WORK_GUARDS: Final = (
    # Moves
    _move("a worker's lease outlasts its time", "return min(now + timedelta(", "return max(now + timedelta("),
    _move(
        "a worker has an executor's lease",
        "if job.awaiting_since is not None:\n        return _lease",
        "if False:\n        return _lease",
    ),
    _move("a checkpoint shortens a lease", "lease > job.lease_until", "lease != job.lease_until"),
    _move(
        "a checkpoint extends an executor's lease",
        "is_kept_alive = job.awaiting_since is not None and job",
        "is_kept_alive = job",
    ),
    _move(
        "a checkpoint keeps alive what is to be cancelled",
        "is not None and job.cancel_requested_at is None\n",
        "is not None\n",
    ),
    _move("a worker that takes too long is lost", "job.lease_until >= deadline_of(job)", "False"),
    _move(
        "an executor that takes too long is timed out",
        "if job.awaiting_since is None:\n        return LOST",
        "if False:\n        return LOST",
    ),
    _move("a job stays where only the watcher looks", "DueShard(job.lane, job.due_shard.number)", "job.due_shard"),
    _move("what is accepted stays where it is sent", "DueShard(None, job.due_shard.number)", "job.due_shard"),
    # Tokens
    _token("a token holds whatever its claim", "return is_claim and job", "return job"),
    _token("a token holds what does not run", "job.status is Status.RUNNING and job.fence", "job.fence"),
    _token("a token holds another attempt", " and job.fence == self.fence", ""),
    # Reports
    _report("a stale token reports", "if not token.holds(job):", "if False:"),
    _report(
        "a report that was overtaken is made again",
        "if refusal.current is None or not token.holds(refusal.current):",
        "if refusal.current is None:",
    ),
    _report("a race with an executor is lost", "                job = refusal.current\n", ""),
    _report(
        "a cancelled job's lease is extended", "if job.cancel_requested_at is not None or long_work", "if long_work"
    ),
    _report(
        "a first sign of life accepts nothing",
        "if long_work.is_to_be_accepted(job):\n                return",
        "if False:\n                return",
    ),
    _report(
        "a sign of life after the time is one",
        "if job.awaiting_since is not None and self.clock.now() >=",
        "if False and self.clock.now() >=",
    ),
    _report("anything is ended by a report", "if not long_work.awaits_callback(job):", "if False:"),
    _report(
        "the same report is stale when it comes again",
        "if lost.current is None or not is_reported(lost.current):",
        "if True:",
    ),
    _report(
        "any late report is one that came before",
        "if lost.current is None or not is_reported(lost.current):",
        "if lost.current is None:",
    ),
    _report("a report with other output is the same", "and ended.output.size_bytes == len(output)", ""),
    _report("a report of another outcome is the same", "ended.outcome in outcomes\n        and ", ""),
    _report(
        "a checkpoint is looked for where there is none", "None if job.checkpoint_at is None else", "None if False else"
    ),
    # Handing over, and what comes of it
    _hand(
        "every target is handed a token",
        "if token is None or not (in_the_runner or awaits_callback(job)):",
        "if token is None:",
    ),
    _hand(
        "a checkpoint is read for everybody",
        "if in_the_runner and job.checkpoint_at is not None else None",
        "if job.checkpoint_at is not None else None",
    ),
    _hand(
        "a checkpoint is looked for in each run",
        "if in_the_runner and job.checkpoint_at is not None else None",
        "if in_the_runner else None",
    ),
    _execute("what is accepted has succeeded", "elif answer.failure is None and awaits_callback(job):", "elif False:"),
    _execute(
        "what is refused is accepted",
        "elif answer.failure is None and awaits_callback(job):",
        "elif awaits_callback(job):",
    ),
    _execute("a call that accepts has all of the time", "Deadline(job.call_seconds)", "Deadline(job.timeout_seconds)"),
    _execute(
        "work begins anew without its checkpoint",
        "reporting = self._try_for_a_while(partial(self.hand_over, job))",
        "reporting = None",
    ),
    _commit(
        "a quick report is an outcome refused",
        "elif current is not None and _is_overtaken_by_report(job, current):",
        "elif False:",
    ),
    _commit(
        "a lost attempt was reported", "ended is not None and ended.outcome is not Outcome.LOST", "ended is not None"
    ),
    _commit(
        "one's own acceptance is not recognised",
        "return current.fence == job.fence and current.awaiting_since is not None",
        "return False",
    ),
    _commit("another's acceptance is one's own", "return current.fence == job.fence and current", "return current"),
    # The sweep
    _sweep(
        "nobody looks at who awaits a report",
        "watched_shards(self.sharding.due)",
        "watched_shards(self.sharding.due)[: -self.sharding.due]",
    ),
    _sweep(
        "who was heard of is looked at each minute",
        "if job.awaiting_since is not None:\n            self._write",
        "if False:\n            self._write",
    ),
    _sweep(
        "what nobody sends is sent",
        "0 if shard.lane is None else self._send_again(shard.lane,",
        "self._send_again(shard.lane,",
    ),
    _sweep(
        "a lost worker is found late",
        "cursor.pass_at if shard.lane is None else cursor.pass_at - _YOUNGEST",
        "cursor.pass_at - _YOUNGEST",
    ),
)

_store = partial(SourceMutant, "shared/adapters/dynamodb/checkpoints.py")
_memory = partial(SourceMutant, "shared/adapters/memory/checkpoints.py")

CHECKPOINT_STORE_GUARDS: Final = (
    _store(
        "dynamodb: a checkpoint that comes late takes the place of a newer one",
        'ConditionExpression="attribute_not_exists(pk) OR n <= :n"',
        'ConditionExpression="attribute_not_exists(pk) OR n <= :n OR n > :n"',
    ),
    _store(
        "dynamodb: a checkpoint never takes the place of another",
        '"attribute_not_exists(pk) OR n <= :n"',
        '"attribute_not_exists(pk) AND :n = :n"',
    ),
    _store("dynamodb: a checkpoint that is saved again is refused", "OR n <= :n", "OR n < :n"),
    _store("dynamodb: large checkpoints of a job share an object", "/{checkpoint.number}", ""),
    _store("dynamodb: a checkpoint is read as it was", "ConsistentRead=True", "ConsistentRead=False"),
    _store(
        "dynamodb: an object that has gone is an outage",
        'if error.response["Error"]["Code"] != "NoSuchKey":',
        "if True:",
    ),
)
CHECKPOINT_GUARDS: Final = (
    _memory(
        "memory: a checkpoint that comes late takes the place of a newer one",
        "kept.number > checkpoint.number",
        "False",
    ),
    _memory(
        "memory: a checkpoint that is saved again is refused", "kept.number > checkpoint", "kept.number >= checkpoint"
    ),
)
