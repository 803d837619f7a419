"""What decides whether another attempt follows, whether a target is left alone, and whether a template is."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_retry = partial(SourceMutant, "shared/model/retry.py")
_next = partial(SourceMutant, "shared/model/next_attempt.py")
_breaker = partial(SourceMutant, "shared/model/breaker.py")
_gate = partial(SourceMutant, "functions/executor/gates/breaker.py")
_counts = partial(SourceMutant, "functions/executor/gates/call_counts.py")
_known = partial(SourceMutant, "functions/executor/gates/known_breakers.py")
_execute = partial(SourceMutant, "functions/executor/execute_job.py")
_failing = partial(SourceMutant, "shared/model/failing_template.py")
_pause = partial(SourceMutant, "functions/watcher/journal/pause_failing_templates.py")
_memory = partial(SourceMutant, "shared/adapters/memory/breakers.py")
_dynamodb = partial(SourceMutant, "shared/adapters/dynamodb/breakers.py")

RETRY_GUARDS: Final = (
    _next("an at-most-once job is retried", " or job.delivery is Delivery.AT_MOST_ONCE:", ":"),
    _next("a retry wakes before its delay", "math.ceil(delay * 1000)", "int(delay * 1000)"),
    _next("a retry is planned after the limit of time", "limit is not None and wake_at >= limit", "False"),
    _next("the limit of time counts from the latest attempt", "if job.attempt == 1 or first is None", "if True"),
    _next("the limit of time counts from a budget before", "reversed(job.executions)", "job.executions"),
    _next("a first attempt is out of time", "return job.attempt > 1 and limit", "return limit"),
    _execute(
        "an attempt out of time calls its target",
        "if job is not None and next_attempt.is_out_of_time(job, self.clock.now()):",
        "if False:",
    ),
    _retry("what is never to be tried again is", "if not names.isdisjoint(self.never_retry_on):", "if False:"),
    _retry("a ladder ends before its attempts", "min(attempt, len(self.delays_seconds)) - 1", "attempt - 1"),
    _retry("a ladder begins with its second step", "len(self.delays_seconds)) - 1]", "len(self.delays_seconds)) - 2]"),
    _retry("a target is asked before it said", "delay = max(delay, min(failure", "delay = min(delay, min(failure"),
    _retry("a target may ask for any patience", ", limits.MAX_RETRY_AFTER_SECONDS))", ", 10**9))"),
    _retry("the preview forgets the limit of time", "waited >= policy.give_up_after_seconds", "False"),
)

BREAKER_GUARDS: Final = (
    _breaker("a breaker opens after few calls", "0 < self.minimum_calls <= calls.all", "True"),
    _breaker("a breaker opens by any failure", "calls.failures >= self.failure_ratio * calls.all", "True"),
    _breaker("a breaker that is off opens", "0 < self.minimum_calls <=", "self.minimum_calls <="),
    _breaker(
        "a job's own fault is an outage", "Verdict.OUTAGE if failure.retryable else Verdict.WELL", "Verdict.OUTAGE"
    ),
    _breaker("a task's own fault is an outage", 'if target.get("type") in _RUN_BY_THE_RUNNER:', "if False:"),
    _breaker("what was not called counts", "if failure.type in _NOT_THE_TARGETS:", "if False:"),
    _breaker("what our rules refused counts", "if failure.type in _NEVER_CALLED and", "if False and"),
    _breaker("a function's own error does not count", "in _NEVER_CALLED and not failure.retryable", "in _NEVER_CALLED"),
    _breaker("a target is probed before it said", "seconds=max(cool_down, asked)", "seconds=cool_down"),
    _breaker(
        "a breaker that opens again begins anew", "cool_down = settings.longer(previous", "_ = settings.longer(previous"
    ),
    _breaker(
        "a probe that fails is followed as soon", "cool_down = settings.longer(breaker.", "cool_down = int(breaker."
    ),
    _breaker("anybody probes at any time", "return now >= _willing_at(breaker, job)", "return True"),
    _breaker("the last attempt goes first", "breaker.cool_down_seconds if is_last else 0", "0"),
    _breaker("held jobs are all let go together", "timedelta(milliseconds=place + 1)", "timedelta(milliseconds=1)"),
    _breaker(
        "held jobs wait for whatever is said by hand",
        "min(max(_willing_at(breaker, job), now), latest)",
        "max(_willing_at(breaker, job), now)",
    ),
    _breaker("a job that meets a probe asks all the time", "max(taken, limits.BREAKER_LOOK_AGAIN_SECONDS)", "0"),
    _gate(
        "an open breaker lets jobs through",
        "if breaker is None or breaker.is_closed:\n            return None\n        now",
        "if True:\n            return None\n        now",
    ),
    _gate(
        "two probe at a time",
        "except BreakerChanged:\n            return self.known",
        "except BreakerChanged:\n            return None and self.known",
    ),
    _gate("who met a probe goes by old news", "breaker = self.known.read_again(job.tenant, target)", "pass"),
    _gate("a probe closes nothing", "self._probes[job.key, job.fence] = probing", "pass"),
    _gate("a probe that called nothing closes", "if verdict is Verdict.WELL:", "if verdict is not Verdict.OUTAGE:"),
    _gate(
        "calls from before a change count",
        "(not breaker.is_closed or (job.started_at or now) < breaker.changed_at)",
        "False",
    ),
    _gate("counts go on over a change", "Period(job.tenant, target, generation, ", "Period(job.tenant, target, 0, "),
    _gate("successes are not told", "successes=self.counts.take(period)", "successes=0"),
    _gate(
        "a store that is away fails the job",
        'except StoreUnavailable as error:\n            self.telemetry.warn("breaker_not_told"',
        'except KeyError as error:\n            self.telemetry.warn("breaker_not_told"',
    ),
    _gate(
        "a probe that cannot be reserved fails",
        'except StoreUnavailable as error:\n            self.telemetry.warn("breaker_not_asked"',
        'except KeyError as error:\n            self.telemetry.warn("breaker_not_asked"',
    ),
    _next(
        "a held job outlives its deadline", "return until if ends_at is None else min(until, ends_at)", "return until"
    ),
    _next(
        "a job that has begun is held to its start deadline",
        "job.expires_at if job.attempt <= 1 else",
        "job.expires_at if True else",
    ),
    _counts("successes of another minute count", "successes if counted == period else 0", "successes"),
    _counts("successes are told twice", "self._put(period, 0)", "pass"),
    _known("an older breaker takes the place of a newer", "one.version > breaker.version", "False"),
    _memory("memory: a breaker is put over another's version", "!= breaker.version - 1:", "== -1:"),
    _memory("memory: one's own breaker is taken for another's", "if current == breaker:", "if False:"),
)

FAILING_GUARDS: Final = (
    _failing(
        "a template is paused that did not ask for it",
        "if template.pause_after_failures is None or template.status",
        "if template.status",
    ),
    _failing(
        "what is told late pauses",
        "job.ended_at is not None and job.ended_at >= template.changed_at\n\n\ndef failing_row",
        "True\n\n\ndef failing_row",
    ),
    _failing("a row goes on over a success", "if job.status is Status.SUCCEEDED:", "if False:"),
    _failing("a row goes on over a client's change", "template.changed_by == BY_ITSELF or", "True or"),
    _failing("a row ends at the template's own pause", "template.changed_by == BY_ITSELF or (", "("),
    _failing("a template is paused too soon", "len(failed) < template.pause_after_failures:", "len(failed) < 1:"),
    _failing("pauses do not grow", "min(max(row.runs - most, 0), 20) + 1", "1"),
    _pause("jobs of any status pause their template", " or not change.enters(Status.FAILED):", ":"),
    _pause("a mark that lost a race is lost", "except TemplateChanged:", "except KeyError:"),
    _pause(
        "a template of a newer version stops the journal",
        "except (TemplateNotFound, UnreadableTemplate):",
        "except KeyError:",
    ),
)

BREAKER_STORE_GUARDS: Final = (
    _dynamodb(
        "dynamodb: a breaker is put over another's version",
        'f"{_VERSION} = :seen"',
        'f"{_VERSION} = {_VERSION} AND :seen = :seen"',
    ),
    _dynamodb(
        "dynamodb: a first breaker is put over another",
        'f"attribute_not_exists({schema.PK})",',
        '"attribute_not_exists(nothing)",',
    ),
    _dynamodb("dynamodb: one's own breaker is taken for another's", 'if refusal.item != put["Item"]:', "if True:"),
    _dynamodb("dynamodb: a change of a breaker is not told", "if is_news:", "if False:"),
    _dynamodb(
        "dynamodb: a refused transaction is an outage", 'reason.get("Code") == "ConditionalCheckFailed"', "False"
    ),
)
