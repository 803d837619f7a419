"""The tick: whose time has come is expanded, each template on its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.errors import StoreUnavailable, TemplateChanged, TemplateNotFound, UnreadableTemplate
from shared.model.template import EXPAND_SHARDS, ExpansionFailure, TemplateKey
from shared.ports.telemetry import Metric
from shared.ports.templates import ExpandEntry, ExpandPage, Planned
from tests.unit.recurring import START, TENANT, Recurring

if TYPE_CHECKING:
    from collections.abc import Callable

# A calendar that is not there.
BROKEN = {"cron": "* * * * *", "calendars": ["gone"]}


def break_template(recurring: Recurring, template_id: str = "t1") -> None:
    """Let the expansion of a template fail by what it says."""
    template = recurring.template(template_id)
    broken = replace(template, schedule=BROKEN, revision=template.revision + 1)
    recurring.templates.replace_template(broken)


def failing(error: Exception, *, template_id: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """`call`, but for one template, for which it fails."""

    def fail(template: Any, *more: Any) -> Any:
        if template_id in (getattr(template, "id", None), getattr(template, "template_id", None)):
            raise error
        return call(template, *more)

    return fail


def jobs_of(recurring: Recurring, template_id: str) -> int:
    return sum(job.template_id == template_id for job in recurring.jobs.all_jobs())


def test_each_template_whose_time_has_come_is_expanded_in_every_shard() -> None:
    recurring = Recurring()
    names = [f"t{number}" for number in range(40)]
    for name in names:
        recurring.create(template_id=name)
    recurring.create(template_id="later", expand_at=START + timedelta(milliseconds=1))
    recurring.create(template_id="never", expand_at=None)

    report = recurring.tick()

    assert {recurring.template(name).expand_shard for name in names} > set(range(EXPAND_SHARDS // 2))
    assert (report.expanded, report.planned, report.failed) == (40, 40 * 31, 0)
    assert [jobs_of(recurring, name) for name in (*names, "later", "never")] == [31] * 40 + [0, 0]


def test_more_templates_than_a_page_holds_have_their_turn() -> None:
    recurring = Recurring()
    for number in range(250):
        recurring.create({"cron": "0 0 1 1 *"}, template_id=f"t{number}", expand_shard=3)

    assert recurring.tick().expanded == 250
    assert recurring.tick().expanded == 0


def test_only_the_shards_that_are_asked_for_are_looked_at() -> None:
    recurring = Recurring()
    for shard in (1, 2):
        recurring.create(template_id=f"t{shard}", expand_shard=shard)

    recurring.tick(shards=[2, 5])

    assert [jobs_of(recurring, name) for name in ("t1", "t2")] == [0, 31]


def test_the_report_is_measured_and_so_is_how_late_each_template_is() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.create(template_id="t2")
    break_template(recurring, "t2")
    recurring.clock.advance(150)

    report = recurring.tick()

    values = recurring.telemetry.values
    assert (report.expanded, report.planned, report.missed, report.failed) == (1, 32, 1, 1)
    assert [values[metric] for metric in (Metric.EXPANDED, Metric.PLANNED, Metric.MISSED, Metric.EXPANSION_FAILED)] == [
        [1],
        [32],
        [1],
        [1],
    ]
    assert values[Metric.EXPANSION_DELAY_MS] == [150_000, 150_000]


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (StoreUnavailable("injected", outcome_unknown=True), "expansion_interrupted"),
        (UnreadableTemplate("t1"), "expansion_failed"),
        (ZeroDivisionError("injected"), "expansion_defect"),
    ],
    ids=str,
)
def test_a_template_that_fails_stops_no_other_and_is_named(error: Exception, action: str) -> None:
    recurring = Recurring()
    for name in ("t0", "t1", "t2"):
        recurring.create(template_id=name, expand_shard=3)
    expand = failing(error, template_id="t1", call=recurring.expand)

    report = recurring.tick(expand=expand)

    assert (report.expanded, report.failed) == (2, 1)
    assert [jobs_of(recurring, name) for name in ("t0", "t1", "t2")] == [31, 0, 31]
    assert [facts["template_id"] for what, facts in recurring.telemetry.notes if what == action] == ["t1"]


@pytest.mark.parametrize("error", [UnreadableTemplate("t1"), StoreUnavailable("injected", outcome_unknown=False)])
def test_a_template_that_cannot_be_read_stops_no_other_and_is_left_alone(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    recurring = Recurring()
    unread = recurring.create(expand_shard=3)
    recurring.create(template_id="t2", expand_shard=3)

    with monkeypatch.context() as patch:
        read = failing(error, template_id="t1", call=recurring.templates.get_template)
        patch.setattr(recurring.templates, "get_template", read)
        report = recurring.tick()

    assert (report.expanded, report.failed) == (1, 1)
    assert recurring.template() == unread
    assert ("template_not_read", {"error": str(error), "tenant": TENANT, "template_id": "t1"}) in (
        recurring.telemetry.notes
    )


@pytest.mark.parametrize(
    "error", [TemplateChanged(None), StoreUnavailable("injected", outcome_unknown=True), UnreadableTemplate("t1")]
)
def test_a_failure_that_cannot_be_written_down_stops_no_other(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    recurring = Recurring()
    for name in ("t1", "t2"):
        recurring.create(template_id=name, expand_shard=3)
    break_template(recurring)
    broken = recurring.template()

    with monkeypatch.context() as patch:
        write = failing(error, template_id="t1", call=recurring.templates.replace_template)
        patch.setattr(recurring.templates, "replace_template", write)
        report = recurring.tick()

    assert (report.expanded, report.failed) == (1, 1)
    # It stays due: the next tick tries it again.
    assert recurring.template() == broken


def test_a_template_that_fails_is_tried_again_after_a_minute_then_later_and_later_up_to_an_hour() -> None:
    recurring = Recurring()
    recurring.create()
    break_template(recurring)
    waits = []

    for _ in range(14):
        recurring.tick()
        expand_at = recurring.template().expand_at
        assert expand_at is not None
        waits.append((expand_at - recurring.clock.now()) / timedelta(minutes=1))
        recurring.clock.advance((expand_at - recurring.clock.now()).total_seconds() - 1)
        assert recurring.tick().failed == 0
        recurring.clock.advance(1)

    assert waits == [1, 2, 4, 8, 16, 32] + [60] * 8
    failure = recurring.template().progress.failure
    assert failure == ExpansionFailure(detail="/calendars: there is no calendar gone", since=START, count=14)


def test_a_failure_is_forgotten_when_the_template_can_be_expanded_again() -> None:
    recurring = Recurring()
    recurring.create()
    break_template(recurring)
    recurring.tick()
    template = recurring.template()
    mended = replace(template, schedule={"cron": "* * * * *"}, revision=template.revision + 1)
    recurring.templates.replace_template(mended)
    recurring.clock.advance(60)

    report = recurring.tick()

    assert (report.expanded, report.failed) == (1, 0)
    assert recurring.template().progress.failure is None


def test_a_defects_detail_tells_a_client_what_it_is_and_nothing_of_the_inside() -> None:
    recurring = Recurring()
    recurring.create()
    error = ZeroDivisionError("secret")

    recurring.tick(expand=failing(error, template_id="t1", call=recurring.expand))

    failure = recurring.template().progress.failure
    assert failure is not None
    assert failure.detail == "internal error: ZeroDivisionError"
    assert [facts["error"] for what, facts in recurring.telemetry.notes if what == "expansion_defect"] == [error]


def test_while_the_store_is_away_a_template_stays_due() -> None:
    recurring = Recurring()
    template = recurring.create()
    away = StoreUnavailable("injected", outcome_unknown=False)

    recurring.tick(expand=failing(away, template_id="t1", call=recurring.expand))

    assert recurring.template() == template
    assert recurring.tick().planned == 31


def test_whoever_was_expanded_by_another_is_left_to_it() -> None:
    recurring = Recurring()
    recurring.create()
    taken = failing(TemplateChanged(None), template_id="t1", call=recurring.expand)

    report = recurring.tick(expand=taken)

    assert (report.of_another, report.failed, report.expanded) == (1, 0, 0)
    assert recurring.telemetry.actions() == ["template_left_to_another"]


def test_two_ticks_at_once_make_each_job_once() -> None:
    recurring = Recurring()
    recurring.create()

    def expand_after_another(template: Any, *more: Any) -> Any:
        recurring.tick()
        recurring.clock.advance(60)
        return recurring.expand(template, *more)

    report = recurring.tick(expand=expand_after_another)

    assert (report.expanded, report.of_another) == (0, 1)
    # The later of them made one job more, a minute further ahead.
    nominal = sorted(job.nominal_at for job in recurring.jobs.all_jobs() if job.nominal_at)
    assert nominal == [START.replace(second=0) + timedelta(minutes=minute) for minute in range(1, 33)]


def test_what_a_lagging_index_shows_is_not_expanded_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    recurring = Recurring()
    recurring.create(template_id="done")
    recurring.create(template_id="gone", expand_at=None)
    recurring.tick()
    before = recurring.template("done")
    stale = [ExpandEntry(START, TENANT, Planned.TEMPLATE, name) for name in ("done", "gone", "nothing")]
    monkeypatch.setattr(recurring.templates, "to_expand", lambda *_, **__: ExpandPage(stale, None))

    report = recurring.tick(shards=[0])

    assert (report.expanded, report.failed, report.of_another) == (0, 0, 0)
    assert recurring.template("done") == before
    with pytest.raises(TemplateNotFound):
        recurring.templates.get_template(TemplateKey(TENANT, "nothing"))


def test_when_time_runs_out_what_is_left_waits_for_the_next_tick() -> None:
    recurring = Recurring()
    for number in range(5):
        recurring.create(template_id=f"t{number}", expand_shard=3)
    seconds = iter([12.0, 11.0, 10.0, 9.9])

    report = recurring.tick(expand=lambda template, _: recurring.expand(template, lambda: 60.0), left=seconds.__next__)

    assert (report.expanded, report.failed) == (3, 0)
    assert recurring.tick().expanded == 2
    assert [jobs_of(recurring, f"t{number}") for number in range(5)] == [31] * 5


@pytest.mark.parametrize("error", [StoreUnavailable("injected", outcome_unknown=False), KeyError("injected")])
def test_what_is_no_template_has_a_turn_of_its_own_and_stops_no_other(error: Exception) -> None:
    recurring = Recurring()
    recurring.create(expand_shard=3)
    for kind in (Planned.BACKFILL, Planned.CALENDAR):
        recurring.templates.planned[(kind, TENANT, "x")] = (3, START)

    def fail(_: ExpandEntry, __: Callable[[], float]) -> int:
        raise error

    report = recurring.tick(others={Planned.BACKFILL: fail, Planned.CALENDAR: lambda *_: 7})

    assert (report.expanded, report.planned, report.failed) == (1, 31 + 7, 1)
    (action,) = {what for what in recurring.telemetry.actions() if what.startswith("turn_")}
    assert action == ("turn_failed" if isinstance(error, StoreUnavailable) else "turn_defect")
