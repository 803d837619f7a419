"""`ports.control`: cursors and API keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model.api_key import ApiKey, Scope, mint_api_key
from shared.model.cursor import SweepCursor
from shared.model.lanes import DueShard, Lane
from shared.ports.jobs import DueEntry
from tests.jobs import START, at

if TYPE_CHECKING:
    from datetime import datetime

    from shared.ports.control import ApiKeyStore, CursorStore

SHARD = DueShard(Lane.NORMAL, 3)
OTHER_SHARD = DueShard(Lane.NORMAL, 4)


def entry(seconds: float, tenant: str = "acme", job_id: str = "job-1") -> DueEntry:
    return DueEntry(at(seconds), tenant, job_id)


def a_key(number: int = 1, *, tenant: str = "acme", now: datetime = START, **facts: object) -> ApiKey:
    key, _ = mint_api_key(
        tenant=tenant,
        scopes=frozenset({Scope.READ, Scope.WRITE}),
        random_id=f"k3y{number:09d}",
        secret=f"secret-{number}",
        now=now,
    )
    return replace(key, **facts)


def test_a_shard_has_no_cursor_before_its_first_tick(control: CursorStore) -> None:
    assert control.tick_cursors() == {}
    assert control.sweep_cursors() == {}


def test_a_cursor_is_read_as_it_was_advanced(control: CursorStore) -> None:
    assert control.advance_tick(SHARD, seen=None, to=entry(1.5, "a-b", "x#y"))
    assert control.advance_tick(OTHER_SHARD, seen=None, to=entry(2))

    assert control.tick_cursors() == {SHARD: entry(1.5, "a-b", "x#y"), OTHER_SHARD: entry(2)}


def test_a_cursor_goes_on_from_where_it_was_seen(control: CursorStore) -> None:
    control.advance_tick(SHARD, seen=None, to=entry(1))

    assert control.advance_tick(SHARD, seen=entry(1), to=entry(2))
    assert control.tick_cursors() == {SHARD: entry(2)}


@pytest.mark.parametrize("seen", [None, entry(1), entry(9), entry(2, "other"), entry(2, job_id="job-2")])
def test_a_cursor_that_another_has_moved_is_left_alone(control: CursorStore, seen: DueEntry | None) -> None:
    control.advance_tick(SHARD, seen=None, to=entry(1))
    control.advance_tick(SHARD, seen=entry(1), to=entry(2))

    assert not control.advance_tick(SHARD, seen=seen, to=entry(3))
    assert control.tick_cursors() == {SHARD: entry(2)}


def test_a_cursor_that_was_never_there_is_not_advanced_from_somewhere(control: CursorStore) -> None:
    assert not control.advance_tick(SHARD, seen=entry(1), to=entry(2))
    assert control.tick_cursors() == {}


def test_one_of_two_that_saw_the_same_cursor_advances_it_even_to_the_same_place(control: CursorStore) -> None:
    control.advance_tick(SHARD, seen=None, to=entry(1))

    assert [control.advance_tick(SHARD, seen=entry(1), to=entry(2)) for _ in range(2)] == [True, False]


PASS = SweepCursor(at(60), START, None)


def test_a_sweeps_cursor_keeps_its_pass_and_its_place(control: CursorStore) -> None:
    midway = SweepCursor(at(60), START, (at(1.5), "acme", "job#1"))

    assert control.advance_sweep(SHARD, seen=None, to=midway)
    assert control.sweep_cursors() == {SHARD: midway}
    assert control.advance_sweep(SHARD, seen=midway, to=PASS)
    assert control.sweep_cursors() == {SHARD: PASS}


@pytest.mark.parametrize(
    "seen",
    [
        None,
        SweepCursor(at(61), START, None),
        SweepCursor(at(60), at(1), None),
        SweepCursor(at(60), START, (at(1), "acme", "job-1")),
    ],
    ids=["none", "another pass", "another pass before", "another place"],
)
def test_a_sweeps_cursor_that_another_has_moved_is_left_alone(control: CursorStore, seen: SweepCursor | None) -> None:
    control.advance_sweep(SHARD, seen=None, to=PASS)

    assert not control.advance_sweep(SHARD, seen=seen, to=SweepCursor(at(120), at(60), None))
    assert control.sweep_cursors() == {SHARD: PASS}


def test_ticks_and_sweeps_do_not_know_each_other(control: CursorStore) -> None:
    control.advance_tick(SHARD, seen=None, to=entry(1))
    control.advance_sweep(SHARD, seen=None, to=PASS)

    assert control.tick_cursors() == {SHARD: entry(1)}
    assert control.sweep_cursors() == {SHARD: PASS}


@pytest.mark.parametrize(
    "key",
    [
        a_key(),
        a_key(expires_at=at(60), name="ci"),
        a_key(revoked_at=at(1)),
        a_key(scopes=frozenset({Scope.ADMIN}), created_at=at(0.125)),
    ],
    ids=["plain", "with an expiry and a name", "revoked", "admin"],
)
def test_a_key_is_read_as_it_was_put(control: ApiKeyStore, key: ApiKey) -> None:
    control.put_api_key(key)

    assert control.get_api_key(key.id) == key


@pytest.mark.parametrize("key_id", ["acme_k3y000000009", "acme", "", "acme#x_k3y000000001", "ACME_k3y000000001"])
def test_there_is_no_key_of_an_unknown_or_impossible_id(control: ApiKeyStore, key_id: str) -> None:
    control.put_api_key(a_key())

    assert control.get_api_key(key_id) is None
    assert not control.revoke_api_key(key_id, START)


def test_a_key_is_never_put_over_another(control: ApiKeyStore) -> None:
    control.put_api_key(a_key())

    with pytest.raises(ValueError, match="there is a key"):
        control.put_api_key(a_key(secret_sha256="another"))

    assert control.get_api_key(a_key().id) == a_key()


def test_the_very_same_key_may_be_put_again(control: ApiKeyStore) -> None:
    # A store cannot tell a call that is repeated from one whose first answer was lost on its way.
    control.put_api_key(a_key())
    control.put_api_key(a_key())

    assert control.list_api_keys("acme") == [a_key()]


def test_a_key_that_was_revoked_is_not_put_again(control: ApiKeyStore) -> None:
    control.put_api_key(a_key())
    control.revoke_api_key(a_key().id, at(5))

    with pytest.raises(ValueError, match="there is a key"):
        control.put_api_key(a_key())


def test_keys_of_the_same_moment_are_listed_by_their_ids(control: ApiKeyStore) -> None:
    for number in (3, 1, 2):
        control.put_api_key(a_key(number))

    assert control.list_api_keys("acme") == [a_key(1), a_key(2), a_key(3)]


def test_a_tenants_keys_are_listed_oldest_first_and_nobody_elses(control: ApiKeyStore) -> None:
    keys = [a_key(1, now=at(30)), a_key(2, now=at(10)), a_key(3, now=at(20), revoked_at=at(40))]
    for key in (*keys, a_key(4, tenant="acme-2"), a_key(5, tenant="acm")):
        control.put_api_key(key)

    assert control.list_api_keys("acme") == [keys[1], keys[2], keys[0]]
    assert control.list_api_keys("nobody") == []


def test_a_revoked_key_is_still_there_and_says_since_when(control: ApiKeyStore) -> None:
    control.put_api_key(a_key())

    assert control.revoke_api_key(a_key().id, at(5))

    assert control.get_api_key(a_key().id) == a_key(revoked_at=at(5))


def test_revoking_twice_keeps_the_first_time(control: ApiKeyStore) -> None:
    control.put_api_key(a_key())

    assert control.revoke_api_key(a_key().id, at(5))
    assert control.revoke_api_key(a_key().id, at(9))

    assert control.get_api_key(a_key().id) == a_key(revoked_at=at(5))


def test_a_store_that_answers_is_reachable(control: ApiKeyStore) -> None:
    assert control.is_reachable()
