from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.watcher.journal.read_journal import ReadJournal
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.canary import SYSTEM_TENANT
from shared.model.errors import StoreUnavailable
from shared.model.job_change import JobChange
from shared.ports.telemetry import Metric
from tests.jobs import a_job, claimed

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANGES = [JobChange(job, claimed(job)) for job in (a_job(job_id=f"job-{number}") for number in range(5))]


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

    ReadJournal({"one": one, "two": two}, RecordedTelemetry())(CHANGES)

    assert one.told == two.told == CHANGES


def test_a_reader_whose_store_is_away_keeps_no_other_from_its_changes_and_has_all_told_again() -> None:
    telemetry, other = RecordedTelemetry(), Remembering()
    read = ReadJournal({"away": unavailable, "other": other}, telemetry)

    with pytest.raises(StoreUnavailable):
        read(CHANGES)

    assert other.told == CHANGES
    assert telemetry.notes == [("journal_held_up", {"reader": "away", "error": "the bucket is away"})]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_a_change_that_a_reader_fails_at_is_left_out_and_told_and_no_other(number: int) -> None:
    telemetry, failing, other = RecordedTelemetry(), fails_at(number), Remembering()

    ReadJournal({"failing": failing, "other": other}, telemetry)(CHANGES)

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
        ReadJournal({"both": read}, RecordedTelemetry())(CHANGES)


def test_what_the_scheduler_does_for_itself_is_nobodys_news() -> None:
    reader, own = Remembering(), a_job(tenant=SYSTEM_TENANT)

    ReadJournal({"reader": reader}, RecordedTelemetry())([JobChange(own, claimed(own)), *CHANGES, JobChange(own, None)])

    assert reader.told == CHANGES
