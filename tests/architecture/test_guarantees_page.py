"""`docs/guarantees.md` promises nothing without a test that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
SHOWN_BY = re.compile(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)")
POINTS = [
    " ".join(point.split()) for point in re.split(r"^\* ", PAGE.partition("## How it is shown")[0], flags=re.M)[1:]
]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point[:50])
def test_each_point_names_a_test_that_exists(point: str) -> None:
    named = SHOWN_BY.findall(point)

    assert named
    for name, path in named:
        assert f"def {name}(" in (ROOT / path).read_text("utf-8"), f"{path} has no {name}"


def test_the_page_has_points() -> None:
    assert len(POINTS) > 20
