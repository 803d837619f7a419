from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.refusals import MalformedJson, ValidationFailed
from functions.api.wire.json_text import canonical, compact, parse_json, pointer_to

# Text that can be UTF-8; no NUL, and not what stands for lost bytes.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_every_value_survives_its_text(value: Any) -> None:
    assert parse_json(compact(value)) == value
    assert parse_json(json.dumps(value, indent=2).encode()) == value


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_the_canonical_text_does_not_depend_on_the_order_of_members(value: dict[str, Any]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    try:
        parse_json(raw)
    except (MalformedJson, ValidationFailed):
        return
    json.loads(raw)


@given(st.text('{}[]",:\\ab1 ', max_size=200))
def test_any_brackets_and_quotes_are_parsed_or_refused(text: str) -> None:
    try:
        parse_json(text.encode())
    except MalformedJson:
        return
    json.loads(text)


def test_integers_are_kept_exactly() -> None:
    digits = "9" * 64

    assert compact(parse_json(digits.encode())) == digits.encode()


def test_depth_is_counted_outside_of_strings_only() -> None:
    text = '["' + "[" * 100 + '\\"' + "{" * 100 + '"]'

    assert parse_json(text.encode()) == ["[" * 100 + '"' + "{" * 100]


@pytest.mark.parametrize("depth", [33, 1_000, 200_000])
def test_deep_nesting_is_refused_before_it_is_parsed(depth: int) -> None:
    with pytest.raises(MalformedJson, match="nested more than 32 deep"):
        parse_json(b'{"a":' * (depth // 2) + b"[" * (depth - depth // 2))


def test_a_long_string_without_an_end_is_passed_over_once() -> None:
    with pytest.raises(MalformedJson):
        parse_json(b'"' + b'\\"' * 2_000_000)


def test_nesting_of_32_is_accepted() -> None:
    assert parse_json(b"[" * 32 + b"]" * 32)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [(b'{"a": ["x", "\\u0000"]}', "/a/1"), (b'{"a/b": "\\ud800"}', "/a~1b"), (b'{"a": {"\\udfff": 1}}', "/a")],
)
def test_nul_and_half_surrogate_pairs_are_pointed_at(raw: bytes, pointer: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse_json(raw)

    assert [error.pointer for error in refusal.value.reason.errors] == [pointer]


def test_an_escaped_backslash_before_u0000_is_harmless() -> None:
    assert parse_json(b'"\\\\u0000 \\ud83d\\ude00"') == "\\u0000 😀"


def test_what_stands_for_lost_bytes_is_refused_unless_it_is_meant() -> None:
    with pytest.raises(MalformedJson, match="not UTF-8"):
        parse_json('"\ufffd"'.encode())

    assert parse_json(b'"\\ufffd"') == "\ufffd"


def test_pointers_escape_what_has_a_meaning_in_them() -> None:
    assert pointer_to("a/b", "c~d", 0) == "/a~1b/c~0d/0"
