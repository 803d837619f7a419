"""What differs between two JSON documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.api.wire.json_text import canonical, pointer_to
from shared.model.hidden import HIDDEN, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def differences(was: Mapping[str, Any], becomes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each value that differs, in the order of their pointers; null stands for what is not there.

    Objects are compared member by member, arrays as a whole. Of headers whose names sound like secrets only that they
    differ is told.
    """
    return [
        {"pointer": pointer_to(*path), "was": _shown(path, before), "is": _shown(path, after)}
        for path, before, after in _differing((), dict(was), dict(becomes))
    ]


def _differing(path: tuple[str, ...], was: Any, becomes: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    before, after = _members(was, becomes), _members(becomes, was)
    if before is not None and after is not None:
        for name in sorted(before | after):
            yield from _differing((*path, name), before.get(name), after.get(name))
    elif canonical(was) != canonical(becomes):
        yield path, was, becomes


def _members(value: Any, other: Any) -> dict[str, Any] | None:
    """The members to compare; none of what is not there, when the other has some."""
    if value is None and other:
        return {} if isinstance(other, dict) else None
    return value if isinstance(value, dict) else None


def _shown(path: tuple[str, ...], value: Any) -> Any:
    is_hidden = path[:-1] == ("job", "target", "headers") and is_secret(path[-1])
    return HIDDEN if is_hidden and value is not None else value
