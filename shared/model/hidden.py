"""What of a target is shown to nobody: neither in answers nor in the archive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN: Final = "***"
_SECRET_NAME: Final = re.compile(
    r"auth|cookie|token|secret|passw|credential|session|signature|api[-_]?key", re.IGNORECASE
)


def shown_target(target: Mapping[str, Any]) -> dict[str, Any]:
    """A target with the values of headers hidden whose names sound like secrets."""
    headers = target.get("headers")
    if not headers:
        return dict(target)
    shown = {name: HIDDEN if is_secret(name) else value for name, value in headers.items()}
    return {**target, "headers": shown}


def is_secret(header: str) -> bool:
    return _SECRET_NAME.search(header) is not None
