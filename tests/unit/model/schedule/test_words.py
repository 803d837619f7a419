"""Schedules in words: what is said of the examples in the dialects' own documentation, and of each form there is."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.model.errors import InvalidField
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.words import words
from tests.unit.model.schedule import test_cron_expressions as documented
from tests.unit.model.schedule.strategies import INSTANTS, SCHEDULES, rules

UNIX = [
    ("5 0 * * *", "At 00:05, every day"),
    ("15 14 1 * *", "At 14:15, on the 1st of the month"),
    ("0 22 * * 1-5", "At 22:00, Monday through Friday"),
    ("23 0-23/2 * * *", "Every 2 hours from 00:23 through 22:23, every day"),
    ("5 4 * * sun", "At 04:05, on Sunday"),
    ("0 0 * * 7", "At 00:00, on Sunday"),
    ("30 4 1,15 * 5", "At 04:30, on the 1st and 15th of the month and also on Friday"),
    ("0 0 */2 * 5", "At 00:00, on every 2nd day from the 1st through the 31st of the month, if that is a Friday"),
    ("0 0 13 * */5", "At 00:00, on the 13th of the month, if that is a Sunday or a Friday"),
    ("0 0 * * fri-sun", "At 00:00, Friday through Sunday"),
    ("0 0 29 2 *", "At 00:00, on the 29th of February"),
    ("@hourly", "Every hour"),
    ("@daily", "At 00:00, every day"),
    ("@weekly", "At 00:00, on Sunday"),
    ("@monthly", "At 00:00, on the 1st of the month"),
    ("@yearly", "At 00:00, on the 1st of January"),
    ("30 9 * * 1-5", "At 09:30, Monday through Friday"),
    ("*/7 * * * *", "At 0, 7, 14, 21, 28, 35, 42, 49 and 56 minutes past the hour"),
    ("7-59/15 8-17 * * *", "At 7, 22, 37 and 52 minutes past the hour, from 08:00 to 17:59, every day"),
    ("0 9 1 * 0", "At 09:00, on the 1st of the month and also on Sunday"),
    ("*/25 */7 * * *", "At 0, 25 and 50 minutes past the hour, in hours 0, 7, 14 and 21, every day"),
    ("0 0 * * 5-7", "At 00:00, Friday through Sunday"),
    ("0 9 1,15 1-3 *", "At 09:00, on the 1st and 15th of January through March"),
    ("H H * * *", "At one minute of one hour, every day (the template's id decides which)"),
    (
        "H(10-20) H/6 * * *",
        "At one minute from 10 through 20 of every 6th hour, every day (the template's id decides which)",
    ),
    ("H * * * H", "At one minute of every hour, on one day of the week (the template's id decides which)"),
    ("0 */2,5 * * *", "At minute 0 of hours 0, 2, 4 through 6, 8, 10, 12, 14, 16, 18, 20 and 22, every day"),
    ("0 9 * */3 *", "At 09:00, every day in January, April, July and October"),
    ("0 0 1-7 * 1", "At 00:00, on the 1st through 7th of the month and also on Monday"),
    ("0 0 */3 * *", "At 00:00, on every 3rd day from the 1st through the 31st of the month"),
    (
        "0 0 */2 2 1-5",
        "At 00:00, on every 2nd day from the 1st through the 31st of February, if that is one of Monday through Friday",
    ),
    ("30 9-17 * * 1-5", "Every hour from 09:30 through 17:30, Monday through Friday"),
    ("0 0-8,20-23 * * *", "At minute 0 of hours 0 through 8 and 20 through 23, every day"),
    ("1-59/2 * * * *", "At every 2nd minute from 1 through 59 of every hour"),
    ("*/5 */2 * * *", "Every 5 minutes, in every 2nd hour from 0 through 22, every day"),
    ("*/5 9 * * *", "Every 5 minutes, from 09:00 to 09:59, every day"),
    ("*/30 9-11,14 * * *", "Every 30 minutes, from 09:00 to 11:59 and from 14:00 to 14:59, every day"),
    ("10-20 * * * *", "At minutes 10 through 20 of every hour"),
    ("* * * * *", "Every minute"),
    ("1 * * * *", "At 1 minute past every hour"),
    ("0 */3 * * *", "Every 3 hours from 00:00 through 21:00, every day"),
    ("0 0 1 1-3 5", "At 00:00, on the 1st of the month and also on Friday, in January through March"),
    ("0 0 1-31 * 5", "At 00:00, every day"),
    ("0 0 1-31 * H", "At 00:00, every day"),
    (
        "0 0 */16 * H",
        "At 00:00, on the 1st and 17th of the month, if that is one day of the week (the template's id decides which)",
    ),
    ("* * 1 * *", "Every minute, on the 1st of the month"),
    ("* * * 2 *", "Every minute, in February"),
    ("0 12 * 2 *", "At 12:00, every day in February"),
    ("H/15 * * * *", "At every 15th minute of every hour (the template's id decides which)"),
    ("0 0 * * 1,3,5", "At 00:00, on Monday, Wednesday and Friday"),
    ("0 0 * * 1-3,5", "At 00:00, on Monday, Tuesday, Wednesday and Friday"),
]
QUARTZ = [
    ("0 0 12 * * ?", "At 12:00, every day"),
    ("0 15 10 ? * *", "At 10:15, every day"),
    ("0 15 10 * * ? 2027", "At 10:15, every day, in 2027"),
    ("0 0/5 14,18 * * ?", "Every 5 minutes, from 14:00 to 14:59 and from 18:00 to 18:59, every day"),
    ("0 10,44 14 ? 3 WED", "At 14:10 and 14:44, on Wednesday, in March"),
    ("0 15 10 ? * MON-FRI", "At 10:15, Monday through Friday"),
    ("0 15 10 L * ?", "At 10:15, on the last day of the month"),
    ("0 15 10 L-2 * ?", "At 10:15, on the 2nd day before the last of the month"),
    ("0 15 10 ? * 6L", "At 10:15, on the last Friday of the month"),
    ("0 15 10 ? * FRIL", "At 10:15, on the last Friday of the month"),
    ("0 15 10 ? * 6#3", "At 10:15, on the 3rd Friday of the month"),
    ("0 0 12 1/5 * ?", "At 12:00, on the 1st, 6th, 11th, 16th, 21st, 26th and 31st of the month"),
    ("0 11 11 11 11 ?", "At 11:11, on the 11th of November"),
    ("0 0 9 LW * ?", "At 09:00, on the last weekday of the month"),
    ("0 0 9 15W * ?", "At 09:00, on the weekday nearest to the 15th of the month, always in the same month"),
    ("0 0 9 1W 5 ?", "At 09:00, on the weekday nearest to the 1st of May, always in the same month"),
    ("0 0 9 31W 1 ?", "At 09:00, on the weekday nearest to the 31st of January, always in the same month"),
    ("0 0 9 ? * L", "At 09:00, on Saturday"),
    ("0 0 9 ? * 1", "At 09:00, on Sunday"),
    ("0 0 22-2/2 * * ?", "At 00:00, 02:00 and 22:00, every day"),
    ("0 0 9 ? NOV-FEB FRI-MON", "At 09:00, Friday through Monday, in January, February, November and December"),
    ("0 0 9 ? * 2#5", "At 09:00, on the 5th Monday of the month"),
    (
        "0 0 9 LW,15W * ?",
        "At 09:00, on the last weekday and the weekday nearest to the 15th of the month, always in the same month",
    ),
    ("0 0 9 ? * 2#1,6L", "At 09:00, on the 1st Monday of the month and the last Friday of the month"),
    (
        "0 0 9 L-3W * ?",
        "At 09:00, on the weekday nearest to the 3rd day before the last of the month, always in the same month",
    ),
    ("0 0 9 15,L * ?", "At 09:00, on the 15th and the last day of the month"),
    ("* * * * * ?", "Every second"),
    ("0/20 * * * * ?", "Every 20 seconds"),
    ("10/20 0 12 ? * * 2027", "At 12:00:10, 12:00:30 and 12:00:50, every day, in 2027"),
    ("* 0 12 * * ?", "At every second of minute 0 of hour 12, every day"),
    ("*/5 */5 * * * ?", "At every 5th second from 0 through 55 of every 5th minute from 0 through 55 of every hour"),
    ("15 * * * * ?", "At second 15 of every minute of every hour"),
    ("0 H H(0-3) * * ?", "At one minute of one hour from 0 through 3, every day (the template's id decides which)"),
    (
        "0 0 0/3 L-2 * ? 2024-2199",
        "Every 3 hours from 00:00 through 21:00, on the 2nd day before the last of the month, from 2024 on",
    ),
    ("0 0 13 22 11 ? 2026", "At 13:00, on 2026-11-22"),
    (
        "H H H(0-5) ? * 2",
        "At one second of one minute of one hour from 0 through 5, on Monday (the template's id decides which)",
    ),
    (
        "0 0 9 ? * 2,6L 2026/2",
        "At 09:00, on Monday and the last Friday of the month, in every 2nd year from 2026 through 2198",
    ),
]
EVENTBRIDGE = [
    ("cron(0 10 * * ? *)", "At 10:00, every day"),
    ("cron(15 12 * * ? *)", "At 12:15, every day"),
    ("cron(0 18 ? * MON-FRI *)", "At 18:00, Monday through Friday"),
    ("cron(0 8 1 * ? *)", "At 08:00, on the 1st of the month"),
    ("cron(0/15 * * * ? *)", "Every 15 minutes"),
    ("cron(0/5 8-17 ? * MON-FRI *)", "Every 5 minutes, from 08:00 to 17:59, Monday through Friday"),
    (
        "cron(0/30 20-2 ? * MON-FRI *)",
        "Every 30 minutes, from 00:00 to 02:59 and from 20:00 to 23:59, Monday through Friday",
    ),
    ("cron(15 10 ? * 6L 2026-2027)", "At 10:15, on the last Friday of the month, in 2026 and 2027"),
    ("rate(5 minutes)", "Every 5 minutes"),
    ("rate(1 hour)", "Every hour"),
    ("at(2026-11-22T13:00:00)", "At 13:00, on 2026-11-22"),
    ("at(2026-11-22T13:00:30)", "At 13:00:30, on 2026-11-22"),
    ("rate(7 days)", "Every 7 days of 24 hours"),
    ("rate(1 day)", "Every 24 hours"),
    ("rate(1 minute)", "Every minute"),
    ("cron(0 9 ? 1,7 2#1 2027)", "At 09:00, on the 1st Monday of the month, in January and July, in 2027"),
]
RULES = [
    ("FREQ=MONTHLY;BYDAY=-1FR", "Every month on the last Friday at 09:00"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "Every 2 weeks on Tuesday at 09:00, from 2026-01-02"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "Every month on the last weekday at 09:00"),
    (
        "FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3",
        "Every month on Tuesday through Thursday at 09:00, of these only the 3rd in each month",
    ),
    ("FREQ=DAILY;COUNT=10", "Every day at 09:00, 10 times in all, from 2026-01-02"),
    (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "Every 2 weeks on Tuesday and Thursday at 09:00, weeks begin on Sunday, 8 times in all, from 2026-01-02",
    ),
    ("FREQ=MONTHLY;BYMONTHDAY=2,15", "Every month on the 2nd and 15th at 09:00"),
    ("FREQ=MONTHLY;BYMONTHDAY=-3", "Every month on the 3rd last day at 09:00"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,-1", "Every month on the 15th and last day at 09:00"),
    (
        "FREQ=WEEKLY;UNTIL=20261007T000000;WKST=SU;BYDAY=TU,TH",
        "Every week on Tuesday and Thursday at 09:00, until 2026-10-07 00:00",
    ),
    ("FREQ=DAILY;UNTIL=20271231", "Every day at 09:00, until the end of 2027-12-31"),
    ("FREQ=YEARLY", "Every year in January on the 2nd at 09:00"),
    ("FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", "Every year in January on every day at 09:00"),
    ("FREQ=YEARLY;BYDAY=20MO", "Every year on the 20th Monday of the year at 09:00"),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "Every year in the 20th week of the year (ISO 8601) on Monday at 09:00"),
    ("FREQ=YEARLY;BYWEEKNO=20,-1", "Every year in the 20th and last week of the year (ISO 8601) on every day at 09:00"),
    ("FREQ=YEARLY;BYYEARDAY=1,100,-1", "Every year on the 1st, 100th and last day of the year at 09:00"),
    ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "Every month on the 13th at 09:00, only on Friday"),
    (
        "FREQ=HOURLY;INTERVAL=3;BYMINUTE=5,20;BYHOUR=9,10,11",
        "Every 3 hours at minutes 5 and 20, only in hours 9 through 11, from 2026-01-02 09:00",
    ),
    (
        "FREQ=MINUTELY;INTERVAL=15;BYDAY=MO,TU;BYHOUR=8",
        "Every 15 minutes, only in hour 8, only on Monday and Tuesday, from 2026-01-02 09:00",
    ),
    ("FREQ=DAILY;BYMONTH=1", "Every day at 09:00, only in January"),
    ("FREQ=YEARLY;BYMONTHDAY=31", "Every year on the 31st of any month at 09:00"),
    ("FREQ=DAILY;BYHOUR=8,9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", "Every day, every 20 minutes, from 08:00 to 16:59"),
    ("FREQ=MINUTELY", "Every minute"),
    ("FREQ=HOURLY", "Every hour"),
]


@pytest.mark.parametrize(("expression", "expected"), UNIX + QUARTZ + EVENTBRIDGE)
def test_a_cron_expression_in_words(expression: str, expected: str) -> None:
    assert words(read_schedule({"cron": expression})) == expected


@pytest.mark.parametrize(("rule", "expected"), RULES)
def test_a_recurrence_rule_in_words(rule: str, expected: str) -> None:
    assert words(read_schedule({"rrule": rule, "start_at": "2026-01-02T09:00:00Z"})) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"every": "90s"}, "Every 90 seconds"),
        ({"every": "1h30m"}, "Every 90 minutes"),
        ({"every": "1s"}, "Every second"),
        ({"every": "1d"}, "Every 24 hours"),
        ({"every": "14d"}, "Every 14 days of 24 hours"),
        ({"at": ["2026-11-20T13:00:00+01:00"]}, "At 2026-11-20 12:00 UTC"),
        (
            {"at": ["2026-11-21T12:00:00Z", "2026-11-20T12:00:00.5Z", "2026-11-20T12:00:07Z"]},
            "At 3 given times, the first 2026-11-20 12:00:00.500 UTC, the last 2026-11-21 12:00 UTC",
        ),
        (
            {"any_of": [{"cron": "30 9 * * 1-5"}, {"every": "90s"}, {"cron": "30 9 * * MON-FRI"}]},
            "At 09:30, Monday through Friday; and every 90 seconds",
        ),
        # A rule's own start is told, and until when in the time zone of the schedule.
        (
            {"rrule": "DTSTART:20260103T093015\nFREQ=HOURLY"},
            "Every hour at second 15 of minute 30, from 2026-01-03 09:30:15",
        ),
        (
            {
                "rrule": "DTSTART:20260103T0930\nFREQ=DAILY;UNTIL=20270101T080000Z".replace("0930", "093000"),
                "timezone": "Europe/Berlin",
            },
            "Every day at 09:30, from 2026-01-03, until 2027-01-01 09:00",
        ),
    ],
)
def test_other_triggers_in_words(document: dict, expected: str) -> None:
    assert words(read_schedule(document)) == expected


def test_zone_policies_and_bounds_are_left_to_their_own_members() -> None:
    more = {"timezone": "Europe/Berlin", "dst_gap": "skip", "end_at": "2027-01-01T00:00:00Z", "spread": "5m"}

    assert words(read_schedule({"cron": "30 9 * * 1-5", **more})) == "At 09:30, Monday through Friday"


def test_every_documented_example_is_in_the_table() -> None:
    examples = {expression for expression, _ in documented.UNIX + documented.QUARTZ + documented.EVENTBRIDGE}

    assert examples <= {expression for expression, _ in UNIX + QUARTZ + EVENTBRIDGE}


def test_what_takes_too_many_words_is_left_unsaid() -> None:
    scattered = "0,3,4,8,11,14,15,19,22,25,26,30,33,36,37,41,44,47,48,52 "
    expression = f"{scattered}{scattered}0,2,5,9,12,14,20 ? 1,3,6,8 2,4,7 2026,2028,2031"
    rule = f"DTSTART:20260101T000000\nFREQ=YEARLY;BYYEARDAY={','.join(map(str, range(1, 366, 4)))}"

    assert words(read_schedule({"cron": expression})) == "At times that take too many words to say"
    assert words(read_schedule({"rrule": rule})) == "At times that take too many words to say"


def test_of_many_triggers_the_last_are_counted() -> None:
    triggers = [{"cron": f"{minute},17,29,44 */2 1,15 */3 {minute % 7}"} for minute in range(10)]

    said = words(read_schedule({"any_of": triggers}))

    assert said.endswith(" more of its triggers say when as well")
    assert len(said) < 500


ITEMS = {
    "time": ["*", "0", "5", "*/7", "0/20", "10-20", "H", "H/4", "H(3-9)", "H(2-2)", "H/1"],
    "of_month": ["*", "1", "L", "LW", "L-3", "L-30W", "15W", "1W", "1/5", "3-9", "H", "H(1-9)/3"],
    "month": ["*", "1", "MAR", "NOV-FEB", "1/3", "H", "H(1-6)"],
    "of_week": ["*", "L", "1", "FRI-MON", "2#1", "6#5", "6L", "MON/2", "H", "H(2-6)"],
    "year": ["*", "2026", "2026-2030", "2028/4"],
}
FIELDS = {name: st.lists(st.sampled_from(items), min_size=1, max_size=3).map(",".join) for name, items in ITEMS.items()}
TIMES = st.tuples(FIELDS["time"], FIELDS["time"]).map(" ".join)
DAYS = st.one_of(
    st.tuples(FIELDS["of_month"], FIELDS["month"], st.just("?")),
    st.tuples(st.just("?"), FIELDS["month"], FIELDS["of_week"]),
).map(" ".join)
QUARTZ_FORMS = st.builds("{} {} {} {}".format, FIELDS["time"], TIMES, DAYS, FIELDS["year"])
EVENTBRIDGE_FORMS = st.builds("cron({} {} {})".format, TIMES, DAYS, FIELDS["year"])
UNIX_FORMS = st.builds(
    "{} {} {} {}".format,
    TIMES,
    st.sampled_from(["*", "H", "1,H", "*/3", "7-9"]),
    FIELDS["month"],
    st.sampled_from(["*", "H", "*/2,H(1-5)", "H/2", "5-7", "sun"]),
)
WRITTEN = st.one_of(
    SCHEDULES,
    st.one_of(QUARTZ_FORMS, EVENTBRIDGE_FORMS, UNIX_FORMS).map(lambda text: {"cron": text}),
    st.builds(lambda text, start: {"rrule": text, "start_at": start.isoformat()}, rules(), INSTANTS),
)
LEFTOVERS = re.compile(r"[{}%_*?/#]|None|\bor$|\band$| ,|,,|  |\(\)|Choice|Field")


@given(WRITTEN)
def test_every_schedule_that_is_accepted_has_words(document: dict) -> None:
    try:
        schedule = read_schedule(document)
    except InvalidField:
        assume(False)

    said = words(schedule)

    assert 0 < len(said) < 500
    assert said.startswith(("At ", "Every "))
    assert not LEFTOVERS.search(said)
