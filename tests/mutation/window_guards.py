"""What gates and maintenance windows ask before a job is let go, held or skipped, and their store before it writes."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_gates = partial(SourceMutant, "functions/executor/execute_job.py")
_gate = partial(SourceMutant, "functions/executor/gates/maintenance_window.py")
_known = partial(SourceMutant, "shared/known.py")
_at_any_rate = partial(SourceMutant, "functions/executor/gates/known.py")
_window = partial(SourceMutant, "shared/model/maintenance_window.py")
_extend = partial(SourceMutant, "functions/recurrence/extend_windows.py")
_memory = partial(SourceMutant, "shared/adapters/memory/maintenance_windows.py")
_dynamodb = partial(SourceMutant, "shared/adapters/dynamodb/maintenance_windows.py")

WINDOW_GUARDS: Final = (
    _gates("no gate is asked", "if job is not None and self._passes(job):", "if job is not None:"),
    _gate("a window of the effect run holds", " or effect is Effect.RUN:", ":"),
    _window("what has begun is skipped by a window", " and attempt > 1 else", " and False else"),
    _known("windows are read for each job", "if entry.asked_at is None or not", "if True or not"),
    _known(
        "windows are read once and for all", "if entry.asked_at is None or not", "if entry.asked_at is None and not"
    ),
    _known("a clock set back keeps windows fresh", "timedelta() <= now - entry", "now - entry"),
    _known(
        "each thread reads windows for itself",
        "with entry.reading:\n            now",
        "if entry.reading:\n            now",
    ),
    _at_any_rate(
        "an outage of the windows fails the job", "except StoreUnavailable as error:", "except KeyError as error:"
    ),
    _known("tenants are remembered for ever", "if len(self._tenants) > self._at_most:", "if False:"),
    _known("the tenant seen last is forgotten first", "popitem(last=False)", "popitem()"),
    _gate("what the scheduler tells is held", "if is_reserved(job.group):", "if False:"),
    _window("a window holds before its span", "return self.starts_at <= time <", "return time <"),
    _window("a window holds at the end of its span", "<= time < self.ends_at", "<= time <= self.ends_at"),
    _window("a window decides about jobs outside its scope", " and window.scope.covers(job, place)]", "]"),
    _window("a window decides while it is not active", "if window.is_active(now) and window", "if window"),
    _window("the widest scope decides", "return window.scope.breadth, ", "return -window.scope.breadth, "),
    _window("the first window decides, not the careful one", "_CAUTION[window.effect], ", "0, "),
    _window(
        "a held job is not looked at while its window goes on", "over = min(window.closes_at(now), ", "over = max("
    ),
    _window("held jobs are all let go at once", "return over + timedelta(", "return over + 0 * timedelta("),
    _window("one tag is enough for a scope", "return all(job.tags", "return any(job.tags"),
    _window("a host is every host that ends like it", "host.endswith(pattern[1:]) if", "host.endswith(pattern[2:]) if"),
    _window(
        "an ended window loses its later spans",
        "Span(span.starts_at, now) if span.holds(now) else span",
        "Span(span.starts_at, now)",
    ),
    _window(
        "a window that gets more spans is forgotten",
        "if window.extend_at is not None:\n        return None",
        "if False:\n        return None",
    ),
    _extend(
        "a window is extended whatever became of it",
        "is_due = window is not None and window.extend_at == ",
        "is_due = window is not None or window == ",
    ),
    _extend("an extension is never forgotten", "self.windows.forget_extension(extension)", "pass"),
    _extend("an extension that lost a race is forgotten", "return False  # by a client", "pass  # by a client"),
    _memory("memory: a window is put over another's version", "current.version != window.version - 1):", "False):"),
    _memory("memory: a changed window is deleted", "if current.version != window.version:", "if False:"),
)

WINDOW_STORE_GUARDS: Final = (
    _dynamodb(
        "dynamodb: a window is put over another",
        '"attribute_not_exists(pk)")',
        '"attribute_exists(pk) OR attribute_not_exists(pk)")',
    ),
    _dynamodb(
        "dynamodb: a window is put over another's version",
        'ConditionExpression="v = :seen",\n',
        'ConditionExpression="v >= :seen",\n',
    ),
    _dynamodb("dynamodb: one's own window is not recognised", "if refusal.item != _encode(window):", "if True:"),
    _dynamodb("dynamodb: a changed window is deleted", "OR v = :seen", "OR v >= :seen"),
    _dynamodb("dynamodb: a deleted window cannot be deleted again", "attribute_not_exists(pk) OR v", "v"),
    _dynamodb("dynamodb: windows are not read consistently", '"ConsistentRead": True,', '"ConsistentRead": False,'),
    _dynamodb("dynamodb: an unknown window hides the others", "except (ValueError, TypeError):", "except KeyError:"),
    _dynamodb("dynamodb: one page of windows is all", 'if "LastEvaluatedKey" not in answer or', "if True or"),
)
