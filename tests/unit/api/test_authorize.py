from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.authorize import authorize
from shared.adapters.memory.control import MemoryControlStore
from shared.model.api_key import Scope, mint_api_key
from tests.jobs import START, at

KEY, TEXT = mint_api_key(
    tenant="acme", scopes=frozenset({Scope.READ}), random_id="0123456789abcdef", secret="s3cr3t", now=START
)


def store_with(**changes: object) -> MemoryControlStore:
    store = MemoryControlStore()
    store.put_api_key(replace(KEY, **changes))  # type: ignore[arg-type]
    return store


@pytest.mark.parametrize("header", [f"Bearer {TEXT}", f"bearer {TEXT}", f"BEARER   {TEXT}"])
def test_a_key_is_known_by_its_secret(header: str) -> None:
    assert authorize(header, store_with(), START) == KEY


@pytest.mark.parametrize(
    "header",
    [
        "",
        TEXT,
        f"Basic {TEXT}",
        f"Bearer {TEXT}x",
        f"Bearer {KEY.id}",
        f"Bearer {KEY.id}.",
        "Bearer globex_0123456789abcdef.s3cr3t",
        "Bearer acme_0000000000000000.s3cr3t",
        f"Bearer {TEXT} {TEXT}",
        f"Bearer {KEY.id}.ü",
        f"Bearer {KEY.id}.{'a' * 600}",
        f"Bearer {KEY.id}.{KEY.secret_sha256}",
    ],
)
def test_anything_else_is_nobodys(header: str) -> None:
    assert authorize(header, store_with(), START) is None


def test_an_expired_or_revoked_key_is_nobodys() -> None:
    assert authorize(f"Bearer {TEXT}", store_with(expires_at=at(60)), at(59)) is not None
    assert authorize(f"Bearer {TEXT}", store_with(expires_at=at(60)), at(60)) is None
    assert authorize(f"Bearer {TEXT}", store_with(revoked_at=START - timedelta(days=1)), START) is None


@given(st.text(max_size=50))
def test_any_header_is_answered(text: str) -> None:
    assert authorize(text, store_with(), START) is None
    assert authorize(f"Bearer {KEY.id}.{text}", store_with(), START) in {None, KEY}
