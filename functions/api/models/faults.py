"""What pydantic found wrong, in the words of the API: where, a code, what would be right. Values are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from functions.api.refusals import FieldError, ValidationFailed
from functions.api.wire.json_text import pointer_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)

_MAX_ERRORS: Final = 20
_MAX_POINTER: Final = 128
# pydantic's type of error → our code and our words, where its own would speak Python.
_WORDS: Final = {
    "missing": ("required", "this member is needed"),
    "string_type": ("wrong-type", "a string is expected"),
    "int_type": ("wrong-type", "an integer is expected"),
    "int_from_float": ("wrong-type", "an integer is expected"),
    "float_type": ("wrong-type", "a number is expected"),
    "bool_type": ("wrong-type", "true or false is expected"),
    "list_type": ("wrong-type", "an array is expected"),
    "dict_type": ("wrong-type", "an object is expected"),
    "model_type": ("wrong-type", "an object is expected"),
    "model_attributes_type": ("wrong-type", "an object is expected"),
    "union_tag_not_found": ("required", "`type` is needed, one of {kinds}"),
    "union_tag_invalid": ("not-one-of", "one of {kinds} is expected"),
}
# The same with the bound that was missed.
_BOUNDS: Final = {
    "greater_than": "more than {gt:g} is expected",
    "greater_than_equal": "at least {ge:g} is expected",
    "less_than_equal": "at most {le:g} is expected",
    "string_too_short": "at least {min_length} {characters} expected",
    "string_too_long": "at most {max_length} {characters} expected",
    "too_short": "at least {min_length} {members} expected",
    "too_long": "at most {max_length} {members} expected",
}
_AT_TYPE: Final = frozenset({"union_tag_not_found", "union_tag_invalid"})


def validated(shape: type[M], value: Any, pointer: str = "") -> M:
    """`value` as a `shape`; `pointer` says where in the body it stands.

    Raises:
        ValidationFailed: with everything that is wrong, up to 20 errors.
    """
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True, include_input=False)
        raise ValidationFailed([_field_error(one, pointer, shape) for one in found[:_MAX_ERRORS]]) from None


def unknown_field(pointer: str, known: Iterable[str]) -> FieldError:
    """What is said of a member that there is not."""
    return FieldError(pointer, "unknown-field", f"there is no such member here; known: {', '.join(known)}")


def _field_error(error: ErrorDetails, base: str, shape: type[BaseModel]) -> FieldError:
    kind, context = error["type"], error.get("ctx", {})
    path, holder, members = _walk((*error["loc"], *context.get("at", ())), shape)
    if kind in _AT_TYPE and isinstance(error.get("input", {}), dict):
        path = (*path, "type")
    pointer = (base + pointer_to(*path))[:_MAX_POINTER]
    if kind in _WORDS:
        code, words = _WORDS[kind]
        return FieldError(pointer, code, words.format(kinds=", ".join(str(_tag(member)) for member in members)))
    if "-" in kind or kind in {"required", "contradiction"}:
        return FieldError(pointer, kind, error["msg"])
    if kind == "extra_forbidden":
        return unknown_field(pointer, (field.alias or name for name, field in holder.model_fields.items()))
    if kind == "literal_error":
        return FieldError(pointer, "not-one-of", f"{_choices(context['expected'])} is expected")
    if kind in _BOUNDS:
        return FieldError(pointer, "out-of-range", _bound(_BOUNDS[kind], context))
    return FieldError(pointer, "out-of-range", "another value is expected; see /docs")


def _choices(expected: str) -> str:
    """pydantic's `'a', 'b' or 'c'` without the quotes."""
    return expected.replace("'", "")


def _bound(sentence: str, context: Mapping[str, Any]) -> str:
    number = context.get("min_length", context.get("max_length"))
    is_array = context.get("field_type") == "List"
    one, many = ("item", "items") if is_array else ("member", "members")
    words = {
        "characters": "character is" if number == 1 else "characters are",
        "members": f"{one} is" if number == 1 else f"{many} are",
    }
    return sentence.format(**{**context, **words})


class _Place(NamedTuple):
    """Where a location leads to. `path` is without what pydantic adds to it: the chosen member of a union, the mark of
    a member's name. `holder` is the object in which its last step is, `members` are what may stand there."""

    path: tuple[int | str, ...]
    holder: type[BaseModel]
    members: list[type[BaseModel]]


def _walk(location: tuple[int | str, ...], shape: type[BaseModel]) -> _Place:
    path: list[int | str] = []
    shapes, last = [shape], shape
    for step in location:
        chosen = next((one for one in shapes if len(shapes) > 1 and _tag(one) == step), None)
        if chosen is not None:
            shapes = [chosen]
        elif step != "[key]":
            path.append(step)
            last = shapes[0]
            field = last.model_fields.get(str(step))
            shapes = (_shapes(field.annotation) if field is not None else []) or shapes
    return _Place(tuple(path), last, shapes)


def _shapes(annotation: Any) -> list[type[BaseModel]]:
    """The objects that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [shape for part in get_args(annotation) for shape in _shapes(part)]


def _tag(shape: type[BaseModel]) -> str | None:
    """What a member of a union is chosen by: its `type`."""
    field = shape.model_fields.get("type")
    return next(iter(get_args(field.annotation)), None) if field is not None else None
