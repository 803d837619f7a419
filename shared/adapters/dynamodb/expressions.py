"""A change as the parameters of one UpdateItem.

The text of the expressions depends only on the change's shape (which fields, which comparisons), of which there are a
dozen; it is made once per shape, and each call only encodes its values.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import ATTRIBUTES, encode_value, is_stored
from shared.model.change import AnyOf, Change, Clause, Condition, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

# A clause's shape: field, operator, number of values. A condition's: the shapes of its clauses, any of which may hold.
ClauseShape = tuple[str, Op, int]
ConditionShape = tuple[ClauseShape, ...]


class Shape(NamedTuple):
    """What the text of a change's expressions depends on."""

    when: tuple[ConditionShape, ...]
    set: tuple[str, ...]
    remove: tuple[str, ...]
    add: tuple[str, ...]


class Text(NamedTuple):
    update: str
    condition: str
    names: dict[str, str]


def update_parameters(change: Change) -> dict[str, Any]:
    """UpdateExpression, ConditionExpression and what they refer to. That the item exists is part of the condition."""
    values: dict[str, Any] = {}
    for number, clause in enumerate(_clauses(change.when)):
        for position, value in enumerate(_values_of(clause)):
            stored = {"S": value} if clause.op is Op.BEGINS_WITH else encode_value(clause.field, value)
            values[f":c{number}_{position}"] = stored
    kept = [field for field, value in change.set.items() if is_stored(field, value)]
    for field in kept:
        values[f":s_{field}"] = encode_value(field, change.set[field])
    for field, step in change.add.items():
        values[f":a_{field}"] = {"N": str(step)}
    text = _text(
        Shape(
            when=tuple(_shape_of(condition) for condition in change.when),
            set=tuple(kept),
            remove=tuple(field for field in change.set if field not in kept),
            add=tuple(change.add),
        )
    )
    return {
        "UpdateExpression": text.update,
        "ConditionExpression": text.condition,
        "ExpressionAttributeNames": text.names,
        "ExpressionAttributeValues": values,
    }


@lru_cache(maxsize=256)
def _text(shape: Shape) -> Text:
    names = {"#pk": schema.PK}
    update = " ".join(
        f"{verb} {', '.join(parts)}"
        for verb, parts in (
            ("SET", [f"{_name(field, names)} = :s_{field}" for field in shape.set]),
            ("REMOVE", [_name(field, names) for field in shape.remove]),
            ("ADD", [f"{_name(field, names)} :a_{field}" for field in shape.add]),
        )
        if parts
    )
    conditions = ["attribute_exists(#pk)"]
    number = 0
    for clauses in shape.when:
        rendered = []
        for clause in clauses:
            rendered.append(_comparison(clause, number, names))
            number += 1
        conditions.append(rendered[0] if len(rendered) == 1 else f"({' OR '.join(rendered)})")
    return Text(update, " AND ".join(conditions), names)


def _comparison(clause: ClauseShape, number: int, names: dict[str, str]) -> str:
    field, op, count = clause
    name = _name(field, names)
    match op:
        case Op.ABSENT:
            return f"attribute_not_exists({name})"
        case Op.BEGINS_WITH:
            return f"begins_with({name}, :c{number}_0)"
        case Op.IN:
            return f"{name} IN ({', '.join(f':c{number}_{position}' for position in range(count))})"
        case _:
            return f"{name} {op} :c{number}_0"


def _name(field: str, names: dict[str, str]) -> str:
    names[f"#{field}"] = ATTRIBUTES[field][0]
    return f"#{field}"


def _shape_of(condition: Condition) -> ConditionShape:
    clauses = condition.clauses if isinstance(condition, AnyOf) else (condition,)
    return tuple((clause.field, clause.op, len(_values_of(clause))) for clause in clauses)


def _clauses(conditions: tuple[Condition, ...]) -> Iterator[Clause]:
    for condition in conditions:
        yield from condition.clauses if isinstance(condition, AnyOf) else (condition,)


def _values_of(clause: Clause) -> tuple[Any, ...]:
    match clause.op:
        case Op.ABSENT:
            return ()
        case Op.IN:
            return tuple(clause.value)
        case _:
            return (clause.value,)
