from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.watcher.journal import read_journal
from functions.watcher.journal.read_journal import MOST_LEFT_OUT, WITHIN, ReadJournal
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.canary import SYSTEM_TENANT
from shared.model.errors import StoreRefused, StoreUnavailable
from shared.model.job_change import JobChange
from shared.ports.telemetry import Metric
from tests.jobs import START, a_job, claimed

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOCK = VirtualClock(START)


def changes_of(count: int) -> list[JobChange]:
    jobs = [a_job(job_id=f"job-{number}") for number in range(count)]
    return [JobChange(job, claimed(job), START, f"event-{number}") for number, job in enumerate(jobs)]


CHANGES = changes_of(5)


class Remembering:
    def __init__(self) -> None:
        self.told: list[JobChange] = []

    def __call__(self, changes: Sequence[JobChange]) -> None:
        self.told += changes


def unavailable(changes: Sequence[JobChange]) -> None:
    raise StoreUnavailable("the bucket is away", outcome_unknown=False)


def fails_at(number: int) -> Remembering:
    class Failing(Remembering):
        def __call__(self, changes: Sequence[JobChange]) -> None:
            if CHANGES[number] in changes:
                raise ZeroDivisionError
            super().__call__(changes)

    return Failing()


def test_every_reader_is_given_every_change_in_order() -> None:
    one, two = Remembering(), Remembering()

    ReadJournal({"one": one, "two": two}, RecordedTelemetry(), CLOCK)(CHANGES)

    assert one.told == two.told == CHANGES


def test_a_reader_whose_store_is_away_keeps_no_other_from_its_changes_and_has_all_told_again() -> None:
    telemetry, other = RecordedTelemetry(), Remembering()
    read = ReadJournal({"away": unavailable, "other": other}, telemetry, CLOCK)

    with pytest.raises(StoreUnavailable):
        read(CHANGES)

    assert other.told == CHANGES
    assert telemetry.notes == [("journal_held_up", {"reader": "away", "error": "the bucket is away"})]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_a_change_that_a_reader_fails_at_is_left_out_and_told_and_no_other(number: int) -> None:
    telemetry, failing, other = RecordedTelemetry(), fails_at(number), Remembering()

    ReadJournal({"failing": failing, "other": other}, telemetry, CLOCK)(CHANGES)

    assert failing.told == [change for change in CHANGES if change is not CHANGES[number]]
    assert other.told == CHANGES
    ((action, facts),) = telemetry.notes
    assert (action, facts["reader"], facts["job_id"]) == ("journal_left_out", "failing", f"job-{number}")
    assert telemetry.values[Metric.JOURNAL_LEFT_OUT] == [1]


def test_a_store_that_is_away_for_half_of_a_batch_has_all_of_it_told_again() -> None:
    def read(changes: Sequence[JobChange]) -> None:
        if len(changes) > 1:
            raise ZeroDivisionError
        unavailable(changes)

    with pytest.raises(StoreUnavailable):
        ReadJournal({"both": read}, RecordedTelemetry(), CLOCK)(CHANGES)


def test_a_change_that_a_store_will_never_take_is_left_out_and_told_and_no_other() -> None:
    class Refusing(Remembering):
        def __call__(self, changes: Sequence[JobChange]) -> None:
            if CHANGES[2] in changes:
                raise StoreRefused("put archive: EntityTooLarge", outcome_unknown=False)
            super().__call__(changes)

    telemetry, refusing = RecordedTelemetry(), Refusing()

    ReadJournal({"refusing": refusing}, telemetry, CLOCK)(CHANGES)

    assert refusing.told == [change for change in CHANGES if change is not CHANGES[2]]
    ((action, facts),) = telemetry.notes
    assert (action, facts["job_id"], facts["version"]) == ("journal_left_out", "job-2", CHANGES[2].new.version)
    assert isinstance(facts["error"], StoreRefused)
    assert telemetry.values[Metric.JOURNAL_LEFT_OUT] == [1]


def never(changes: Sequence[JobChange]) -> None:
    raise StoreRefused("put item: ValidationException", outcome_unknown=False)


def test_a_reader_that_fails_at_everything_is_broken_itself_and_has_its_changes_wait() -> None:
    telemetry, clock, other = RecordedTelemetry(), VirtualClock(START), Remembering()
    changes = changes_of(MOST_LEFT_OUT + 20)
    read = ReadJournal({"broken": never, "other": other}, telemetry, clock)

    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            read(changes)

    assert len(telemetry.values[Metric.JOURNAL_LEFT_OUT]) == MOST_LEFT_OUT
    assert other.told == changes
    action, facts = telemetry.notes[-1]
    assert (action, facts["reader"]) == ("journal_held_up", "broken")
    assert "ValidationException" in facts["error"]


def test_few_that_are_left_out_each_hour_never_hold_up_what_is_behind_them() -> None:
    telemetry, clock = RecordedTelemetry(), VirtualClock(START)
    read = ReadJournal({"broken": never}, telemetry, clock)

    for _ in range(3):
        read(changes_of(MOST_LEFT_OUT))
        clock.advance(WITHIN.total_seconds())

    assert len(telemetry.values[Metric.JOURNAL_LEFT_OUT]) == 3 * MOST_LEFT_OUT


def test_a_batch_that_comes_again_is_given_only_to_who_has_not_dealt_with_it() -> None:
    class Away(Remembering):
        is_away = True

        def __call__(self, changes: Sequence[JobChange]) -> None:
            if self.is_away:
                unavailable(changes)
            super().__call__(changes)

    bus, bucket, failing = Remembering(), Away(), fails_at(3)
    telemetry = RecordedTelemetry()
    read = ReadJournal({"bucket": bucket, "failing": failing, "bus": bus}, telemetry, CLOCK)
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            read(CHANGES)
    bucket.is_away = False

    read(CHANGES)

    assert bus.told == bucket.told == CHANGES
    assert failing.told == [*CHANGES[:3], CHANGES[4]]
    assert len(telemetry.values[Metric.JOURNAL_LEFT_OUT]) == 1


def test_halves_that_were_dealt_with_before_a_store_went_away_do_not_come_again() -> None:
    class Fading(Remembering):
        is_away = True

        def __call__(self, changes: Sequence[JobChange]) -> None:
            if len(changes) == len(CHANGES):
                raise ZeroDivisionError
            if CHANGES[4] in changes and self.is_away:
                unavailable(changes)
            super().__call__(changes)

    fading = Fading()
    read = ReadJournal({"fading": fading}, RecordedTelemetry(), CLOCK)
    with pytest.raises(StoreUnavailable):
        read(CHANGES)
    fading.is_away = False

    read(CHANGES)

    assert fading.told == CHANGES


def test_what_came_through_is_not_remembered_and_may_be_told_again() -> None:
    reader = Remembering()
    read = ReadJournal({"reader": reader}, RecordedTelemetry(), CLOCK)

    read(CHANGES)
    read(CHANGES)

    assert reader.told == [*CHANGES, *CHANGES]


def test_no_more_is_remembered_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_journal, "_MOST_REMEMBERED", 2)
    reader = Remembering()
    read = ReadJournal({"away": unavailable, "reader": reader}, RecordedTelemetry(), CLOCK)

    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            read(CHANGES)

    assert reader.told == [*CHANGES, *CHANGES[:3]]


def test_what_is_told_by_hand_is_never_taken_for_what_was_told_before() -> None:
    reader = Remembering()
    read = ReadJournal({"away": unavailable, "reader": reader}, RecordedTelemetry(), CLOCK)
    by_hand = [JobChange(None, change.new) for change in CHANGES]

    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            read(by_hand)

    assert reader.told == [*by_hand, *by_hand]


def test_what_the_scheduler_does_for_itself_is_nobodys_news() -> None:
    reader, own = Remembering(), a_job(tenant=SYSTEM_TENANT)

    read = ReadJournal({"reader": reader}, RecordedTelemetry(), CLOCK)

    read([JobChange(own, claimed(own)), *CHANGES, JobChange(own, None)])

    assert reader.told == CHANGES
