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
# These share something that takes long to make: a running system, templates, functions, all states of a job.
_TOGETHER: Final = ("e2e", "infra", "integration/runner", "model_checking")
# What takes minutes begins first: no process then has it left when the others are done.
_LONGEST: Final = ("e2e", "mutation", "model_checking", "simulation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what is made for them run in one process, when there are several."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_folder(item, _TOGETHER) or str(item.path.relative_to(_TESTS))))
    items.sort(key=lambda item: [*_LONGEST, None].index(_folder(item, _LONGEST)))


def _folder(item: pytest.Item, folders: Sequence[str]) -> str | None:
    """The one of the folders that the test lies in."""
    return next((folder for folder in folders if item.path.is_relative_to(_TESTS / folder)), None)
