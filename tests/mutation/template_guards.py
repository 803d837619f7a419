"""The conditions of the stores of templates, calendars and backfills on AWS."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_templates = partial(SourceMutant, "shared/adapters/dynamodb/templates.py")
_calendars = partial(SourceMutant, "shared/adapters/dynamodb/calendars.py")
_backfills = partial(SourceMutant, "shared/adapters/dynamodb/backfills.py")

_TRUE = '"attribute_exists(pk) OR attribute_not_exists(pk)"'
_SEEN = 'ConditionExpression="rev = :seen"'
# Every value of an expression has to be used in it.
_ANY_REVISION = 'ConditionExpression="rev = :seen OR rev <> :seen"'

TEMPLATE_STORE_GUARDS: Final = (
    _templates(
        "dynamodb: a template is created over another",
        'ConditionExpression="attribute_not_exists(pk)"',
        f"ConditionExpression={_TRUE}",
    ),
    _templates("dynamodb: a template that was there counts as created", "created=False", "created=True"),
    _templates("dynamodb: a template is replaced at any revision", _SEEN, _ANY_REVISION),
    _templates("dynamodb: a template's own replacement is not recognised", "if refusal.item == item:", "if False:"),
    _templates("dynamodb: any refused replacement is one's own", "if refusal.item == item:", "if True:"),
    _templates(
        "dynamodb: an external key is taken from the first",
        '{"ConditionExpression": "attribute_not_exists(pk)"}',
        f'{{"ConditionExpression": {_TRUE}}}',
    ),
    _templates("dynamodb: an external key is never taken over", "if instead_of is not None:", "if False:"),
    _templates("dynamodb: a free external key is not taken over", '"attribute_not_exists(pk) OR template', '"template'),
    _templates("dynamodb: an external key is taken from anybody", "template_id = :old", "template_id <> :old"),
    _calendars(
        "dynamodb: a calendar is created over another",
        'ConditionExpression="attribute_not_exists(pk)"',
        f"ConditionExpression={_TRUE}",
    ),
    _calendars("dynamodb: a calendar is replaced at any revision", _SEEN, _ANY_REVISION),
    _calendars("dynamodb: any refused calendar is one's own", "if refusal.item != _encode(calendar):", "if False:"),
    _calendars(
        "dynamodb: a calendar's own replacement is not recognised", "if refusal.item != _encode(calendar):", "if True:"
    ),
    _calendars("dynamodb: a calendar is deleted at any revision", "OR rev = :seen", "OR rev = :seen OR rev <> :seen"),
    _calendars("dynamodb: a calendar is deleted once", "attribute_not_exists(pk) OR rev", "rev"),
    _backfills(
        "dynamodb: a backfill is created over another",
        'ConditionExpression="attribute_not_exists(pk)"',
        f"ConditionExpression={_TRUE}",
    ),
    _backfills("dynamodb: a backfill is replaced at any revision", _SEEN, _ANY_REVISION),
    _backfills("dynamodb: any refused backfill is one's own", "if refusal.item != _encode(backfill):", "if False:"),
    _backfills(
        "dynamodb: a backfill's own replacement is not recognised", "if refusal.item != _encode(backfill):", "if True:"
    ),
)
