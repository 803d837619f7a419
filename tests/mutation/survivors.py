"""The mutants that no test of behaviour notices, each with the reason why none can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SURVIVORS: Final[Mapping[str, str]] = {}
