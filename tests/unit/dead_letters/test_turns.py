"""Bulk actions of all tenants go on in the same minute: none keeps another from its turn."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from functions.watcher import advance_bulk_actions
from functions.watcher.advance_bulk_actions import AdvanceBulkActions
from shared.dead_letters import advance_bulk_action
from shared.model.bulk_action import BulkKind
from shared.model.errors import StoreUnavailable
from tests.jobs import TENANT, at
from tests.unit.dead_letters.bulk import DeadLetters

if TYPE_CHECKING:
    import pytest

    from shared.model.bulk_action import BulkAction


def test_an_action_with_a_defect_keeps_no_other_from_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = DeadLetters()
    letters.fail("a")
    letters.begin(action_id="bulk0")
    letters.begin()
    letters.clock.advance(60)
    read = letters.actions.get_bulk_action

    def read_those_of_this_version(tenant: str, action_id: str) -> BulkAction:
        if action_id == "bulk0":
            raise ValueError("'replay' is not a valid BulkKind")
        return read(tenant, action_id)

    monkeypatch.setattr(letters.actions, "get_bulk_action", read_those_of_this_version)

    report = letters.watch()

    assert report == {"actions": 1, "jobs": 1}
    assert "bulk_action_not_advanced" in letters.telemetry.actions()


def test_actions_that_have_much_to_do_leave_a_turn_to_the_one_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advance_bulk_action, "_PAGE", 1)
    letters = DeadLetters()
    letters.fail_many(60)
    names = [f"bulk{number}" for number in range(4)]
    for name in names:
        letters.begin(action_id=name, kind=BulkKind.DISCARD)

    replace = letters.actions.replace_bulk_action

    def replace_slowly(action: BulkAction) -> None:
        letters.clock.advance(3)
        replace(action)

    monkeypatch.setattr(letters.actions, "replace_bulk_action", replace_slowly)

    for minute in range(1, 4):
        letters.clock.advance((at(1_000 + 60 * minute) - letters.clock.now()).total_seconds())
        # The first two have their 15 seconds, the third what is left, and then there is time for nothing.
        over_at = letters.clock.now() + timedelta(seconds=40)
        letters.watch(seconds_left=lambda over_at=over_at: (over_at - letters.clock.now()).total_seconds())

    assert [name for name in names if not letters.actions.get_bulk_action(TENANT, name).matched] == []


def broken(letters: DeadLetters, monkeypatch: pytest.MonkeyPatch, *, each_takes: float) -> AdvanceBulkActions:
    """A watcher that fails at all actions but `bulk1`, after so many seconds."""
    read = letters.actions.get_bulk_action

    def read_only_one(tenant: str, action_id: str) -> BulkAction:
        if action_id != "bulk1":
            letters.clock.advance(each_takes)
            raise StoreUnavailable("its page cannot be read", outcome_unknown=False)
        return read(tenant, action_id)

    monkeypatch.setattr(letters.actions, "get_bulk_action", read_only_one)
    return AdvanceBulkActions(
        actions=letters.actions, advance=letters.advance(), clock=letters.clock, telemetry=letters.telemetry
    )


def test_however_many_fail_those_behind_them_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advance_bulk_actions, "_PAGE", 2)
    letters = DeadLetters()
    letters.fail("a")
    for number in range(5):
        letters.begin(action_id=f"bulk0{number}")
    letters.begin()
    letters.clock.advance(60)

    report = broken(letters, monkeypatch, each_takes=0)(lambda: 60)

    assert report == {"actions": 1, "jobs": 1}


def test_those_that_fail_slowly_take_their_turn_behind_the_others_in_the_next_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    letters = DeadLetters()
    letters.fail("a")
    for number in range(3):
        letters.begin(action_id=f"bulk0{number}")
    letters.begin()
    watcher = broken(letters, monkeypatch, each_takes=15)

    def minute() -> dict[str, int]:
        letters.clock.advance(60)
        began_at = letters.clock.now()
        return watcher(lambda: 45 - (letters.clock.now() - began_at).total_seconds())

    assert minute() == {"actions": 0, "jobs": 0}
    assert minute() == {"actions": 1, "jobs": 1}
