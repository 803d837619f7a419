"""Bulk actions of all tenants go on in the same minute: none keeps another from its turn."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.dead_letters import advance_bulk_action
from shared.model.bulk_action import BulkKind
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
