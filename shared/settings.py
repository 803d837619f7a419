"""A function's settings: a frozen dataclass per function, filled from the environment once, at the cold start.

Plain dataclasses and not pydantic, whose import alone would take a third of what a cold start may cost.
"""

from __future__ import annotations

import dataclasses
import os
import typing
from enum import Enum
from typing import Any, TypeVar

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

S = TypeVar("S")

_TRUE = {"enabled": True, "disabled": False}


class InvalidEnvironment(Exception):
    """The environment lacks variables, or has some that cannot be read; the message names all of them."""


def from_environment(settings: type[S], environment: Mapping[str, str] | None = None, *, prefix: str = "") -> S:
    """An instance of the frozen dataclass `settings`, each field from the variable of its name in upper case, after
    `prefix`.

    Types: str, int, float, bool (`enabled` or `disabled`), an Enum (its value), and `frozenset[str]` or
    `tuple[str, ...]` (comma separated, blanks dropped). A field with a default may be missing.

    Raises:
        InvalidEnvironment: with every variable that is missing or unreadable.
    """
    source = os.environ if environment is None else environment
    hints = typing.get_type_hints(settings)
    values: dict[str, Any] = {}
    faults: list[str] = []
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        name = f"{prefix}{field.name.upper()}"
        text = source.get(name)
        if text is None:
            if field.default is field.default_factory is dataclasses.MISSING:
                faults.append(f"{name} is not set")
            continue
        try:
            values[field.name] = _read(text, hints[field.name])
        except (ValueError, KeyError):
            faults.append(f"{name} is {text!r}, which is not a {hints[field.name]}")
    if faults:
        raise InvalidEnvironment(f"{settings.__module__}.{settings.__name__}: {'; '.join(faults)}")
    return settings(**values)


def _read(text: str, kind: Any) -> Any:
    if kind is bool:
        return _TRUE[text]
    if typing.get_origin(kind) in (frozenset, tuple):
        return typing.get_origin(kind)(part.strip() for part in text.split(",") if part.strip())
    if isinstance(kind, type) and issubclass(kind, (str, int, float, Enum)):
        return kind(text)
    raise TypeError(f"settings do not read {kind}")
