"""`docs/parameters.md` is true: each of its examples is rendered here, and it leaves nothing out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shared.model.errors import InvalidField
from shared.model.parameters import MAX_PLACEHOLDERS, render
from shared.model.parameters_filters import DIRECTIVES, FILTERS, MAX_FORMAT_LENGTH, MAX_SHIFT_DAYS
from shared.model.parameters_placeholder import MAX_PLACEHOLDER_LENGTH, NAMES
from tests.unit.model.parameters_facts import FACTS

PAGE = (Path(__file__).parents[3] / "docs" / "parameters.md").read_text("utf-8")
RIGHT, _, WRONG = PAGE.partition("## Bounds and mistakes")


def rows(text: str) -> list[list[str]]:
    """The cells of the tables' rows that hold a placeholder."""
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|") and "{{" in line]
    return [[cell.strip().replace("\\|", "|") for cell in line] for line in lines]


def text_of(row: list[str]) -> str:
    return next(cell for cell in row if "{{" in cell).strip("`")


@pytest.mark.parametrize("row", rows(RIGHT), ids=text_of)
def test_each_example_gives_the_result_beside_it(row: list[str]) -> None:
    rendered = render(text_of(row), FACTS)

    assert rendered == json.loads(row[-1].strip("`"))


def test_the_first_example_becomes_the_second() -> None:
    template, job = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))

    assert render(template, FACTS) == job


@pytest.mark.parametrize("row", rows(WRONG), ids=text_of)
def test_each_mistake_is_answered_as_the_page_says(row: list[str]) -> None:
    with pytest.raises(InvalidField) as caught:
        render(text_of(row), FACTS, "/job/payload")

    assert row[-1] in caught.value.detail
    assert caught.value.pointer == "/job/payload"


def test_the_page_has_every_name_filter_and_directive_and_no_other() -> None:
    names = re.findall(r"^\| `\{\{ (\w+)", PAGE.partition("## Filters")[0], re.MULTILINE)
    filters = re.findall(r'^\| `(\w+)(?::"…")?` \|', PAGE, re.MULTILINE)
    directives = re.findall(r"`(%.)`", PAGE.partition("`format` knows these directives")[2])

    assert names == list(NAMES)
    assert filters == list(FILTERS)
    assert set(directives) == set(DIRECTIVES)


@pytest.mark.parametrize(
    "bound",
    [
        f"at most {MAX_PLACEHOLDERS} placeholders",
        f"at most {MAX_PLACEHOLDER_LENGTH} characters",
        f"a format at most {MAX_FORMAT_LENGTH}.",
        f"at most {MAX_SHIFT_DAYS}d",
    ],
)
def test_the_page_has_the_bounds_of_the_code(bound: str) -> None:
    assert bound in PAGE
