"""A deployment of the runner as it is on AWS: the function's folder, `tasks`, and nothing else of the repository."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions.runner.isolation import adopt_orphans
from tests.integration.runner.sandbox import Sandbox, processes_with

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("deployment")
    ignored = shutil.ignore_patterns("__pycache__")
    (root / "functions").mkdir()
    shutil.copy(REPOSITORY / "functions/__init__.py", root / "functions")
    shutil.copytree(REPOSITORY / "functions/runner", root / "functions/runner", ignore=ignored)
    shutil.copytree(REPOSITORY / "tasks", root / "tasks", ignore=ignored)
    shutil.copy(Path(__file__).with_name("nasty_tasks.py"), root / "tasks/nasty.py")
    (root / "tasks/broken.py").write_text("import a_module_that_is_not_installed\n")
    return root


@pytest.fixture(scope="session")
def _adoption() -> Iterator[None]:
    adopt_orphans(enabled=True)
    yield
    adopt_orphans(enabled=False)


@pytest.fixture
def sandbox(deployment: Path, tmp_path: Path, _adoption: None) -> Iterator[Sandbox]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    yield Sandbox(deployment, scratch)
    assert os.listdir(scratch) == []
    assert list(processes_with(f"HOME={scratch}")) == []
