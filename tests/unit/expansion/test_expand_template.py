"""One template's turn: jobs first, the template last, and whatever happens in between repeats without harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.expansion.expand_template import BY_ITSELF
from shared.expansion.timetables import timetable_of
from shared.model.errors import InvalidField, StoreUnavailable, TemplateChanged
from shared.model.lifecycle import Status
from shared.model.occurrence_job import WITHDRAWN
from shared.model.template import Misfire, MisfirePolicy, Missed, TemplateStatus
from shared.model.template_changes import SETTLE, deleted
from tests.unit.recurring import RETENTION, START, Recurring, plenty

if TYPE_CHECKING:
    from shared.model.template import Template

FIRE_ALL = Misfire(policy=MisfirePolicy.FIRE_ALL)
WRITES = ("create", "change", "record_gap", "replace_template")


def at_minute(minute: int, second: int = 0) -> datetime:
    return START.replace(minute=0, second=second) + timedelta(minutes=minute)


def planned(recurring: Recurring) -> list[datetime]:
    """The occurrences that have a job which may run."""
    return sorted(job.nominal_at for job in recurring.jobs.all_jobs() if job.nominal_at and job.reason != WITHDRAWN)


def missed(recurring: Recurring) -> int:
    return sum(gap.count for gap in recurring.templates.gaps(recurring.template().key, since=START, until=_FOREVER))


_FOREVER = START + timedelta(days=999)


def test_it_plans_what_is_due_soon_and_says_how_far_it_is() -> None:
    recurring = Recurring()

    expanded = recurring.expand(recurring.create(), plenty)

    assert (expanded.planned, expanded.missed) == (31, 0)
    assert expanded.template == recurring.template()
    assert expanded.template.progress.expanded_until == planned(recurring)[-1] == at_minute(31)
    assert (expanded.template.version, expanded.template.revision) == (1, 2)
    assert expanded.template.expand_at == at_minute(16)


def test_what_was_missed_is_recorded_as_long_as_jobs_are_kept() -> None:
    recurring = Recurring()
    recurring.create()
    kept = {}
    recurring.templates.record_gap = lambda key, gap, *, keep_until: kept.update({gap: keep_until})  # type: ignore[method-assign]
    recurring.clock.advance(3_600)

    expanded = recurring.expand(recurring.template(), plenty)

    ((gap, keep_until),) = kept.items()
    assert (expanded.missed, gap.count, gap.first, gap.last) == (59, 59, at_minute(1), at_minute(59))
    assert keep_until == gap.last + RETENTION.longest


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("applied", [False, True])
def test_whichever_write_fails_the_next_turn_comes_to_the_same(
    operation: str, applied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, recurring = Recurring(), Recurring()
    for one in (wanted, recurring):
        one.create()
        one.expand(one.template(), plenty)
        one.clock.advance(2 * 3_600)
    store = recurring.jobs if operation in ("create", "change") else recurring.templates
    original = getattr(store, operation)

    def failing(*arguments: Any, **named: Any) -> Any:
        if applied:
            original(*arguments, **named)
        raise StoreUnavailable("injected", outcome_unknown=applied)

    with monkeypatch.context() as patch:
        patch.setattr(store, operation, failing)
        if operation != "change":
            with pytest.raises(StoreUnavailable):
                recurring.expand(recurring.template(), plenty)
    for one in (wanted, recurring):
        if (one.template().expand_at or _FOREVER) <= one.clock.now():
            one.expand(one.template(), plenty)

    assert planned(recurring) == planned(wanted)
    assert missed(recurring) == missed(wanted)
    assert recurring.template().progress == wanted.template().progress


def test_of_two_at_once_there_is_one_job_for_each_occurrence() -> None:
    recurring = Recurring()
    template = recurring.create()

    recurring.expand(template, plenty)
    _expand_stale(recurring, template)

    assert len(recurring.jobs.all_jobs()) == len(planned(recurring)) == 31


@given(st.integers(1, 7_200), st.integers(1, 300), st.booleans())
@settings(max_examples=30)
def test_of_two_at_once_each_past_occurrence_has_a_job_or_a_record(outage: int, apart: int, first_wins: bool) -> None:
    recurring = Recurring()
    template = recurring.create({"cron": "* * * * *", "spread": "30m"})
    recurring.clock.advance(outage)
    begun = recurring.clock.now()
    records, kept = [], recurring.templates.record_gap

    def later(*arguments: Any, **named: Any) -> None:
        records.append((arguments, named))

    # Both read and plan; then both write their records, in either order.
    recurring.templates.record_gap = later  # type: ignore[method-assign]
    recurring.expand(template, plenty)
    recurring.clock.advance(apart)
    _expand_stale(recurring, template)
    for arguments, named in records if first_wins else records[::-1]:
        kept(*arguments, **named)

    gaps = recurring.templates.gaps(template.key, since=START, until=_FOREVER)
    past = [at_minute(one) for one in range(1, 999) if at_minute(one) <= begun]
    runs = set(planned(recurring))
    assert all(one in runs or any(gap.first <= one <= gap.last for gap in gaps) for one in past)


def test_an_older_version_writes_nothing_over_a_newer_one() -> None:
    recurring = Recurring()
    old = recurring.create()
    recurring.edit(schedule={"cron": "*/10 * * * *"})

    with pytest.raises(TemplateChanged):
        recurring.expand(old, plenty)

    # What the older one planned meanwhile it has taken back by itself.
    assert all(one.minute % 10 == 0 for one in planned(recurring))


def test_what_an_older_expansion_planned_and_could_not_take_back_goes_when_the_template_has_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recurring = Recurring()
    old = recurring.create()
    recurring.edit(schedule={"cron": "*/10 * * * *"})

    def die(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("gone", outcome_unknown=False)

    with monkeypatch.context() as broken:
        broken.setattr(type(recurring.expand.withdraw_jobs), "planned_at", die)
        with pytest.raises(StoreUnavailable):
            recurring.expand(old, plenty)

    assert len(planned(recurring)) > 5
    recurring.clock.advance(SETTLE.total_seconds())
    recurring.expand(recurring.template(), plenty)
    ahead = [one for one in planned(recurring) if one > recurring.clock.now()]
    assert all(one.minute % 10 == 0 for one in ahead)
    assert recurring.template().progress.settle_at is None


def test_a_template_that_changed_is_looked_at_again_when_it_has_settled() -> None:
    recurring = Recurring()
    recurring.create({"cron": "0 0 1 1 *"})
    recurring.expand(recurring.template(), plenty)

    edited = recurring.edit(misfire=FIRE_ALL)

    assert edited.expand_at == edited.progress.settle_at == START + SETTLE
    assert not edited.progress.is_stale


def test_while_jobs_are_left_to_withdraw_it_stays_due() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.expand(recurring.template(), plenty)
    template = recurring.template()
    recurring.expand.templates.replace_template(
        replace(template, revision=3, version=2, progress=replace(template.progress, is_stale=True))
    )

    expanded = recurring.expand(recurring.template(), lambda: 1.0)

    assert expanded.template.progress.is_stale
    assert expanded.template.expand_at == recurring.clock.now()


def test_a_paused_template_withdraws_and_plans_nothing() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.expand(recurring.template(), plenty)

    still = recurring.pause()

    assert planned(recurring) == []
    assert still.expand_at == START + SETTLE
    recurring.clock.advance(SETTLE.total_seconds())
    assert recurring.expand(recurring.template(), plenty).template.expand_at is None


def test_pause_and_resume_lose_nothing_of_the_future() -> None:
    recurring = Recurring()
    recurring.create({"cron": "*/5 * * * *", "spread": "20m"})
    recurring.expand(recurring.template(), plenty)
    recurring.clock.advance(450)
    before = {job.id: job.run_at for job in recurring.jobs.all_jobs() if job.run_at > recurring.clock.now()}

    recurring.pause()
    recurring.clock.advance(1)
    recurring.resume()

    after = {job.id: job.run_at for job in recurring.jobs.all_jobs() if job.status is Status.SCHEDULED}
    assert before.items() <= after.items()


@pytest.mark.parametrize(
    ("missed_policy", "runs"), [(Missed.SKIP, [at_minute(90)]), (Missed.APPLY_MISFIRE, [at_minute(30), at_minute(90)])]
)
def test_a_pause_ends_at_its_time_by_itself_and_what_is_late_since_then_is_late(
    missed_policy: Missed, runs: list[datetime]
) -> None:
    recurring = Recurring()
    recurring.create({"cron": "30 * * * *"}, misfire=FIRE_ALL)
    recurring.pause(until=at_minute(60), missed=missed_policy)
    # Nobody expands it when the pause is over, at 13:00, but at 13:45 only.
    recurring.clock.advance(105 * 60)

    recurring.tick()

    template = recurring.template()
    assert (template.status, template.changed_by, template.changed_at) == (
        TemplateStatus.ACTIVE,
        BY_ITSELF,
        at_minute(60),
    )
    assert [one for one in planned(recurring) if one <= recurring.clock.now()] == runs
    assert template.progress.settle_at == recurring.clock.now() + SETTLE


def test_the_version_that_was_paused_is_kept_when_it_goes_on_by_itself() -> None:
    recurring = Recurring()
    recurring.create()
    recurring.pause(until=at_minute(60), note="release")
    recurring.clock.advance(3_600)

    recurring.tick()

    (archived, *_) = recurring.templates.archived_versions(recurring.template().key, before=3, limit=1)
    assert archived.pause is not None
    assert archived.pause.note == "release"


def test_a_calendar_that_is_missing_is_said() -> None:
    recurring = Recurring()
    template = replace(recurring.create(), schedule={"cron": "* * * * *", "calendars": ["gone"]})

    with pytest.raises(InvalidField, match="there is no calendar gone"):
        recurring.expand(template, plenty)


def jobs_of(recurring: Recurring) -> list[tuple[Any, ...]]:
    return sorted(
        (job.nominal_at, job.run_at, job.misfire_at, str(job.target), job.timeout_seconds)
        for job in recurring.jobs.all_jobs()
        if job.status is Status.SCHEDULED
    )


CHANGES = st.sampled_from(["schedule", "job", "skip", "pause", "old expander", "nothing"])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 3_000), CHANGES), max_size=5), st.sampled_from(["0s", "20m"]))
def test_changed_and_changed_back_it_has_the_jobs_that_it_would_have_had(steps, spread) -> None:
    schedule = {"cron": "*/2 * * * *", "spread": spread}
    untouched, touched = Recurring(), Recurring()
    for one in (untouched, touched):
        one.create(schedule, misfire=FIRE_ALL)
        one.tick()

    for seconds, what in steps:
        old = touched.template()
        _do_and_undo(touched, what, schedule)
        for one in (untouched, touched):
            one.clock.advance(seconds)
            one.tick()
        if what == "old expander":
            _expand_stale(touched, old)
    for one in (untouched, touched):
        one.pass_minutes(4)

    far = min(one.template().progress.expanded_until for one in (untouched, touched))
    assert [job for job in jobs_of(touched) if job[0] <= far] == [job for job in jobs_of(untouched) if job[0] <= far]


def _do_and_undo(recurring: Recurring, what: str, schedule: dict[str, Any]) -> None:
    template = recurring.template()
    match what:
        case "schedule" | "old expander":
            recurring.edit(schedule={"cron": "7 * * * *"})
            recurring.edit(schedule=schedule)
        case "job":
            recurring.edit(job=replace(template.job, timeout_seconds=7))
            recurring.edit(job=template.job)
        case "skip":
            recurring.edit(skipped=(at_minute(2), at_minute(30)))
            recurring.edit(skipped=())
        case "pause":
            recurring.pause()
            recurring.resume(Missed.SKIP)


def _expand_stale(recurring: Recurring, old: Template) -> None:
    """By an expander that has read it before; at the very same time it may come to the very same."""
    try:
        recurring.expand(old, plenty)
    except TemplateChanged:
        return


def test_what_a_deleted_template_leaves_is_let_go_in_its_last_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    recurring = Recurring()
    recurring.create()
    recurring.tick()
    let_go: list[datetime] = []
    monkeypatch.setattr(recurring.templates, "expire_remains", lambda template: let_go.append(recurring.clock.now()))
    template = recurring.template()
    by = {"by": "key", "now": recurring.clock.now(), "retention": RETENTION.longest}
    gone = deleted(template, timetable_of(template, recurring.calendars), **by)  # type: ignore[arg-type]
    recurring.templates.archive_version(template)
    recurring.templates.replace_template(gone)

    recurring.expand(gone, plenty)
    assert let_go == []

    settles_at = gone.progress.settle_at
    recurring.pass_minutes(5)
    assert settles_at is not None
    assert len(let_go) == 1
    assert let_go[0] >= settles_at
    assert recurring.template().expand_at is None
