"""The shape of the tree: short files, folders that say what lives in them, names that say something."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ("shared", "functions", "infra", "local", "cli", "tasks", "benchmarks")
# A file of tests is a list: longer, and still read from the top.
MAX_LINES = {**dict.fromkeys(SHIPPED, 300), "tests": 450}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}

FILES = sorted(path.relative_to(ROOT) for folder in MAX_LINES for path in (ROOT / folder).rglob("*.py"))
PACKAGES = [path for path in FILES if path.name == "__init__.py"]


def lines_of(path: Path) -> int:
    return len((ROOT / path).read_text("utf-8").splitlines())


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 100
    assert {path.parts[0] for path in FILES} == set(MAX_LINES)


def test_a_file_is_short_enough_to_be_read_at_once() -> None:
    assert {str(path): lines_of(path) for path in FILES if lines_of(path) > MAX_LINES[path.parts[0]]} == {}


def test_a_folder_says_what_lives_there() -> None:
    assert [str(path) for path in PACKAGES if not ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8")))] == []


def test_every_folder_with_code_is_a_package() -> None:
    folders = {str(path.parent) for path in FILES if path.parts[0] != "tests"}

    assert folders == {str(path.parent) for path in PACKAGES if path.parts[0] != "tests"}


def test_a_file_is_named_for_what_it_holds() -> None:
    assert [str(path) for path in FILES if NAMELESS & set(path.with_suffix("").parts)] == []
