"""What schedules' documents may say, and what is answered where they say something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.errors import InvalidField
from shared.model.schedule import bounds
from shared.model.schedule.documents import read_schedule, write_schedule
from shared.model.schedule.schedule import Every
from tests.unit.model.schedule.strategies import SCHEDULES

CRON = {"cron": "0 9 * * *"}
# Document, pointer, and words that the answer holds.
REFUSED = [
    ([], "", "an object"),
    ({}, "", "exactly one of"),
    ({**CRON, "every": "5m"}, "", "exactly one of"),
    ({**CRON, "a/b~c": 1}, "/a~1b~0c", "not known here"),
    ({**CRON, "timezone": "Berlin"}, "/timezone", "Europe/Berlin"),
    ({**CRON, "timezone": "posix/UTC"}, "/timezone", "IANA"),
    ({**CRON, "timezone": ["UTC"]}, "/timezone", "IANA"),
    ({**CRON, "dst_gap": "jump"}, "/dst_gap", "shift_forward, skip"),
    ({**CRON, "dst_overlap": 1}, "/dst_overlap", "first, last, both"),
    ({**CRON, "on_excluded": None}, "/on_excluded", "skip, next_business_day"),
    ({**CRON, "start_at": "2026-11-20"}, "/start_at", "RFC 3339"),
    ({**CRON, "start_at": 5}, "/start_at", "RFC 3339"),
    ({**CRON, "end_at": "1969-01-01T00:00:00Z"}, "/end_at", "years from 1970"),
    ({**CRON, "start_at": "2026-11-20T00:00:00Z", "end_at": "2026-11-19T00:00:00Z"}, "/end_at", "before start_at"),
    ({**CRON, "max_occurrences": 3}, "/max_occurrences", "start_at"),
    ({**CRON, "max_occurrences": True, "start_at": "2026-11-20T00:00:00Z"}, "/max_occurrences", "a number from 1"),
    ({**CRON, "max_occurrences": 0, "start_at": "2026-11-20T00:00:00Z"}, "/max_occurrences", "a number from 1"),
    ({**CRON, "spread": "2d"}, "/spread", "from 0s to 1d"),
    ({**CRON, "spread": "500ms"}, "/spread", "whole seconds"),
    ({**CRON, "spread": 30}, "/spread", "a unit"),
    ({**CRON, "calendars": "c"}, "/calendars", "a list"),
    ({**CRON, "calendars": ["c", "c"]}, "/calendars/1", "once is enough"),
    ({**CRON, "calendars": ["a b"]}, "/calendars/0", "letters"),
    ({**CRON, "calendars": ["c"] * 11}, "/calendars", "up to 10"),
    ({**CRON, "dialect": "quartz"}, "/dialect", "unix"),
    ({"every": "5"}, "/every", "a unit"),
    ({"every": "0s"}, "/every", "from 1s"),
    ({"every": "5m", "dialect": "unix"}, "/dialect", "not known here"),
    ({"at": []}, "/at", "1 to 1000"),
    ({"at": ["2026-11-20T00:00:00Z", "soon"]}, "/at/1", "RFC 3339"),
    ({"any_of": []}, "/any_of", "1 to 10"),
    ({"any_of": [CRON] * 11}, "/any_of", "1 to 10"),
    ({"any_of": ["0 9 * * *"]}, "/any_of/0", "a trigger"),
    ({"any_of": [CRON, {"cron": "* * *"}]}, "/any_of/1/cron", "3 fields"),
    ({"any_of": [{**CRON, "timezone": "UTC"}]}, "/any_of/0/timezone", "not known here"),
    ({"any_of": [CRON], **CRON}, "/cron", "not known here"),
    ({"cron": 5}, "/cron", "a string"),
    ({"cron": ""}, "/cron", "0 fields"),
    ({"cron": "0 " * 200}, "/cron", "at most 256"),
    ({"cron": "60 * * * *"}, "/cron", "minute: '60'"),
    ({"cron": "* 24 * * *"}, "/cron", "from 0 to 23"),
    ({"cron": "* * 0 * *"}, "/cron", "day-of-month"),
    ({"cron": "* * * FOO *"}, "/cron", "JAN"),
    ({"cron": "* * * * 8"}, "/cron", "from 0 to 7"),
    ({"cron": "*/60 * * * *"}, "/cron", "from 1 to 59"),
    ({"cron": "*/0 * * * *"}, "/cron", "a step"),
    ({"cron": "5/15 * * * *"}, "/cron", "5-59/15"),
    ({"cron": "30-10 * * * *"}, "/cron", "30-59,0-10"),
    ({"cron": "*-5 * * * *"}, "/cron", "not understood"),
    ({"cron": "1,,2 * * * *"}, "/cron", "not understood"),
    ({"cron": "R * * * *"}, "/cron", "write H"),
    ({"cron": "0 0 ? * *"}, "/cron", "write *"),
    ({"cron": "0 0 L * *"}, "/cron", "day-of-month"),
    ({"cron": "0 0 H(1-31) * *"}, "/cron", "1-28"),
    ({"cron": "H(9-3) * * * *"}, "/cron", "H(0-59)"),
    ({"cron": "0 0 30 H *"}, "/cron", "that H may choose"),
    ({"cron": "0 0 0 1 1 ? H"}, "/cron", "write * or the years"),
    ({"cron": "@reboot"}, "/cron", "@hourly"),
    ({"cron": "0 0 30 2 *"}, "/cron", "never fires"),
    ({"cron": "0 0 31 4,6,9,11 *"}, "/cron", "never fires"),
    ({"cron": "0 0 0 * * *"}, "/cron", "exactly one of"),
    ({"cron": "0 0 0 ? * ?"}, "/cron", "exactly one of"),
    ({"cron": "0 0 0 L-31 * ?"}, "/cron", "L-1 to L-30"),
    ({"cron": "0 0 0 ? * 2#6"}, "/cron", "at most 5"),
    ({"cron": "0 0 0 ? * 0"}, "/cron", "from 1 to 7"),
    ({"cron": "0 0 0 29 2 ? 2027"}, "/cron", "never fires"),
    ({"cron": "0 0 0 1 1 ? 1969"}, "/cron", "from 1970"),
    ({"cron": "cron(0 10 * * ?)"}, "/cron", "5 fields"),
    ({"cron": "rate(5)"}, "/cron", "rate(5 minutes)"),
    ({"cron": "rate(999999 days)"}, "/cron", "366 days"),
    ({"cron": "at(2026-02-30T10:00:00)"}, "/cron", "at(2026-11-20T13:00:00)"),
    ({"rrule": "FREQ=DAILY"}, "/rrule", "start_at"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=SECONDLY"}, "/rrule", "every"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=NEVER"}, "/rrule", "YEARLY"),
    ({"rrule": "DTSTART:20260101T000000Z\nFREQ=DAILY"}, "/rrule", "without Z"),
    ({"rrule": "DTSTART:20260230\nFREQ=DAILY"}, "/rrule", "is no time"),
    ({"rrule": "EXDATE:20260101\nFREQ=DAILY"}, "/rrule", "DTSTART"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;FREQ=DAILY"}, "/rrule", "twice"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;COUNT=3;UNTIL=20270101"}, "/rrule", "exclude each other"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;BYMONTH=13"}, "/rrule", "from 1 to 12"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;BYDAY=1MO"}, "/rrule", "MONTHLY"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;INTERVAL=0"}, "/rrule", "INTERVAL"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;BYSETPOS=1"}, "/rrule", "BYSETPOS"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "/rrule", "fire"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "/rrule", "fire"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=MINUTELY;INTERVAL=2;BYMINUTE=1"}, "/rrule", "very long time"),
    ({"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;UNTIL=20251231"}, "/rrule", "never fires"),
    ({"rrule": "FREQ=DAILY;" * 60}, "/rrule", "at most 512"),
]


@pytest.mark.parametrize(("document", "pointer", "words"), REFUSED, ids=[str(case[0])[:60] for case in REFUSED])
def test_a_refusal_says_where_and_what_would_be_right(document: dict, pointer: str, words: str) -> None:
    with pytest.raises(InvalidField) as refused:
        read_schedule(document, "/schedule")

    assert refused.value.pointer == f"/schedule{pointer}"
    assert words in refused.value.detail


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("1h30m", 5_400), ("PT90S", 90), ("366d", 31_622_400)])
def test_spacings_are_read_with_their_unit(text: str, seconds: int) -> None:
    assert read_schedule({"every": text}).triggers == (Every(seconds),)


@pytest.mark.parametrize(
    ("expression", "dialect"),
    [("0 9 * * *", "unix"), ("@daily", "unix"), ("0 0 9 * * ?", "quartz"), ("rate(5 minutes)", "eventbridge")],
)
def test_the_dialect_is_told(expression: str, dialect: str) -> None:
    written = write_schedule(read_schedule({"cron": expression}))

    assert written == {"cron": expression, "dialect": dialect, "timezone": "UTC"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.text("0123456789*/-,?LWH#()RMONJAFEB ", max_size=30)
CALLS = st.builds("{}({})".format, st.sampled_from(["cron", "rate", "at"]), FIELDS)
RULES = st.text("FREQINTVALBYDMOHS=;,-+0123456789:\n", max_size=60).map("DTSTART:20260101\nFREQ=DAILY;".__add__)


@given(
    st.one_of(
        JSON,
        st.tuples(SCHEDULES, st.sampled_from(["timezone", "spread", "calendars", "any_of", "at"]), JSON).map(
            lambda parts: {**parts[0], parts[1]: parts[2]}
        ),
        st.one_of(FIELDS, CALLS, st.text(max_size=40)).map(lambda text: {"cron": text}),
        st.one_of(RULES, st.text(max_size=60)).map(lambda text: {"rrule": text}),
        st.text(max_size=20).map(lambda text: {"every": text}),
    )
)
def test_whatever_is_written_is_read_or_refused_as_a_field(document: object) -> None:
    try:
        schedule = read_schedule(document)
    except InvalidField:
        return
    assert 1 <= len(schedule.triggers) <= bounds.MAX_TRIGGERS
