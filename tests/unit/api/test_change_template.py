"""Races for a template: between clients, with an expansion, and with the table's failures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions.api.change_template import Change, ChangeTemplate
from functions.api.delete_template import DeleteTemplate
from functions.api.expand_at_once import ExpandAtOnce
from functions.api.preconditions import ANY_VERSION, Precondition
from functions.api.refusals import Refused
from shared.adapters.memory.calendars import MemoryCalendars
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.errors import StoreUnavailable, TemplateChanged, TemplateNotFound, VersionMismatch
from shared.model.retention import Retention
from shared.model.template import TemplateStatus
from shared.model.template_changes import changed
from tests.templates import CREATED, a_template, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.template import Template

SEEN = a_template()


class Rival(MemoryTemplateStore):
    """A store in which others write `times` times right before a template is replaced."""

    def __init__(self, write: Callable[[Template], Template | None], times: int = 1) -> None:
        super().__init__()
        self.create_template(SEEN)
        self.write = write
        self.times = times

    def replace_template(self, template: Template) -> None:
        if self.times:
            self.times -= 1
            theirs = self.write(self.get_template(template.key))
            if theirs is None:
                raise TemplateChanged(None)
            super().replace_template(theirs)
        super().replace_template(template)


def expanded(template: Template) -> Template:
    return replace(template, revision=template.revision + 1, expand_at=at(900))


def renamed(template: Template, name: str = "mine") -> Template:
    return changed(template, by="me", change="edit", now=CREATED, name=name)


def tagged(template: Template) -> Template:
    return changed(template, by="them", change="edit", now=CREATED, tags={"a": "b"})


def change_on(
    store: MemoryTemplateStore, precondition: Precondition = ANY_VERSION, expand: Any = lambda template, left: template
) -> Template:
    use_case = ChangeTemplate(templates=store, expand=expand, telemetry=RecordedTelemetry())
    change = Change(by="me", now=CREATED, precondition=precondition, seconds_left=lambda: 20)
    return use_case(SEEN.key, change, renamed)


def test_an_expansion_in_between_is_no_other_version() -> None:
    store = Rival(expanded)

    after = change_on(store, Precondition(frozenset({"1"})))

    assert (after.name, after.version, after.revision) == ("mine", 2, 3)
    assert store.get_template(SEEN.key) == after


def test_what_another_changed_meanwhile_stays() -> None:
    after = change_on(Rival(tagged))

    assert (after.name, after.tags, after.version) == ("mine", {"a": "b"}, 3)


def test_a_version_that_nobody_has_seen_is_not_changed() -> None:
    store = Rival(tagged)

    with pytest.raises(VersionMismatch) as refusal:
        change_on(store, Precondition(frozenset({"1"})))

    assert refusal.value.current.version == 2
    assert store.get_template(SEEN.key).name == SEEN.name


def test_the_versions_that_were_replaced_are_kept() -> None:
    store = Rival(tagged)

    change_on(store)

    kept = store.archived_versions(SEEN.key, before=None, limit=9)
    assert [(one.version, one.name, one.tags) for one in kept] == [(2, SEEN.name, {"a": "b"}), (1, SEEN.name, {})]


def test_a_template_that_does_not_hold_still_is_left_alone() -> None:
    with pytest.raises(Refused, match="conflict"):
        change_on(Rival(tagged, times=99))


def test_a_template_whose_item_goes_meanwhile_is_not_found() -> None:
    with pytest.raises(TemplateNotFound):
        change_on(Rival(lambda template: None))


@pytest.mark.parametrize("error", [TemplateChanged(None), StoreUnavailable("put", outcome_unknown=True)])
def test_a_change_stands_when_its_expansion_fails_and_is_still_due(error: Exception) -> None:
    telemetry = RecordedTelemetry()
    store = MemoryTemplateStore()
    store.create_template(SEEN)

    def fail(template: Template, left: Callable[[], float]) -> Any:
        raise error

    expand = ExpandAtOnce(expand=fail, clock=VirtualClock(CREATED), telemetry=telemetry)  # type: ignore[arg-type]

    after = change_on(store, expand=expand)

    assert after == store.get_template(SEEN.key)
    assert (after.name, after.expand_at) == ("mine", CREATED)
    # Before the change and after it.
    assert telemetry.actions() == ["expansion_left_to_the_tick"] * 2


def test_who_loses_a_race_between_deletions_is_answered_like_who_deletes_it_again() -> None:
    gone = TemplateStatus.DELETED
    store = Rival(lambda template: changed(template, by="them", change="delete", now=CREATED, status=gone))
    expand: Any = lambda template, left: template  # noqa: E731
    change_template = ChangeTemplate(templates=store, expand=expand, telemetry=RecordedTelemetry())
    delete = DeleteTemplate(
        change_template=change_template, templates=store, calendars=MemoryCalendars(), retention=Retention.alike(30)
    )

    left = delete(SEEN.key, Change(by="me", now=CREATED, precondition=ANY_VERSION, seconds_left=lambda: 20))

    assert (left.status, left.changed_by, left.version) == (gone, "them", 2)


def test_what_is_not_due_is_not_expanded() -> None:
    expand = ExpandAtOnce(expand=None, clock=VirtualClock(CREATED), telemetry=RecordedTelemetry())  # type: ignore[arg-type]

    later = replace(SEEN, expand_at=at(1))

    assert expand(later, lambda: 20) is later
    assert expand(replace(SEEN, expand_at=None), lambda: 20).expand_at is None


@pytest.mark.parametrize(("seconds_left", "budget"), [(29, 10), (9, 5)])
def test_an_expansion_has_ten_seconds_and_leaves_time_for_the_answer(seconds_left: float, budget: float) -> None:
    budgets = []

    def look(template: Template, left: Callable[[], float]) -> Any:
        budgets.append(left())
        raise TemplateChanged(None)

    ExpandAtOnce(expand=look, clock=VirtualClock(CREATED), telemetry=RecordedTelemetry())(  # type: ignore[arg-type]
        SEEN, lambda: seconds_left
    )

    assert budgets == [budget]


def test_a_template_that_is_behind_is_expanded_before_it_changes() -> None:
    # What the former version ought to have run is no business of the new one.
    store, seen = Rival(tagged, times=0), []

    def expand(template: Template, seconds_left: Callable[[], float]) -> Template:
        seen.append(template.version)
        return template

    change_on(store, expand=expand)

    assert seen == [1, 2]
