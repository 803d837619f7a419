"""What the executor asks in Python before it writes or calls a target."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_execute = partial(SourceMutant, "functions/executor/execute_job.py")
_commit = partial(SourceMutant, "functions/executor/commit_outcome.py")
_beat = partial(SourceMutant, "functions/executor/heartbeat.py")

_READ = """\
        try:
            payload = self._try_for_a_while(partial(self.jobs.load_payload, job))
            reporting = self._try_for_a_while(partial(self.hand_over, job))
        except PayloadUnavailable as error:
            return Answer(failure=Failure("payload_unavailable", str(error)))
        except StoreUnavailable as error:
            self.telemetry.warn("call_not_prepared", error=str(error), **job.identity())
            raise _NotCalled("store_unavailable") from None
"""
_MIND_THE_LEASE = """\
        if watched.lease_until is None or self.clock.now() >= watched.lease_until:
            raise _NotCalled("lease_over")
"""

EXECUTOR_GUARDS: Final = (
    # Taking a message
    _execute("a message that is much too early is waited for", "if early > _LONGEST_WAIT_SECONDS:", "if False:"),
    _execute(
        "a job is begun with little time left",
        "if seconds_left() < max(early, 0) + message.lane.max_job_seconds + _COMMIT_SECONDS:",
        "if False:",
    ),
    _execute("no time is kept for the outcome", " + _COMMIT_SECONDS:", ":"),
    _execute("the wait takes no time", "max(early, 0) + message", "message"),
    _execute("an attempt begins before its time", "self._wait_for(message.hint)", "pass"),
    _execute("a sleep that ends early is believed", "while (early :=", "if (early :="),
    _execute(
        "a message whose claim failed is deleted",
        'return self._give_back(message, _CLAIM_AGAIN_SECONDS, "claim_failed")',
        "return Verdict.DONE",
    ),
    # Claiming
    _execute("a claim, and a payload, is tried once", "range(_TRIES - 1)", "range(0)"),
    _execute(
        "one's own claim is not recognised", "if current is not None and current.claim_id == claim_id:", "if False:"
    ),
    _execute("another's claim is taken for one's own", " and current.claim_id == claim_id:", ":"),
    _execute(
        "what is too late is left to lie", "if current is not None and current.wake_at == hint.wake_at:", "if False:"
    ),
    _execute("a stale message ends a job as too late", " and current.wake_at == hint.wake_at:", ":"),
    _execute("a refused claim ends a job in time as too late", "if reason is not None:", "if True:"),
    # Running
    _execute("a target type of a newer version fails the job", "if target is None:", "if False:"),
    _execute("a target is called without a lease", _MIND_THE_LEASE, ""),
    _execute(
        "a target is called as the lease ends",
        "self.clock.now() >= watched.lease_until",
        "self.clock.now() > watched.lease_until",
    ),
    _execute("a job that has no lease is called", "if watched.lease_until is None or ", "if "),
    _execute(
        "the lease is minded before the payload is there",
        _READ + _MIND_THE_LEASE,
        _MIND_THE_LEASE + _READ,
    ),
    _execute("a target's defect escapes", "except Exception as error:", "except KeyboardInterrupt as error:"),
    _execute(
        "a payload that is not there ends the executor",
        "except PayloadUnavailable as error:",
        "except KeyError as error:",
    ),
    _execute("a failure is committed on a lost lease", "if watched.lost and answer.failure is not None:", "if False:"),
    _execute("a success on a lost lease is given up", " and answer.failure is not None:", ":"),
    _execute("what was never called is an attempt", "self._put_back(job, str(why))", "pass"),
    _execute("a cancel that stopped the work is forgotten", "cancelled=watched.cancelled", "cancelled=False"),
    # Committing
    _commit("a cancelled attempt goes the way of a failed one", "if cancelled:", "if False:"),
    _commit(
        "a retry refused by a cancel is given up",
        "now, if_cancelled=stopped, why=failure.type",
        "now, why=failure.type",
    ),
    _commit("a deferral refused by a cancel is given up", "deferred, now, if_cancelled=stopped", "deferred, now"),
    _commit("a refusal by a gate is given up for a cancel", "declined, now, if_cancelled=stopped", "declined, now"),
    _commit(
        "a refused retry cancels the job unasked",
        "current.cancel_requested_at is not None and if_cancelled",
        "if_cancelled",
    ),
    _commit(
        "one's own outcome is not recognised",
        "if current is not None and _is_written(change, job, current):",
        "if False:",
    ),
    _commit("any refused outcome is taken for written", " and _is_written(change, job, current):", ":"),
    _commit(
        "the watcher's word is taken for one's own",
        "current.execution(job.fence) == history[-1]",
        "current.execution(job.fence) is not None",
    ),
    _commit("a move without a history is looked for in it", "if history is None:", "if False:"),
    _commit("an outcome is tried once", "if self.clock.now() >= give_up_at:", "if True:"),
    _commit("an outcome is lost with its output", "except StoreUnavailable as error:", "except KeyError as error:"),
    # Keeping the lease
    _beat("failing beats never stop the work", "watched.lost = watched.failures >= FAILED_BEATS or", "watched.lost ="),
    _beat("failed beats need not be in a row", "watched.failures = 0", "pass"),
    _beat(
        "a failed beat is not soon tried again", "seconds=_AFTER_FAILURE_SECONDS", "seconds=limits.HEARTBEAT_SECONDS"
    ),
    _beat("a lost lease goes unnoticed", "watched.lost = job is None", "watched.lost = False"),
    _beat(
        "a cancel goes unnoticed", "watched.cancelled = job is not None and job.cancel_requested_at is not None", "pass"
    ),
    _beat(
        "a lost lease is asked for its cancel", "job is not None and job.cancel_requested_at", "job.cancel_requested_at"
    ),
    _beat("a lost lease does not stop the work", "if watched.lost or watched.cancelled:", "if watched.cancelled:"),
    _beat("a cancel does not stop the work", "if watched.lost or watched.cancelled:", "if watched.lost:"),
    _beat(
        "every refused beat is a lost lease",
        "return current if current is not None and _is_ours(job, current) else None",
        "return None",
    ),
    _beat(
        "no refused beat is a lost lease",
        "return current if current is not None and _is_ours(job, current) else None",
        "return current",
    ),
    _beat("a waiting job is still one's own", "current.status is Status.RUNNING and current.fence", "current.fence"),
    _beat("another's lease is one's own", " and current.fence == job.fence", ""),
    _beat("one's own outcome is a lost lease", " or (ended is not None and ended.outcome is not Outcome.LOST)", ""),
    _beat("an attempt written down as lost is one's own", " and ended.outcome is not Outcome.LOST", ""),
    _beat("stopped work keeps its lease", "not one.deadline.stopped and ", ""),
    _beat("a lease is kept at every look", " and one.next_beat_at <= self._clock.now()", ""),
    _beat("a lease is kept after its work", "self._watched.remove(watched)", "pass"),
)
