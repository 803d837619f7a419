"""If-Match: a change only of the version that the client has seen. If-None-Match: an answer only of another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.refusals import InvalidParameter
from shared.model.errors import VersionMismatch

if TYPE_CHECKING:
    from shared.model.errors import HasVersion

_TAG: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*')
_MAX_TAGS: Final = 20


@dataclass(frozen=True, slots=True)
class Precondition:
    """`tags` are the versions that the client accepts, as they stand between the quotes; None accepts any. With
    `is_update` there must be something to change: it is not to be created."""

    tags: frozenset[str] | None = None
    is_update: bool = False

    def check(self, current: HasVersion) -> None:
        """
        Raises:
            VersionMismatch: it is at another version.
        """
        if self.tags is not None and str(current.version) not in self.tags:
            raise VersionMismatch(current)


ANY_VERSION: Final = Precondition()
_ANY_THERE_IS: Final = Precondition(is_update=True)


def parse_if_match(header: str | None) -> Precondition:
    """The condition of an If-Match header (RFC 9110 §13.1.1): `*` or a list of strong entity tags.

    A weak tag never matches: the comparison is the strong one.

    Raises:
        InvalidParameter: it is neither.
    """
    if header is None:
        return ANY_VERSION
    if header.strip() == "*":
        return _ANY_THERE_IS
    matches = _tags(header)
    if len(matches) > _MAX_TAGS or not all(matches):
        raise InvalidParameter("If-Match", 'an ETag as it was answered is expected, such as "3", or *')
    tags = frozenset(match[2] for match in matches if match is not None and match[1] is None)
    return Precondition(tags, is_update=True)


def has_seen(header: str | None, current: str) -> bool:
    """Whether an If-None-Match header (RFC 9110 §13.1.2) names the entity tag `current`; the comparison is the weak
    one. What is not understood in it names nothing: then the answer is whole."""
    if header is None:
        return False
    tag = _TAG.fullmatch(current)
    seen = (match for match in _tags(header)[:_MAX_TAGS] if match is not None)
    return header.strip() == "*" or (tag is not None and tag[2] in {match[2] for match in seen})


def _tags(header: str) -> list[re.Match[str] | None]:
    """As many as are taken, and one more."""
    return [_TAG.fullmatch(part) for part in header.split(",")[: _MAX_TAGS + 1]]
