"""What holds for every object of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from functions.api.description.operations import OPERATIONS
from functions.api.models.fields import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

WITH_EXAMPLES = [one for one in OPERATIONS.values() if one.body is not None and not one.is_patch]


def shapes(base: type[Shape] = Shape) -> Iterator[type[Shape]]:
    for shape in base.__subclasses__():
        yield shape
        yield from shapes(shape)


def optional_members(shape: type[Shape]) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items() if not field.is_required()]


ALL = sorted(shapes(), key=lambda shape: shape.__name__)


@pytest.mark.parametrize("shape", ALL, ids=lambda shape: shape.__name__)
def test_no_member_that_may_be_left_out_minds_to_be_null(shape: type[Shape]) -> None:
    members = optional_members(shape)
    refused: set[Any] = set()

    try:
        shape.model_validate(dict.fromkeys(members))
    except ValidationError as error:
        refused = {one["loc"][0] for one in error.errors() if one["loc"]}

    assert refused.isdisjoint(members)


@pytest.mark.parametrize("operation", WITH_EXAMPLES, ids=lambda operation: operation.id)
def test_null_means_what_leaving_a_member_out_means(operation: Any) -> None:
    shape, example = operation.body, operation.example
    nulls = dict.fromkeys(set(optional_members(shape)) - set(example))

    asked = shape.model_validate({**example, **nulls})

    assert asked == shape.model_validate(example)
    assert asked.model_fields_set.isdisjoint(nulls)


@pytest.mark.parametrize("shape", ALL, ids=lambda shape: shape.__name__)
def test_the_schema_of_each_member_that_may_be_left_out_takes_null(shape: type[Shape]) -> None:
    schema = shape.model_json_schema()
    own = schema if "properties" in schema else schema["$defs"][shape.__name__]

    for name in optional_members(shape):
        member = own["properties"][name]
        is_any = not member.keys() & {"type", "anyOf", "$ref", "enum", "const", "oneOf"}
        assert is_any or {"type": "null"} in member["anyOf"], name


def test_null_is_a_value_where_a_member_is_needed() -> None:
    with pytest.raises(ValidationError):
        next(shape for shape in ALL if shape.__name__ == "NewChannel").model_validate({"name": None, "service": None})
