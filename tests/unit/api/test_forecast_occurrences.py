"""What is ahead over all templates of a tenant, and where it piles up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.api.forecast_occurrences import Forecast, ForecastOccurrences, Resolution
from functions.api.foresee_windows import Foresight
from shared.model.allowed_targets import Place
from shared.model.maintenance_window import Effect, Scope, Span, TargetScope
from shared.model.schedule.calendar import Calendar
from shared.model.template import JobDefinition
from tests.unit.recurring import TENANT, Recurring, plenty
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.model.maintenance_window import MaintenanceWindow

PLACE = Place("123456789012", "eu-central-1")
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOURLY = {"cron": "0 * * * *", "timezone": "UTC"}
AT_MIDNIGHT = {"cron": "0 0 * * *", "timezone": "UTC"}


def forecast(
    recurring: Recurring,
    *,
    hours: int = 24,
    resolution: Resolution = Resolution.HOUR,
    seconds_left: Callable[[], float] = plenty,
    tenant: str = TENANT,
    windows: Sequence[MaintenanceWindow] = (),
) -> Forecast:
    use_case = ForecastOccurrences(templates=recurring.templates, calendars=recurring.calendars)
    until = MIDNIGHT + timedelta(hours=hours)
    return use_case(
        tenant,
        since=MIDNIGHT,
        until=until,
        resolution=resolution,
        foreseen=Foresight(windows, PLACE, MIDNIGHT),
        seconds_left=seconds_left,
    )


def create_many(recurring: Recurring, count: int, schedule: dict[str, Any], prefix: str = "t") -> None:
    for number in range(count):
        recurring.create(schedule, template_id=f"{prefix}{number}")


def test_every_run_of_the_span_is_counted_in_its_bucket() -> None:
    recurring = Recurring()
    create_many(recurring, 2, HOURLY)
    recurring.create({"cron": "30 0 * * *", "timezone": "UTC"}, template_id="half")

    found = forecast(recurring, hours=3)

    assert list(found.counts.items()) == [
        (MIDNIGHT, 3),
        (MIDNIGHT + timedelta(hours=1), 2),
        (MIDNIGHT + timedelta(hours=2), 2),
    ]
    assert (found.templates, found.is_complete) == (3, True)


def test_buckets_may_be_minutes_and_those_without_a_run_are_left_out() -> None:
    recurring = Recurring()
    recurring.create({"cron": "15,45 0 * * *", "timezone": "UTC"})

    found = forecast(recurring, resolution=Resolution.MINUTE)

    assert [(at - MIDNIGHT).total_seconds() / 60 for at in found.counts] == [15, 45]


def test_paused_templates_and_those_of_another_tenant_do_not_count() -> None:
    recurring = Recurring()
    recurring.create(HOURLY)
    recurring.pause()

    assert forecast(recurring).counts == {}
    assert forecast(recurring, tenant="other").templates == 0


def test_an_occurrence_that_was_taken_out_does_not_count() -> None:
    recurring = Recurring()
    create_many(recurring, 2, HOURLY)
    recurring.edit("t0", skipped=(MIDNIGHT,))

    assert forecast(recurring, hours=1).counts == {MIDNIGHT: 1}


def test_a_bucket_of_which_every_occurrence_was_taken_out_is_left_out() -> None:
    recurring = Recurring()
    recurring.create(HOURLY)
    recurring.edit(skipped=(MIDNIGHT,))

    assert forecast(recurring, hours=1).counts == {}


def test_runs_count_where_they_are_effective() -> None:
    recurring = Recurring()
    recurring.calendars.kept[(TENANT, "office")] = Calendar(weekend=frozenset({0}))
    recurring.create({**AT_MIDNIGHT, "calendars": ["office"], "on_excluded": "next_business_day"})

    found = forecast(recurring, hours=48)

    # Monday is excluded, and Tuesday has a run of its own at the same time.
    assert found.counts == {MIDNIGHT + timedelta(days=1): 1}


def test_runs_that_roll_back_into_the_span_count() -> None:
    recurring = Recurring()
    recurring.calendars.kept[(TENANT, "office")] = Calendar(weekend=frozenset({1}))
    recurring.create(
        {"cron": "0 9 * * 2", "timezone": "UTC", "calendars": ["office"], "on_excluded": "previous_business_day"}
    )

    assert forecast(recurring, hours=24).counts == {MIDNIGHT + timedelta(hours=9): 1}


def test_a_pile_is_told_with_the_schedules_that_make_it_and_a_spread_that_would_flatten_it() -> None:
    recurring = Recurring()
    create_many(recurring, 400, AT_MIDNIGHT, "midnight")
    create_many(recurring, 20, {"cron": "* * * * *", "timezone": "UTC"}, "minutely")

    found = forecast(recurring, hours=2, resolution=Resolution.MINUTE)

    (peak,) = found.peaks
    assert (peak.at, peak.count) == (MIDNIGHT, 420)
    assert [(share.schedule, share.templates, share.count) for share in peak.shares] == [
        (AT_MIDNIGHT, 400, 400),
        ({"cron": "* * * * *", "timezone": "UTC"}, 20, 20),
    ]
    assert peak.spread == timedelta(minutes=10)


def test_what_is_spread_makes_no_pile() -> None:
    recurring = Recurring()
    create_many(recurring, 400, {**AT_MIDNIGHT, "spread": "1h"}, "midnight")
    create_many(recurring, 20, {"cron": "* * * * *", "timezone": "UTC"}, "minutely")

    found = forecast(recurring, hours=2, resolution=Resolution.MINUTE)

    assert found.peaks == []
    assert sum(found.counts.values()) == 400 + 20 * 120


def test_when_time_runs_out_it_says_that_not_all_was_counted() -> None:
    recurring = Recurring()
    create_many(recurring, 3, HOURLY)

    assert not forecast(recurring, seconds_left=lambda: 1).is_complete


def test_what_windows_hold_and_skip_is_counted_beside_what_is_due() -> None:
    recurring = Recurring()
    recurring.create({"cron": "*/15 * * * *", "timezone": "UTC"})
    minute = timedelta(minutes=1)
    windows = [
        a_window(Span(MIDNIGHT + 15 * minute, MIDNIGHT + 45 * minute), id="w1"),
        a_window(Span(MIDNIGHT + 45 * minute, MIDNIGHT + 75 * minute), id="w2", effect=Effect.SKIP),
    ]

    met = forecast(recurring, hours=2, windows=windows).met

    assert met[MIDNIGHT] == {Effect.RUN: 1, Effect.HOLD: 2, Effect.SKIP: 1}
    assert met[MIDNIGHT + timedelta(hours=1)] == {Effect.SKIP: 1, Effect.RUN: 3}


def test_of_templates_that_share_a_schedule_a_window_meets_those_that_it_is_about_and_that_run() -> None:
    recurring = Recurring()
    create_many(recurring, 5, HOURLY)
    recurring.edit("t1", skipped=(MIDNIGHT,))
    window = a_window(Span(MIDNIGHT, MIDNIGHT + timedelta(hours=2)), scope=Scope(template_ids=("t0", "t1", "t2")))

    found = forecast(recurring, hours=2, windows=[window])

    assert list(found.counts.values()) == [4, 5]
    assert list(found.met.values()) == [{Effect.HOLD: 2, Effect.RUN: 2}, {Effect.HOLD: 3, Effect.RUN: 2}]


def test_a_window_over_a_host_meets_targets_with_parameters_in_their_paths() -> None:
    recurring = Recurring()
    url = "https://example.com/{{ nominal_time | format:'%H' }}"
    recurring.create(HOURLY, job=JobDefinition(target={"type": "http", "url": url}))
    scope = Scope(target=TargetScope(host="example.com"))

    found = forecast(recurring, hours=1, windows=[a_window(Span(MIDNIGHT, MIDNIGHT + timedelta(hours=1)), scope=scope)])

    assert found.met[MIDNIGHT] == {Effect.HOLD: 1}
