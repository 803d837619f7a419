"""The tick: every template whose time has come has its turn, whatever becomes of the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.recurrence.expand_due_templates import ExpandDueTemplates, TickReport
from shared.expansion.expand_template import Expanded
from shared.model.errors import StoreUnavailable, TemplateChanged, UnreadableTemplate
from shared.model.job import Payload
from shared.model.template import EXPAND_SHARDS, JobDefinition, Misfire, MisfirePolicy, Template, TemplateKey
from shared.ports.telemetry import Metric
from shared.ports.templates import ExpandEntry, ExpandPage, Planned
from tests.unit.recurring import TENANT, Recurring, plenty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

BROKEN = JobDefinition(target={"type": "scripted"}, payload=Payload(b'{"a":"{{ nothing }}"}'))


def ticked(recurring: Recurring, *, seconds_left: Callable[[], float] = plenty, **ports: Any) -> TickReport:
    facts = {
        "templates": recurring.templates,
        "expand": recurring.expand,
        "clock": recurring.clock,
        "telemetry": recurring.telemetry,
        "on_every_shard": lambda work, shards: [work(shard) for shard in shards],
        **ports,
    }
    return ExpandDueTemplates(**facts)(range(EXPAND_SHARDS), seconds_left)


def test_who_is_due_has_a_turn_and_who_is_not_has_none() -> None:
    recurring = Recurring()
    recurring.create(template_id="due")
    recurring.create(template_id="later", expand_at=recurring.clock.now() + timedelta(seconds=1))

    report = ticked(recurring)

    assert (report.expanded, report.planned) == (1, 31)
    assert recurring.template("later").revision == 1


DENSE = {"every": "1s"}
ALL = Misfire(policy=MisfirePolicy.FIRE_ALL)


def test_who_is_far_behind_has_further_turns_in_the_same_tick_once_everybody_had_one() -> None:
    recurring = Recurring()
    for name in ("a", "b"):
        recurring.create(DENSE, template_id=name, expand_shard=3, misfire=ALL)
    recurring.create({"cron": "0 9 * * *"}, template_id="c", expand_shard=3)
    recurring.clock.advance(900)
    turns: list[str] = []

    def expand(template: Template, seconds_left: Callable[[], float]) -> Expanded:
        turns.append(template.id)
        return recurring.expand(template, seconds_left)

    report = ticked(recurring, expand=expand)

    assert (report.expanded, report.failed) == (3, 0)
    assert sorted(turns[:3]) == ["a", "b", "c"]
    assert turns[3:7] == [*turns[3:5]] * 2
    assert recurring.template("a").progress.expanded_until > recurring.clock.now()


def test_who_is_still_behind_when_the_time_is_over_goes_on_in_the_next_tick() -> None:
    recurring = Recurring()
    recurring.create(DENSE, misfire=ALL)
    recurring.clock.advance(900)
    seconds = iter([60.0] * 3)

    report = ticked(recurring, seconds_left=lambda: next(seconds, 0.0))

    assert 0 < report.planned < 900
    assert recurring.template().expand_at == recurring.clock.now()
    assert "templates_behind" in recurring.telemetry.actions()
    assert ticked(recurring).planned > 0


def test_who_is_due_again_without_getting_on_has_no_further_turn() -> None:
    recurring = Recurring()
    recurring.create()
    turns: list[str] = []

    def stand_still(template: Template, seconds_left: Callable[[], float]) -> Expanded:
        turns.append(template.id)
        return Expanded(template)

    ticked(recurring, expand=stand_still)

    assert turns == ["t1"]


def test_many_pages_are_gone_through() -> None:
    recurring = Recurring()
    for number in range(250):
        recurring.create({"cron": "0 9 * * *"}, template_id=f"t{number}", expand_shard=3)

    assert ticked(recurring).expanded == 250


def test_a_template_that_fails_stops_no_other_and_says_why() -> None:
    recurring = Recurring()
    recurring.create(template_id="broken", job=BROKEN)
    recurring.create(template_id="whole")

    report = ticked(recurring)

    failure = recurring.template("broken").progress.failure
    assert (report.expanded, report.failed) == (1, 1)
    assert failure is not None
    assert (failure.since, failure.count) == (recurring.clock.now(), 1)
    assert "nothing" in failure.detail
    assert recurring.telemetry.values[Metric.EXPANSION_FAILED] == [1]


def test_it_is_tried_again_later_and_later_and_at_last_each_hour() -> None:
    recurring = Recurring()
    began = recurring.clock.now()
    recurring.create(job=BROKEN)
    waits = []

    for _ in range(9):
        ticked(recurring)
        expand_at = recurring.template().expand_at
        assert expand_at is not None
        waits.append((expand_at - recurring.clock.now()).total_seconds() / 60)
        recurring.clock.advance(waits[-1] * 60)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    failure = recurring.template().progress.failure
    assert failure is not None
    assert (failure.since, failure.count) == (began, 9)


def test_once_it_is_mended_the_failure_is_forgotten() -> None:
    recurring = Recurring()
    recurring.create(job=BROKEN)
    ticked(recurring)

    recurring.edit(job=JobDefinition(target={"type": "scripted"}))

    assert recurring.template().progress.failure is None
    assert len(recurring.jobs.all_jobs()) == 31


def test_a_defect_of_one_template_stops_no_other() -> None:
    recurring = Recurring()
    recurring.create(template_id="defect")
    recurring.create(template_id="whole")

    def expand(template: Template, seconds_left: Callable[[], float]) -> Any:
        if template.id == "defect":
            raise ZeroDivisionError
        return recurring.expand(template, seconds_left)

    report = ticked(recurring, expand=expand)

    failure = recurring.template("defect").progress.failure
    assert (report.expanded, report.failed) == (1, 1)
    assert failure is not None
    assert failure.detail == "internal error: ZeroDivisionError"
    assert [action for action, _ in recurring.telemetry.notes if action == "expansion_defect"] == ["expansion_defect"]


def test_while_the_table_is_away_everybody_stays_due() -> None:
    recurring = Recurring()
    template = recurring.create()

    def expand(template: Template, seconds_left: Callable[[], float]) -> Any:
        raise StoreUnavailable("away", outcome_unknown=True)

    report = ticked(recurring, expand=expand)

    assert (report.expanded, report.failed) == (0, 1)
    assert recurring.template() == template


def test_who_is_written_by_another_meanwhile_is_left_to_that_one() -> None:
    recurring = Recurring()
    template = recurring.create()

    def expand(template: Template, seconds_left: Callable[[], float]) -> Any:
        raise TemplateChanged(template)

    report = ticked(recurring, expand=expand)

    assert report == TickReport(of_another=1)
    assert recurring.template() == template


def test_a_failure_that_another_overtakes_is_not_written() -> None:
    recurring = Recurring()
    recurring.create(job=BROKEN)

    def expand(template: Template, seconds_left: Callable[[], float]) -> Any:
        recurring.templates.replace_template(replace(template, revision=2, name="renamed"))
        return recurring.expand(template, seconds_left)

    assert ticked(recurring, expand=expand).failed == 1
    assert (recurring.template().name, recurring.template().progress.failure) == ("renamed", None)


def test_an_entry_of_the_index_that_lags_behind_is_passed_over() -> None:
    recurring = Recurring()
    template = recurring.create(expand_at=recurring.clock.now() + timedelta(minutes=9))

    class Lagging:
        """An index that still shows the former time, and a template that is gone."""

        get_template = recurring.templates.get_template

        def to_expand(self, shard: int, **_: Any) -> ExpandPage:
            entries = [ExpandEntry(recurring.clock.now(), TENANT, Planned.TEMPLATE, one) for one in ("t1", "gone")]
            return ExpandPage(entries if shard == 0 else [], None)

    report = ticked(recurring, templates=Lagging())

    assert report == TickReport()
    assert recurring.template() == template


def test_a_template_that_cannot_be_read_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    recurring = Recurring()
    recurring.create(template_id="newer")
    recurring.create(template_id="whole")
    read = recurring.templates.get_template

    def get_template(key: TemplateKey) -> Template:
        if key.template_id == "newer":
            raise UnreadableTemplate(key.template_id)
        return read(key)

    monkeypatch.setattr(recurring.templates, "get_template", get_template)

    report = ticked(recurring)

    assert (report.expanded, report.failed) == (1, 1)


def test_who_has_no_time_left_begins_no_template() -> None:
    recurring = Recurring()
    template = recurring.create()

    assert ticked(recurring, seconds_left=lambda: 9) == TickReport()
    assert recurring.template() == template


def test_only_the_shards_of_this_part_are_looked_at() -> None:
    recurring = Recurring()
    recurring.create(expand_shard=5)
    seen: list[int] = []

    def on_every_shard(work: Callable[[int], TickReport], shards: Sequence[int]) -> list[TickReport]:
        seen.extend(shards)
        return [work(shard) for shard in shards]

    tick = ExpandDueTemplates(
        templates=recurring.templates,
        expand=recurring.expand,
        clock=recurring.clock,
        telemetry=recurring.telemetry,
        on_every_shard=on_every_shard,
    )

    assert (tick([4, 6], plenty).expanded, tick([5], plenty).expanded) == (0, 1)
    assert seen == [4, 6, 5]


def test_how_late_a_turn_comes_is_measured() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.clock.advance(90)

    ticked(recurring)

    assert recurring.telemetry.values[Metric.EXPANSION_DELAY_MS] == [90_000]


def test_a_turn_of_another_kind_that_fails_stops_no_template() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.templates.planned[(Planned.CALENDAR, TENANT, "office")] = (3, recurring.clock.now())

    def fail(entry: ExpandEntry, seconds_left: Callable[[], float]) -> int:
        raise ZeroDivisionError

    report = ticked(recurring, others={Planned.CALENDAR: fail})

    assert (report.expanded, report.failed) == (1, 1)
    assert ("turn_defect", "office") in [(action, facts.get("id")) for action, facts in recurring.telemetry.notes]


def test_what_a_newer_version_plans_is_left_to_it() -> None:
    recurring = Recurring()
    recurring.create(expand_shard=3)
    recurring.templates.planned[("dream", TENANT, "d1")] = (3, recurring.clock.now())

    report = ticked(recurring)

    assert (report.expanded, report.failed) == (1, 0)
    assert "turn_left_to_newer_version" in recurring.telemetry.actions()


def test_an_idle_tick_reports_no_metric() -> None:
    recurring = Recurring()

    ticked(recurring)

    assert recurring.telemetry.values == {}
