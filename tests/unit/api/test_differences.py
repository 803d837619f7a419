from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.wire.differences import differences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text("ab/~", max_size=2), JSON, max_size=3)


@pytest.mark.parametrize(
    ("was", "becomes", "rows"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [("/a", 1, True)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("/a/c", 2, 3)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("/a", [1, 2], [2, 1])]),
        ({}, {"a": {"b": 1}}, [("/a/b", None, 1)]),
        ({"a": {"b": 1}}, {"a": None}, [("/a/b", 1, None)]),
        ({"a": {}}, {"a": None}, [("/a", {}, None)]),
        ({"a": {"b": 1}}, {"a": 5}, [("/a", {"b": 1}, 5)]),
        ({"a/b": 1}, {"c~d": 1}, [("/a~1b", 1, None), ("/c~0d", None, 1)]),
    ],
)
def test_each_value_that_differs_is_told_by_its_pointer(
    was: dict[str, Any], becomes: dict[str, Any], rows: list[tuple[str, Any, Any]]
) -> None:
    assert differences(was, becomes) == [{"pointer": at, "was": old, "is": new} for at, old, new in rows]


@pytest.mark.parametrize("headers", [{}, None, {"Authorization": "new", "X-A": "a"}])
def test_of_secrets_only_that_they_differ_is_told(headers: dict[str, str] | None) -> None:
    old = {"job": {"target": {"headers": {"Authorization": "old"}}}}

    rows = differences(old, {"job": {"target": {"headers": headers}}})

    assert rows[0]["pointer"] == "/job/target/headers/Authorization"
    assert rows[0]["was"] == "***"
    assert "old" not in str(rows)
    assert "new" not in str(rows)


@given(OBJECTS, OBJECTS)
def test_nothing_differs_from_itself_and_both_ways_differ_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    there, back = differences(one, other), differences(other, one)

    assert differences(one, one) == []
    assert [(row["pointer"], row["is"], row["was"]) for row in there] == [
        (row["pointer"], row["was"], row["is"]) for row in back
    ]
