"""The conditions of the adapters, in memory and in DynamoDB, and of what the API does with their refusals."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_memory = partial(SourceMutant, "shared/adapters/memory/jobs.py")
_memory_control = partial(SourceMutant, "shared/adapters/memory/control.py")
_dynamo = partial(SourceMutant, "shared/adapters/dynamodb/jobs.py")
_expressions = partial(SourceMutant, "shared/adapters/dynamodb/expressions.py")
_codec = partial(SourceMutant, "shared/adapters/dynamodb/codec.py")
_control = partial(SourceMutant, "shared/adapters/dynamodb/control.py")
_aws = partial(SourceMutant, "shared/adapters/aws.py")
_create = partial(SourceMutant, "functions/api/create_job.py")
_create_many = partial(SourceMutant, "functions/api/create_jobs.py")
_change = partial(SourceMutant, "functions/api/change_job.py")
_cancel = partial(SourceMutant, "functions/api/cancel_job.py")
_edit = partial(SourceMutant, "functions/api/edit_job.py")
_precondition = partial(SourceMutant, "functions/api/preconditions.py")
_job = partial(SourceMutant, "shared/model/job.py")
_key = partial(SourceMutant, "shared/model/api_key.py")
_authorize = partial(SourceMutant, "functions/api/authorize.py")

_SWEEP_SEEN = "seen=None if seen is None else _sweep_attributes(seen)"


def _sweep_seen_without(attribute: str) -> SourceMutant:
    rest = f'{{name: value for name, value in _sweep_attributes(seen).items() if name != "{attribute}"}}'
    return _control(
        f"a sweep's cursor is replaced whatever its {attribute}", _SWEEP_SEEN, f"seen=None if seen is None else {rest}"
    )


MEMORY_GUARDS: Final = (
    _memory("memory: a job is created over another", "if existing is not None:", "if False:"),
    _memory("memory: a job that was there counts as created", "created=False", "created=True"),
    _memory("memory: no condition is asked", " or not all(holds(condition, job) for condition in change.when)", ""),
    _memory("memory: one condition is enough", "not all(holds(", "not any(holds("),
    _memory("memory: a change makes a job", "if job is None or not all", "if not all"),
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

DYNAMODB_GUARDS: Final = (
    # Jobs
    _dynamo(
        "dynamodb: a job is created over another",
        '                    ConditionExpression="attribute_not_exists(pk)",\n',
        "",
    ),
    _dynamo("dynamodb: a job that was there counts as created", "created=False", "created=True"),
    _dynamo(
        "dynamodb: a refused create has to read the job",
        '"ALL_OLD",\n                )',
        '"NONE",\n                )',
    ),
    _dynamo(
        "dynamodb: a refused create without its item fails",
        "self.get(job.key) if refusal.item is None else codec",
        "codec",
    ),
    _dynamo(
        "dynamodb: a refused change does not tell what it met",
        '"ALL_OLD",\n                    **update_parameters',
        '"NONE",\n                    **update_parameters',
    ),
    _dynamo(
        "dynamodb: a job is read from a lagging copy",
        "Key=codec.item_key(key), ConsistentRead=True)",
        "Key=codec.item_key(key))",
    ),
    _dynamo(
        "dynamodb: a payload is read from a lagging copy",
        "codec.item_key(job.key, ref), ConsistentRead=True",
        "codec.item_key(job.key, ref), ConsistentRead=False",
    ),
    _dynamo(
        "dynamodb: many jobs are read from a lagging copy", '"ConsistentRead": consistent', '"ConsistentRead": False'
    ),
    _dynamo("dynamodb: keys left unprocessed are left out", "if not wanted:", "if True:"),
    _dynamo("dynamodb: keys are asked for twice in a batch", "list(dict.fromkeys(keys))", "list(keys)"),
    _dynamo(
        "dynamodb: a job of a newer version hides the others",
        "with suppress(UnreadableJob):",
        "with suppress(ZeroDivisionError):",
    ),
    _dynamo("dynamodb: a position behind the end is asked for", "if after.wake_at > until:", "if False:"),
    _dynamo(
        "dynamodb: what is due at this moment is not due", "{schema.WAKE_AT} <= :until", "{schema.WAKE_AT} < :until"
    ),
    _dynamo("dynamodb: a list repeats the entry it ended on", " if entry.sort_key < before]", "]"),
    _dynamo("dynamodb: a list asks for an impossible span", "if before <= not_before:", "if False:"),
    # Expressions
    _expressions(
        "dynamodb: a change makes a job",
        'conditions = ["attribute_exists(#pk)"]',
        'conditions = ["size(#pk) >= :zero"][:0] or ["#pk = #pk OR attribute_not_exists(#pk)"]',
    ),
    _expressions("dynamodb: one condition is enough", '" AND ".join(conditions)', '" OR ".join(conditions)'),
    _expressions("dynamodb: every alternative is asked", "' OR '.join(rendered)", "' AND '.join(rendered)"),
    _expressions(
        "dynamodb: alternatives are not kept together", "f\"({' OR '.join(rendered)})\"", "' OR '.join(rendered)"
    ),
    _expressions(
        "dynamodb: an absent field must be there",
        'return f"attribute_not_exists({name})"',
        'return f"attribute_exists({name})"',
    ),
    _expressions(
        "dynamodb: a prefix must be contained", "begins_with({name}, :c{number}_0)", "contains({name}, :c{number}_0)"
    ),
    _expressions(
        "dynamodb: the first of several values is asked for",
        "return f\"{name} IN ({', '.join(f':c{number}_{position}' for position in range(count))})\"",
        'return f"{name} = :c{number}_0"',
    ),
    _codec("dynamodb: counters at nought are not stored", "(field in _ALWAYS or field not", "(field not"),
    # The control table
    _control(
        "dynamodb: a first cursor is put over another",
        'return self._put(item, "attribute_not_exists(pk)"',
        'return self._put(item, "attribute_not_exists(nothing)"',
    ),
    _control(
        "dynamodb: a cursor has to be none",
        'seen=None if seen is None else {"at": {"S": _position(seen)}}',
        "seen=None",
    ),
    _control(
        "dynamodb: one attribute of a cursor is enough",
        '" AND ".join(f"#{name} = :{name}" for name in seen)',
        '" OR ".join(f"#{name} = :{name}" for name in seen)',
    ),
    *(_sweep_seen_without(attribute) for attribute in ("pass_at", "previous_pass_at", "at")),
    _control(
        "dynamodb: one's own first cursor is another's",
        "{}, {}) or self._is_stored(item)\n        condition",
        "{}, {})\n        condition",
    ),
    _control(
        "dynamodb: one's own cursor is another's",
        "condition, names, values) or self._is_stored(item)",
        "condition, names, values)",
    ),
    _control(
        "dynamodb: another's cursor of the same place is one's own",
        '"written_by": {"S": secrets.token_hex(8)}',
        '"written_by": {"S": ""}',
    ),
    _control("dynamodb: whatever is stored is one's own", 'answer.get("Item") == item', 'answer.get("Item")'),
    _control(
        "dynamodb: what is one's own is read from a lagging copy",
        "Key=key, ConsistentRead=True",
        "Key=key, ConsistentRead=False",
    ),
    _control(
        "dynamodb: a key is put over another",
        'if not (self._put(item, "attribute_not_exists(pk)"',
        'if not (self._put(item, "attribute_not_exists(nothing)"',
    ),
    _control("dynamodb: one's own key is another's", "{}, {}) or self._is_stored(item)):", "{}, {})):"),
    _control(
        "dynamodb: a key that is not there is revoked",
        '                    ConditionExpression="attribute_exists(pk)",\n',
        "",
    ),
    _control("dynamodb: revoking again moves the time", "if_not_exists(revoked_at, :now)", ":now"),
    _control(
        "dynamodb: a key is read from a lagging copy",
        "_api_key_key(key_id, tenant), ConsistentRead=True",
        "_api_key_key(key_id, tenant), ConsistentRead=False",
    ),
    _control("dynamodb: cursors are read from a lagging copy", '"ConsistentRead": True,', '"ConsistentRead": False,'),
    _control("dynamodb: the cursors of the first page are all", 'if "LastEvaluatedKey" not in answer:', "if True:"),
    # Errors
    _aws("a resend that was refused counts as nothing done", "outcome_unknown=resent or code", "outcome_unknown=code"),
    _aws(
        "a fault of the service counts as nothing done",
        "outcome_unknown=resent or code not in _NOT_APPLIED",
        "outcome_unknown=resent",
    ),
    _aws("a lost connection counts as nothing done", "outcome_unknown=True", "outcome_unknown=False"),
)

API_GUARDS: Final = (
    _create("a key is used for another body", "if creation.job.fingerprint != job.fingerprint:", "if False:"),
    _create("a key is found with another body", "if job.fingerprint != idempotency.fingerprint:", "if False:"),
    _create(
        "an earlier call's job is answered as new",
        "replayed=creation.job.created_at != job.created_at",
        "replayed=False",
    ),
    _create(
        "one's own resent create is answered as a replay",
        "replayed=creation.job.created_at != job.created_at",
        "replayed=True",
    ),
    _create("what was accepted is refused when it comes again", "except SchedulerError:", "except KeyError:"),
    _create("a refused call leaves a payload", "if spec.payload is not None:", "if False:"),
    _create(
        "a job is created without its payload's place",
        "self.jobs.create(self.jobs.place_payload(job))",
        "self.jobs.create(job)",
    ),
    _job("the items of a bulk call share an id", '"" if index is None else str(index)', '""'),
    _job("a key and an item's number run together", '"\\0".join((tenant, key', '"".join((tenant, key'),
    _create_many("an item is begun without time", "if seconds_left() < _SECONDS_PER_ITEM:", "if False:"),
    _change("If-Match is not heeded", "precondition.check(job)", "pass"),
    _change("a lost race is decided on the old job", "                job = refusal.current\n", ""),
    _change("one's own change is another's", "if _is_written(change, job, refusal.current):", "if False:"),
    _change("another's later version is one's own", "current.version == before.version + 1 and all(", "all("),
    _change(
        "another's change is one's own",
        "return current.version == before.version + 1 and all(",
        "return current.version == before.version + 1 or all(",
    ),
    _change("a job that has gone is still decided on", "if refusal.current is None:", "if False:"),
    _cancel(
        "a second cancel of a running job is another change",
        "if job.status is Status.CANCELLED or is_stopping:",
        "if job.status is Status.CANCELLED:",
    ),
    _cancel("a second cancel is refused", "if job.status is Status.CANCELLED or is_stopping:", "if is_stopping:"),
    _edit("a job that cannot be changed is looked into", "if job.status not in legal(Move.EDIT).sources:", "if False:"),
    _edit("a changed payload has no place", 'if "payload" in changes:', "if False:"),
    _precondition("a weak tag matches", " and match[1] is None", ""),
    _precondition(
        "any version matches", "if self.tags is not None and str(job.version) not in self.tags:", "if False:"
    ),
    _key("any secret opens", "return matches and self", "return self"),
    _key("a revoked key opens", "self.revoked_at is None and ", ""),
    _key("an expired key opens", " and (self.expires_at is None or now < self.expires_at)", ""),
    _key("a key opens as it expires", "now < self.expires_at", "now <= self.expires_at"),
    _authorize("any key opens", "return found if is_theirs else None", "return found"),
)
