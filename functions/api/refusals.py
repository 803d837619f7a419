"""Why a request is refused, as exceptions that carry data. `problems` makes documents of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.model.errors import SchedulerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one place of a request, and what would be right.

    `pointer` is a JSON pointer into the body, or the name of a query parameter or header.
    """

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reason:
    """`slug` is the problem's type, `headers` go with the answer."""

    slug: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(SchedulerError):
    """The request is refused for `reason`, and nothing was stored."""

    def __init__(
        self,
        slug: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{slug}: {detail}")
        self.reason = Reason(slug, detail, tuple(errors), headers or {})


class MalformedJson(Refused):
    """The body is not the JSON text that it should be."""

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__("malformed-json", detail, [FieldError(pointer, "malformed-json", detail)])


class TooLarge(Refused):
    """The body, or one part of it, is larger than accepted."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__("payload-too-large", detail, [FieldError(pointer, "too-large", detail)])


class ValidationFailed(Refused):
    """The body is JSON, but not of the shape or within the bounds asked for."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        count = len(errors)
        super().__init__("validation-failed", f"the body has {count} error{'s' * (count != 1)}", errors)


class InvalidParameter(Refused):
    """A query parameter or header is not what it should be; `name` says which."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__("invalid-parameter", f"{name}: {detail}", [FieldError(name, "invalid-parameter", detail)])


class WrongState(Refused):
    """The state in which something is does not allow what was asked; the document says which that is."""

    def __init__(self, state: str, detail: str) -> None:
        super().__init__("invalid-state", detail)
        self.state = state


def invalid_field(pointer: str, code: str, detail: str) -> ValidationFailed:
    """The refusal of a body for one field."""
    return ValidationFailed([FieldError(pointer, code, detail)])
