from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.model.api_key import ApiKey, Scope, mint_api_key, split_api_key, tenant_of
from tests.jobs import START, at

SECRET = "a-secret-of-256-random-bits"


def mint(**changes) -> tuple[ApiKey, str]:
    asked = {
        "tenant": "acme",
        "scopes": frozenset({Scope.READ}),
        "random_id": "k3y1d0000001",
        "secret": SECRET,
        "now": START,
    }
    return mint_api_key(**{**asked, **changes})


def test_what_is_handed_out_opens_what_is_stored() -> None:
    key, text = mint()

    assert split_api_key(text) == (key.id, SECRET)
    assert tenant_of(key.id) == key.tenant == "acme"
    assert key.accepts(SECRET, START)


def test_the_secret_is_not_kept() -> None:
    key, _ = mint()

    assert SECRET not in repr(key)


@pytest.mark.parametrize("secret", ["", SECRET[:-1], f"{SECRET} ", SECRET.upper()])
def test_another_secret_is_refused(secret: str) -> None:
    assert not mint()[0].accepts(secret, START)


def test_a_key_is_good_until_the_moment_it_expires() -> None:
    key, _ = mint(expires_at=at(60))

    assert key.accepts(SECRET, at(60) - timedelta(milliseconds=1))
    assert not key.accepts(SECRET, at(60))


def test_a_revoked_key_is_refused() -> None:
    assert not replace(mint()[0], revoked_at=START).accepts(SECRET, START)


@pytest.mark.parametrize("tenant", ["", "Acme", "acme corp", "acme#other", "a" * 41, "acme\n", "ümlaut"])
def test_no_key_is_minted_for_a_name_that_is_no_tenants(tenant: str) -> None:
    with pytest.raises(ValueError, match="tenant"):
        mint(tenant=tenant)


def test_no_key_is_minted_without_a_scope() -> None:
    with pytest.raises(ValueError, match="scope"):
        mint(scopes=frozenset())


@pytest.mark.parametrize("text", ["", ".", "acme_k3y1d0000001", "acme_k3y1d0000001.", ".secret", "acme.secret"])
def test_text_of_another_form_is_no_key(text: str) -> None:
    assert split_api_key(text) is None


@pytest.mark.parametrize("key_id", ["", "acme", "acme_", "_k3y1d0000001", "acme_K3Y1D0000001", "a#b_k3y1d0000001"])
def test_an_id_of_another_form_names_no_tenant(key_id: str) -> None:
    assert tenant_of(key_id) is None


def test_a_secret_may_hold_dots() -> None:
    assert split_api_key("acme_k3y1d0000001.a.b") == ("acme_k3y1d0000001", "a.b")
