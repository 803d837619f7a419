"""What keeps a job moving: dispatch, the populator's ticks and stream, and the watcher's sweep."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_dispatch = partial(SourceMutant, "shared/dispatch.py")
_tick = partial(SourceMutant, "functions/populator/queue_due_jobs.py")
_stream = partial(SourceMutant, "functions/populator/queue_changed_jobs.py")
_sweep = partial(SourceMutant, "functions/watcher/sweep.py")
_threshold = partial(SourceMutant, "functions/watcher/thresholds.py")

_SEND = "            unsent = self.dispatch("
_ADVANCE_FIRST = """\
            if page.entries:
                self.cursors.advance_tick(shard, seen=cursor, to=page.entries[-1])
                cursor = page.entries[-1]
"""

DISPATCH_GUARDS: Final = (
    # Sending
    _dispatch("what could not be sent goes unreported", "unsent += self._send(", "self._send("),
    _dispatch("a message is sent once", "for _ in range(_TRIES):", "for _ in range(1):"),
    _dispatch(
        "a call that failed counts as sent",
        'self.telemetry.warn("send_failed"',
        'batch = []\n                self.telemetry.warn("send_failed"',
    ),
    _dispatch(
        "what a queue did not take counts as sent",
        "batch = [batch[index] for index in self.queue.send(lane, delayed)]",
        "batch = self.queue.send(lane, delayed)[:0]",
    ),
    _dispatch(
        "the whole batch is sent again for one",
        "batch = [batch[index] for index in self.queue.send(lane, delayed)]",
        "batch = batch if self.queue.send(lane, delayed) else []",
    ),
    _dispatch("a delay is rounded up", "math.floor(", "math.ceil("),
    _dispatch(
        "a delay is negative",
        "max(math.floor((wake_at - now).total_seconds()), 0)",
        "math.floor((wake_at - now).total_seconds())",
    ),
    _dispatch(
        "a delay is longer than a queue takes",
        "return min(max(math.floor((wake_at - now).total_seconds()), 0), _MAX_DELAY_SECONDS)",
        "return max(math.floor((wake_at - now).total_seconds()), 0)",
    ),
    # The tick
    _tick(
        "a cursor in the future hides what is due",
        "position = None if cursor is not None and cursor.wake_at > until + _CLOCK_SKEW else cursor",
        "position = cursor",
    ),
    _tick("a clock a little behind sends everything again", "until + _CLOCK_SKEW else", "until else"),
    _tick(
        "the cursor passes an entry that was not sent",
        "handled = unsent[0] if unsent else len(page.entries)",
        "handled = len(page.entries)",
    ),
    _tick("the cursor passes a page of which nothing was sent", "if handled:", "if page.entries:"),
    _tick("the cursor is advanced before the sending", _SEND, _ADVANCE_FIRST + _SEND),
    _tick(
        "two populators go on side by side",
        "if not self.cursors.advance_tick(shard, seen=cursor, to=reached):",
        "if not self.cursors.advance_tick(shard, seen=cursor, to=reached) and False:",
    ),
    _tick("a tick goes on past what was not sent", "return TickReport(sent, len(unsent), 0)", "pass"),
    _tick("a tick sends one page", "if page.next is None:", "if True:"),
    _tick("a tick goes on without time", "while seconds_left() > _LAST_PAGE_SECONDS:", "while True:"),
    _tick(
        "the same shards always come first",
        "key=lambda shard: cursors[shard].wake_at if shard in cursors else _NEVER",
        "key=str",
    ),
    # The stream
    _stream("the stream sends jobs that run", "new.status is Status.SCHEDULED\n                and ", ""),
    _stream("the stream sends what did not change", "                and new != record.old\n", ""),
    _stream("the stream sends through no lane", "                and new.lane\n", ""),
    _stream("the stream sends what never wakes", "                and new.wake_at\n", ""),
    _stream("the stream sends what is far away", "                and new.wake_at <= horizon\n", ""),
    _stream(
        "the stream leaves to a tick what the index shows late",
        "seconds=LOOK_AHEAD_SECONDS + INDEX_LAG_SECONDS",
        "seconds=LOOK_AHEAD_SECONDS",
    ),
    _stream(
        "the stream loses what could not be sent",
        "failed += (positioned[index][0] for index in unsent)",
        "failed += ()",
    ),
    _stream("the stream goes on behind the first that failed", "return sorted(failed)", "return failed"),
    # The sweep
    _sweep("the sweep acts on a lagging copy", "consistent=True)", "consistent=False)"),
    _sweep("the sweep reaps what does not run", "for job in jobs if job.status is Status.RUNNING]", "for job in jobs]"),
    _sweep("the sweep sends jobs that run", "job.status is Status.SCHEDULED\n            and ", ""),
    _sweep("the sweep sends what never wakes", "            and job.wake_at is not None\n", ""),
    _sweep(
        "the sweep sends in every pass",
        "            and is_resend_due(job.wake_at, after=cursor.previous_pass_at, until=cursor.pass_at)\n",
        "",
    ),
    _threshold(
        "the sweep sends but once",
        "while since + threshold <= after:\n        threshold *= 2",
        "if since + threshold <= after:\n        return False",
    ),
    _threshold(
        "a threshold at the end of a pass falls into two",
        "while since + threshold <= after:",
        "while since + threshold < after:",
    ),
    _threshold(
        "a threshold at the end of a pass falls into none",
        "return since + threshold <= until",
        "return since + threshold < until",
    ),
    _sweep("a sweep believes that a lease is over", "if moves.lease_is_over(job, now):", "if True:"),
    _sweep("a refused reap passes for a defect", "except ChangeRefused:", "except KeyError:"),
    _sweep(
        "a reap that fails ends the sweep",
        "except StoreUnavailable as error:\n            # The next",
        "except KeyError as error:\n            # The next",
    ),
    _sweep(
        "what the sweep could not send counts as sent",
        "unsent = set(self.dispatch(lane, hints))",
        "unsent = set(self.dispatch(lane, hints)) & set()",
    ),
    _sweep("an idle sweep writes", "if not page.entries and cursor.position is None:", "if False:"),
    _sweep(
        "a pass that ends on an empty page never ends",
        "if not page.entries and cursor.position is None:",
        "if not page.entries:",
    ),
    _sweep(
        "two sweeps go on side by side",
        "if not self.cursors.advance_sweep(shard, seen=stored, to=reached):",
        "if not self.cursors.advance_sweep(shard, seen=stored, to=reached) and False:",
    ),
    _sweep("a sweep goes over one page", "if page.next is None:", "if True:"),
    _sweep("a sweep goes on without time", "while seconds_left() > _LAST_PAGE_SECONDS:", "while True:"),
    _sweep(
        "a complete pass is never followed by another",
        "if stored is not None and stored.position is not None:",
        "if stored is not None:",
    ),
    _sweep(
        "a pass begins at the head each time", "if stored is not None and stored.position is not None:", "if False:"
    ),
    _sweep("a pass forgets the one before", "_NEVER if stored is None else stored.pass_at", "_NEVER"),
    _sweep(
        "the same shards are always swept first",
        "key=lambda shard: cursors[shard].pass_at if shard in cursors else _NEVER",
        "key=str",
    ),
)
