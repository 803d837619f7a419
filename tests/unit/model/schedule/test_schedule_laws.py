"""What holds for every schedule."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile

from hypothesis import example, given
from hypothesis import strategies as st

from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.calendar import Calendar, DateRange
from shared.model.schedule.documents import read_schedule, write_schedule
from shared.model.schedule.occurrences import Moved, occurrences
from shared.model.schedule.schedule import DstGap, DstOverlap
from tests.unit.model.schedule.oracle import rules_of
from tests.unit.model.schedule.strategies import INSTANTS, POLICIES, SCHEDULES, TRIGGERS, UNIX, ZONES
from tests.unit.model.schedule.test_horizon import CHANGES

CALENDAR = Calendar(
    weekend=frozenset({5, 6}),
    dates={date(2026, 12, 24): None},
    ranges=(DateRange(date(2025, 7, 1), date(2025, 7, 9)),),
)
CALENDARS = {"c": CALENDAR}


def found(document, after, count, **options):
    expansion = occurrences(read_schedule(document), seed="t", calendars=CALENDARS, after=after, **options)
    runs = []
    # The calendar may leave a schedule nothing.
    with suppress(SearchTooLong):
        runs.extend(islice(expansion, count))
    return runs


@given(SCHEDULES, INSTANTS)
def test_nominal_instants_strictly_increase_and_come_after_the_start(document, after):
    instants = [after, *(one.nominal_at for one in found(document, after, 30))]

    assert all(earlier < later for earlier, later in pairwise(instants))


@given(SCHEDULES, INSTANTS, st.integers(0, 19))
def test_starting_anywhere_gives_the_same_tail(document, after, index):
    whole = found(document, after, 20)

    if index < len(whole):
        rest = found(document, whole[index].nominal_at, 19 - index)
        assert rest == whole[index + 1 :]


@given(SCHEDULES, INSTANTS, st.integers(1, 10**6))
@example(
    {"at": ["2020-01-01T00:00:01Z", "2030-01-01T00:00:00Z"], "timezone": "UTC"},
    datetime(2020, 1, 1, tzinfo=UTC),
    999_999,
)
def test_between_two_occurrences_the_next_is_the_second(document, after, part):
    pair = found(document, after, 2)

    if len(pair) == 2:
        # Years times a million are more than a timedelta holds.
        between = pair[0].nominal_at + (pair[1].nominal_at - pair[0].nominal_at) * (part / (10**6 + 1))
        assert found(document, between, 1) == pair[1:]


@given(SCHEDULES)
def test_a_schedule_reads_as_it_was_written(document):
    schedule = read_schedule(document)

    assert read_schedule(write_schedule(schedule)) == schedule


@given(st.lists(TRIGGERS, min_size=2, max_size=4), POLICIES, INSTANTS)
def test_a_union_is_the_sorted_merge_without_duplicates(triggers, policies, after):
    policies = {**policies, "calendars": []}
    end = after + timedelta(days=20)

    def until_end(document):
        return {one.nominal_at for one in found(document, after, 2_000) if one.nominal_at < end}

    apart = sorted(set().union(*(until_end({**policies, **trigger}) for trigger in triggers)))
    together = [one.nominal_at for one in found({**policies, "any_of": triggers}, after, 300) if one.nominal_at < end]

    assert together == apart[: len(together)]
    assert len(together) in (len(apart), 300)


def test_a_rule_that_is_silent_for_decades_does_not_silence_the_others() -> None:
    start, silent = "2024-02-01T00:00:00Z", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH"
    document = {"any_of": [{"cron": "0 9 1 * *"}, {"rrule": silent}], "start_at": start}

    runs = found(document, datetime(2026, 1, 1, tzinfo=UTC), 1_000)

    assert runs == found({"cron": "0 9 1 * *"}, datetime(2026, 1, 1, tzinfo=UTC), len(runs))
    # The rule fires next in 2052. What is not looked through is not told: neither is anything after it.
    assert datetime(2035, 1, 1, tzinfo=UTC) < runs[-1].nominal_at < datetime(2052, 2, 29, tzinfo=UTC)
    assert found(document, datetime(2052, 2, 1, tzinfo=UTC), 2)[1].nominal_at == datetime(2052, 2, 29, tzinfo=UTC)


@given(UNIX, ZONES, INSTANTS)
def test_what_the_clocks_show_is_what_the_rule_says_where_no_change_moved_it(expression, zone, after):
    for one in found({"cron": expression, "timezone": zone}, after, 20):
        if Moved.DST_GAP not in one.moved:
            assert one.nominal_at.astimezone(rules_of(zone)).replace(tzinfo=None) == one.nominal


@given(SCHEDULES, INSTANTS)
def test_the_spread_stays_in_its_window_and_is_the_same_each_time(document, after):
    plain = {name: value for name, value in document.items() if name != "spread"}
    landings = found(plain, after, 10)

    spread = found({**plain, "spread": "7m"}, after, 10)

    assert [one.nominal_at for one in spread] == [one.nominal_at for one in landings]
    shifts = [one.effective_at - landing.effective_at for one, landing in zip(spread, landings, strict=True)]
    assert all(timedelta(0) <= shift < timedelta(minutes=7) for shift in shifts)
    assert spread == found({**plain, "spread": "7m"}, after, 10)


@given(SCHEDULES, INSTANTS)
def test_asking_for_the_excluded_ones_changes_nothing_about_the_others(document, after):
    running = found(document, after, 10)
    told = found(document, after, 400, with_excluded=True)

    with_runs = [one for one in told if one.excluded is None][:10]

    assert with_runs == running[: len(with_runs)]
    assert all(one.day_excluded for one in told if one.excluded == "calendar")


@given(SCHEDULES, INSTANTS)
def test_no_two_run_at_one_landing_and_none_lands_on_an_excluded_day(document, after):
    document = {**document, "calendars": ["c"], "spread": "0s"}
    rules = rules_of(document["timezone"])

    runs = found(document, after, 30)

    rolled = [one for one in runs if Moved.ROLLED in one.moved]
    if document.get("on_excluded", "skip") != "run":
        assert all(CALENDAR.reason(one.effective_at.astimezone(rules).date()) is None for one in rolled)
        assert len({one.effective_at for one in runs}) == len(runs)


@given(
    # A day that never was is no excluded one: what rolls to it runs on the next, whichever that is.
    st.sampled_from([*(one for one in CHANGES if one[0] != "Pacific/Apia"), ("Asia/Gaza", date(2026, 3, 28))]),
    st.sets(st.integers(-4, 4)),
    st.lists(st.sampled_from(["15,45 2", "30 1", "0,1 0-3", "0 3", "30 23", "*/20 *", "0 0"]), min_size=1, max_size=3),
    st.fixed_dictionaries(
        {
            "on_excluded": st.sampled_from(["next_business_day", "previous_business_day"]),
            "dst_gap": st.sampled_from(DstGap),
            "dst_overlap": st.sampled_from(DstOverlap),
        }
    ),
)
def test_beside_a_change_of_the_clocks_too_no_two_land_at_once(change, excluded, times, policies) -> None:
    zone, day = change
    closed = {day + timedelta(days=offset) for offset in excluded}
    on = ",".join(sorted({str(one.day) for one in closed})) or "*"
    document = {"any_of": [{"cron": f"{time} {on} * *"} for time in times], "timezone": zone, "calendars": ["c"]}
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=6)

    whole = occurrences(
        read_schedule({**document, **policies}),
        seed="t",
        calendars={"c": Calendar(dates=dict.fromkeys(closed))},
        after=start,
    )
    runs = list(takewhile(lambda one: one.nominal_at < start + timedelta(days=12), whole))

    assert len({one.effective_at for one in runs}) == len(runs)
    assert all(one.effective_at.astimezone(rules_of(zone)).date() not in closed for one in runs)


def test_max_occurrences_counts_the_same_from_anywhere() -> None:
    document = {"cron": "0 9 * * *", "start_at": "2026-11-01T00:00:00Z", "max_occurrences": 5, "calendars": ["c"]}
    whole = found(document, None, 100)

    assert [one.nominal.day for one in whole] == [2, 3, 4, 5, 6]
    assert [found(document, one.nominal_at, 100) for one in whole] == [whole[index + 1 :] for index in range(5)]
    assert found(document, whole[1].nominal_at, 100, ran=2) == whole[2:]


def test_start_and_end_are_inclusive() -> None:
    bounds = {"start_at": "2026-11-02T09:00:00Z", "end_at": "2026-11-04T09:00:00Z"}

    runs = found({"cron": "0 9 * * *", **bounds}, None, 10)

    assert [one.nominal_at for one in runs] == [datetime(2026, 11, day, 9, tzinfo=UTC) for day in (2, 3, 4)]
