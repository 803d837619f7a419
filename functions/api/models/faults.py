"""What pydantic found wrong, in the words of the API: where, a code, what would be right. Values are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from functions.api.models.targets import KINDS
from functions.api.refusals import FieldError, ValidationFailed
from functions.api.wire.json_text import pointer_to

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)

_MAX_ERRORS: Final = 20
_MAX_POINTER: Final = 128
# pydantic's type of error → our code and our words, where its own would speak Python.
_WORDS: Final = {
    "missing": ("required", "this member is needed"),
    "extra_forbidden": ("unknown-field", "there is no such member here"),
    "string_type": ("wrong-type", "a string is expected"),
    "int_type": ("wrong-type", "an integer is expected"),
    "int_from_float": ("wrong-type", "an integer is expected"),
    "float_type": ("wrong-type", "a number is expected"),
    "list_type": ("wrong-type", "an array is expected"),
    "dict_type": ("wrong-type", "an object is expected"),
    "model_type": ("wrong-type", "an object is expected"),
    "model_attributes_type": ("wrong-type", "an object is expected"),
    "union_tag_not_found": ("required", f"`type` is needed, one of {', '.join(KINDS)}"),
    "union_tag_invalid": ("not-one-of", f"one of {', '.join(KINDS)} is expected"),
}
_CODES: Final = {"literal_error": "not-one-of", "string_pattern_mismatch": "invalid-format"}
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
        raise ValidationFailed([_field_error(one, pointer) for one in found[:_MAX_ERRORS]]) from None


def _field_error(error: ErrorDetails, base: str) -> FieldError:
    kind = error["type"]
    path = _path(error["loc"])
    if kind in _AT_TYPE and isinstance(error.get("input", {}), dict):
        path = (*path, "type")
    pointer = (base + pointer_to(*path))[:_MAX_POINTER]
    if kind in _WORDS:
        return FieldError(pointer, *_WORDS[kind])
    if "-" in kind or kind in {"required", "contradiction"}:
        return FieldError(pointer, kind, error["msg"])
    code = _CODES.get(kind, "out-of-range")
    return FieldError(pointer, code, error["msg"].replace("Input should be", "expected:"))


def _path(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Without what pydantic adds to a location: the chosen kind of target, the mark of a member's name."""
    path = [step for step in location if step != "[key]"]
    if len(path) > 1 and path[0] == "target" and path[1] in KINDS:
        del path[1]
    return tuple(path)
