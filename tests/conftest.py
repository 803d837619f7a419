"""What holds for every test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

# A busy machine makes a test slow, not wrong; pytest's own timeout is the bound.
settings.register_profile("punctual", deadline=None, max_examples=100)
settings.load_profile("punctual")

_TESTS: Final = Path(__file__).parent
# These share something that takes long to make: a running system, templates, functions.
_TOGETHER: Final = ("e2e", "infra", "integration/runner")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Tests that share what is made for them run in one process, when there are several."""
    for item in items:
        path = item.path.relative_to(_TESTS)
        folder = next((name for name in _TOGETHER if path.is_relative_to(name)), None)
        item.add_marker(pytest.mark.xdist_group(folder or str(path)))
