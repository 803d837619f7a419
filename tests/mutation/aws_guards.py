"""The conditions of the adapters on AWS, and what the handlers tell Lambda."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_dynamo = partial(SourceMutant, "shared/adapters/dynamodb/jobs.py")
_batch = partial(SourceMutant, "shared/adapters/dynamodb/batch_get.py")
_expressions = partial(SourceMutant, "shared/adapters/dynamodb/expressions.py")
_codec = partial(SourceMutant, "shared/adapters/dynamodb/codec.py")
_control = partial(SourceMutant, "shared/adapters/dynamodb/control.py")
_aws = partial(SourceMutant, "shared/adapters/aws.py")
_sqs = partial(SourceMutant, "shared/adapters/sqs/work_queue.py")
_outputs = partial(SourceMutant, "shared/adapters/outputs.py")
_execute = partial(SourceMutant, "functions/executor/handler.py")
_stream = partial(SourceMutant, "functions/populator/stream_handler.py")

_SWEEP_SEEN = "seen=None if seen is None else _sweep_attributes(seen)"


def _sweep_seen_without(attribute: str) -> SourceMutant:
    rest = f'{{name: value for name, value in _sweep_attributes(seen).items() if name != "{attribute}"}}'
    return _control(
        f"a sweep's cursor is replaced whatever its {attribute}", _SWEEP_SEEN, f"seen=None if seen is None else {rest}"
    )


AWS_GUARDS: Final = (
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
        "codec.item_key(key, ref), ConsistentRead=True",
        "codec.item_key(key, ref), ConsistentRead=False",
    ),
    _batch(
        "dynamodb: many jobs are read from a lagging copy", '"ConsistentRead": consistent', '"ConsistentRead": False'
    ),
    _batch("dynamodb: keys left unprocessed are left out", "if not wanted:", "if True:"),
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
    _dynamo(
        "dynamodb: payload items share a name",
        'ref = f"{schema.PAYLOAD_SK}#{digest}"',
        'ref = f"{schema.PAYLOAD_SK}#1"',
    ),
    _dynamo("dynamodb: payload objects share a name", "(job.created_at)}-{digest}", "(job.created_at)}"),
    _codec("dynamodb: tenants share their ids", 'return f"{key.tenant}#{key.job_id}"', 'return f"all#{key.job_id}"'),
    # Expressions
    _expressions(
        "dynamodb: a change makes a job",
        'conditions = ["attribute_exists(#pk)"]',
        'conditions = ["(attribute_exists(#pk) OR attribute_not_exists(#pk))"]',
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
    # Queues and the bucket
    _sqs(
        "entries that SQS refused count as sent",
        'return sorted(int(entry["Id"]) for entry in answer.get("Failed", []))',
        "return []",
    ),
    _sqs("a message that cannot be given back fails its batch", "except StoreUnavailable:", "except KeyError:"),
    _outputs("a zombie's output overwrites its successor's", "{job.id}/{job.fence}", "{job.id}"),
    # Handlers
    _execute("no lease is kept", "heartbeats().beat_due()", "pass"),
    _execute(
        "a message that goes back is deleted",
        "if error is not None or future.result() is Verdict.KEEP:",
        "if error is not None:",
    ),
    _execute("one defect fails the whole batch", "if error is not None or future", "if future"),
    _stream("the stream handler minds more than jobs", ' if schema.STATUS in _new(record["dynamodb"])]', "]"),
    _stream("the stream handler reports no failure", "for position in failed[:1]", "for position in failed[:0]"),
    _stream("the stream handler reports the last failure", "for position in failed[:1]", "for position in failed[-1:]"),
)
