"""Hypothesis strategies for schedules as clients write them."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from hypothesis import strategies as st

from shared.model.schedule.recurrence_rule import WEEKDAYS
from shared.model.schedule.schedule import DstGap, DstOverlap, OnExcluded
from tests.unit.model.schedule.oracle import random_expression

ZONES = st.sampled_from(
    ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca"]
)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)
WRITTEN_TIMES = INSTANTS.map(lambda time: time.isoformat())
UNIX = st.integers(0, 10_000).map(lambda seed: random_expression(random.Random(seed)))
QUARTZ = st.sampled_from(
    [
        "0 15 10 ? * 6L",
        "0 0 9 LW * ?",
        "10/20 0 2 15W * ?",
        "0 30 1 ? * SUN#1",
        "0 H H(0-3) * * ?",
        "0 0 0/3 L-2 * ? 2024-2199",
    ]
)
EVENTBRIDGE = st.sampled_from(["cron(30 2 ? * SUN *)", "rate(5 minutes)", "rate(3 days)", "cron(0/15 0-3 * * ? *)"])
CRONS = st.one_of(UNIX, QUARTZ, EVENTBRIDGE).map(lambda text: {"cron": text})
EVERY = st.integers(60, 10**6).map(lambda seconds: {"every": f"{seconds}s"})
AT = st.lists(WRITTEN_TIMES, min_size=1, max_size=5).map(lambda times: {"at": times})
RULES = st.sampled_from(
    ["FREQ=MONTHLY;BYDAY=-1FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"]
).map(lambda text: {"rrule": f"DTSTART:20200103T023000\n{text}"})
TRIGGERS = st.one_of(CRONS, EVERY, AT, RULES)
POLICIES = st.fixed_dictionaries(
    {"timezone": ZONES, "dst_gap": st.sampled_from(DstGap), "dst_overlap": st.sampled_from(DstOverlap)},
    optional={
        "spread": st.integers(0, 86_400).map(lambda seconds: f"{seconds}s"),
        "on_excluded": st.sampled_from(OnExcluded),
        "calendars": st.just(["c"]),
    },
)
SCHEDULES = st.builds(
    lambda triggers, policies: {**policies, **(triggers[0] if len(triggers) == 1 else {"any_of": triggers})},
    st.lists(TRIGGERS, min_size=1, max_size=4),
    POLICIES,
)


@st.composite
def rules(draw) -> str:
    """The text of a recurrence rule, without a start."""
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.sampled_from([1, 1, 2, 3, 7]))}"]
    # dateutil takes `MO,1MO` for both at once; after the RFC, and here, either suffices. So they are not mixed.
    numbered = frequency in ("YEARLY", "MONTHLY") and draw(st.booleans())
    nth = st.sampled_from(["1", "2", "-1"] if numbered else [""])
    optional = {
        "BYMONTH": st.lists(st.integers(1, 12), min_size=1, max_size=6),
        "BYDAY": st.lists(st.tuples(nth, st.sampled_from(WEEKDAYS)).map("".join), min_size=1, max_size=4),
        "BYHOUR": st.lists(st.integers(0, 23), min_size=1, max_size=3),
        "BYMINUTE": st.lists(st.integers(0, 59), min_size=1, max_size=3),
        "BYSECOND": st.lists(st.integers(0, 59), min_size=1, max_size=2),
        "WKST": st.sampled_from(WEEKDAYS).map(lambda day: [day]),
    }
    if frequency != "WEEKLY":
        optional["BYMONTHDAY"] = st.lists(st.integers(1, 31) | st.integers(-31, -1), min_size=1, max_size=6)
    if frequency == "YEARLY":
        optional["BYYEARDAY"] = st.lists(st.integers(1, 366) | st.integers(-366, -1), min_size=1, max_size=6)
    # Of the first week dateutil counts the days from DTSTART on only; after the RFC, and here, the whole week.
    if frequency in ("YEARLY", "MONTHLY", "DAILY"):
        optional["BYSETPOS"] = st.lists(st.integers(1, 4) | st.integers(-4, -1), min_size=1, max_size=2)
    chosen = draw(st.lists(st.sampled_from(sorted(optional)), unique=True, max_size=3))
    if chosen == ["BYSETPOS"]:
        chosen = []
    return ";".join(parts + [f"{name}={','.join(map(str, draw(optional[name])))}" for name in chosen])
