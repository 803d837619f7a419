"""How much the differential tests do: about `OPERATIONS` (an environment variable) calls of each store in all."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import settings

_OPERATIONS: Final = int(os.environ.get("OPERATIONS", "4000"))


def share_of_budget(share: float, *, operations_each: int = 1) -> settings:
    """The settings of a test that makes this share of them, so many in one example."""
    return settings(max_examples=max(round(_OPERATIONS * share / operations_each), 1))
