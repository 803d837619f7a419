"""The conditions of the adapters in memory, on which the simulation stands."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_memory = partial(SourceMutant, "shared/adapters/memory/jobs.py")
_change = partial(SourceMutant, "shared/model/change.py")
_memory_control = partial(SourceMutant, "shared/adapters/memory/control.py")

MEMORY_GUARDS: Final = (
    _memory("memory: a job is created over another", "if existing is not None:", "if False:"),
    _memory("memory: a job that was there counts as created", "created=False", "created=True"),
    _memory("memory: no condition is asked", " or not all(holds(condition, job) for condition in change.when)", ""),
    _memory("memory: one condition is enough", "not all(holds(", "not any(holds("),
    _memory("memory: a change makes a job", "if job is None or not all", "if not all"),
    _memory("memory: payloads share a name", "ref = hashlib.sha256(data).hexdigest()", 'ref = "1"'),
    _change("memory: what is not there equals anything", "result = False", "result = True"),
    _change("memory: less may be equal", "result = actual < condition.value", "result = actual <= condition.value"),
    _change("memory: more may be equal", "result = actual > condition.value", "result = actual >= condition.value"),
    _change("memory: every alternative is asked", "return any(holds(clause, job)", "return all(holds(clause, job)"),
    _memory_control(
        "memory: a tick's cursor is replaced whatever it is", "if self._ticks.get(shard) != seen:", "if False:"
    ),
    _memory_control(
        "memory: a sweep's cursor is replaced whatever it is", "if self._sweeps.get(shard) != seen:", "if False:"
    ),
    _memory_control(
        "memory: a key is put over another",
        "if self._keys.setdefault(key.id, key) != key:",
        "self._keys[key.id] = key\n            if False:",
    ),
    _memory_control(
        "memory: a key that is not there is revoked",
        "if key is None:\n                return False",
        "if key is None:\n                return True",
    ),
    _memory_control("memory: revoking again moves the time", "if key.revoked_at is None:", "if True:"),
)
