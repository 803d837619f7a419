from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.refusals import Refused
from functions.api.wire.page_tokens import page_token, parse_page_token

POSITION = "1772366400000#r4t7x2z5"
TOKEN = page_token(POSITION, list_key="acme GET /v1/jobs")


@pytest.mark.parametrize("position", [POSITION, "1772366400000#j8pk90t1s5#r4t7x2z5", "06c3v8n1r4t7x2z5b8d1f4h7"])
def test_a_token_says_where_its_list_goes_on(position: str) -> None:
    token = page_token(position, list_key="acme GET /v1/jobs")

    assert parse_page_token(token, list_key="acme GET /v1/jobs") == position


@pytest.mark.parametrize("other", ["globex GET /v1/jobs", "acme GET /v1/jobs status=failed", ""])
def test_a_token_is_worth_nothing_for_another_list(other: str) -> None:
    with pytest.raises(Refused, match="invalid-page-token"):
        parse_page_token(TOKEN, list_key=other)


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_a_token_with_one_other_character_is_refused(index: int, character: str) -> None:
    changed = TOKEN[:index] + character + TOKEN[index + 1 :]
    if changed == TOKEN:
        return

    with pytest.raises(Refused, match="invalid-page-token"):
        parse_page_token(changed, list_key="acme GET /v1/jobs")


@given(st.text(max_size=200))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(Refused, match="invalid-page-token"):
        parse_page_token(text, list_key="acme GET /v1/jobs")
