"""Bulk actions are carried out to the end, whoever dies meanwhile: each job once, at a rate, after a canary."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.dead_letters.advance_bulk_action import AHEAD
from shared.model.bulk_action import BulkKind, BulkStatus, DeadLetterFilter, ended
from shared.model.errors import ItemChanged, StoreUnavailable
from shared.model.job import Delivery
from shared.model.lifecycle import Status
from shared.model.retry import RetryPolicy
from tests.jobs import RETENTION, at, discard_of, redrive_of
from tests.unit.dead_letters.bulk import DeadLetters, Dies, DiesBefore


@pytest.fixture
def letters() -> DeadLetters:
    return DeadLetters()


def minutes_until_done(letters: DeadLetters, **faults: object) -> int:
    for minute in range(1, 50):
        letters.clock.advance(60)
        letters.watch(**faults)
        if letters.action().has_ended:
            return minute
    raise AssertionError("it does not come to an end")


def test_every_dead_letter_is_redriven_once(letters: DeadLetters) -> None:
    jobs = letters.fail_many(250)
    letters.begin(rate_per_second=1_000)

    assert minutes_until_done(letters) == 1

    action = letters.action()
    assert (action.status, action.matched, action.done, action.refused, action.failed) == ("done", 250, 250, 0, 0)
    assert {(job.redrives, job.redriven_by, job.status) for job in map(letters.get, jobs)} == {
        (1, "bulk1", Status.SCHEDULED)
    }


def test_redriven_jobs_become_due_at_the_rate_and_not_far_ahead(letters: DeadLetters) -> None:
    letters.fail_many(250)
    letters.begin(rate_per_second=0.5)

    letters.clock.advance(60)
    letters.watch()

    due = sorted(job.wake_at for job in letters.waiting())
    assert due == [at(1_060 + 2 * number) for number in range(75)]
    assert due[-1] <= letters.clock.now() + AHEAD
    minutes_until_done(letters)
    due = sorted(job.wake_at for job in letters.waiting())
    assert due == [at(1_060 + 2 * number) for number in range(250)]


def test_what_fails_again_is_not_meant(letters: DeadLetters) -> None:
    job = letters.fail("a")
    letters.begin()
    letters.clock.advance(60)
    letters.watch(seconds_left=lambda: 6)
    letters.begin(action_id="bulk2")

    again = letters.end(job.id, well=False)
    minutes_until_done(letters)

    assert letters.get(job) == again
    assert letters.action().done == 1


@pytest.mark.parametrize("method", ["change", "replace_bulk_action", "forget_step"])
@pytest.mark.parametrize("call", range(5))
def test_wherever_a_watcher_dies_each_job_is_redriven_once_and_counted_once(
    letters: DeadLetters, method: str, call: int
) -> None:
    jobs = letters.fail_many(5)
    letters.begin(rate_per_second=1)
    letters.clock.advance(60)
    store = letters.jobs if method == "change" else letters.actions

    try:
        letters.watch(**{"jobs" if method == "change" else "actions": DiesBefore(store, method, call)})
    except Dies:
        minutes_until_done(letters)

    action = letters.action()
    assert (action.status, action.matched, action.done, action.refused) == ("done", 5, 5, 0)
    assert {letters.get(job).redrives for job in jobs} == {1}
    due = sorted(job.wake_at for job in letters.waiting())
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in itertools.pairwise(due))


def test_slots_that_a_dead_watcher_gave_away_are_not_given_again(letters: DeadLetters) -> None:
    letters.fail_many(3)
    letters.begin(rate_per_second=0.1)
    letters.clock.advance(60)

    with pytest.raises(Dies):
        letters.watch(jobs=DiesBefore(letters.jobs, "change", 2))
    letters.watch()

    assert sorted(job.wake_at for job in letters.waiting()) == [at(1_060), at(1_070), at(1_080)]


def test_two_at_once_do_no_harm(letters: DeadLetters) -> None:
    jobs = letters.fail_many(5)
    action = letters.begin(rate_per_second=1)
    stale = letters.advance()._step(action, letters.clock.now())
    letters.actions.replace_bulk_action(stale)
    one, other = letters.advance()._step(stale, letters.clock.now()), letters.advance()._step(stale, at(1_001))

    letters.actions.replace_bulk_action(one)
    with pytest.raises(ItemChanged):
        letters.actions.replace_bulk_action(replace(other, note="another"))
    minutes_until_done(letters)

    assert letters.action().done == 5
    assert {letters.get(job).redrives for job in jobs} == {1}


def test_a_lost_race_is_left_to_the_winner(letters: DeadLetters) -> None:
    letters.fail_many(3)
    letters.begin()
    letters.clock.advance(60)
    other = letters.watch

    class Slow(DiesBefore):
        def __getattr__(self, name: str) -> object:
            if name == "replace_bulk_action" and self._left:
                self._left = 0
                other()
            return getattr(self._store, name)

    letters.watch(actions=Slow(letters.actions, "", 1))

    assert (letters.action().status, letters.action().done) == (BulkStatus.DONE, 3)


def test_a_canary_goes_first_and_the_rest_follows_when_it_has_succeeded(letters: DeadLetters) -> None:
    jobs = letters.fail_many(3)
    letters.begin(has_canary=True)

    letters.clock.advance(60)
    letters.watch()
    canary = letters.action().canary_job_id
    letters.clock.advance(60)
    letters.watch()

    assert letters.action().status is BulkStatus.CANARY
    assert [job.id for job in letters.waiting()] == [canary] == [jobs[-1].id]
    letters.end(canary, well=True)
    minutes_until_done(letters)
    assert (letters.action().status, letters.action().done) == (BulkStatus.DONE, 3)


def test_when_the_canary_fails_the_rest_is_left_alone(letters: DeadLetters) -> None:
    letters.fail_many(3)
    letters.begin(has_canary=True)
    letters.clock.advance(60)
    letters.watch()

    letters.end(letters.action().canary_job_id, well=False)
    minutes_until_done(letters)

    action = letters.action()
    assert (action.status, action.matched, action.done) == (BulkStatus.ABORTED, 1, 1)
    assert "did not succeed: it is failed" in action.note
    assert letters.waiting() == []


def test_a_canary_that_may_not_be_redriven_gives_way_to_the_next(letters: DeadLetters) -> None:
    letters.fail("a", ended=1)
    letters.fail("b", ended=2, delivery=Delivery.AT_MOST_ONCE, retry=RetryPolicy(max_attempts=1))
    letters.begin(has_canary=True)

    letters.clock.advance(60)
    letters.watch()

    assert letters.action().canary_job_id == f"{'a':0>12}"
    assert [one.why for one in letters.action().refusals] == ["at_most_once"]


def test_a_payload_is_edited_by_a_merge_patch(letters: DeadLetters) -> None:
    job, bare = letters.fail("a", payload=b'{"to":"a","n":1}'), letters.fail("b")
    long = letters.fail("c", payload=json.dumps({"to": "x" * 600, "n": 1}).encode())
    letters.begin(payload_patch={"n": None, "to": "b"})

    minutes_until_done(letters)

    assert letters.jobs.load_payload(letters.get(job)) == b'{"to":"b"}'
    assert letters.jobs.load_payload(letters.get(bare)) == b'{"to":"b"}'
    assert letters.jobs.load_payload(letters.get(long)) == b'{"to":"b"}'


def test_what_may_not_be_done_is_counted_with_its_reason(letters: DeadLetters) -> None:
    once = letters.fail("a", delivery=Delivery.AT_MOST_ONCE, retry=RetryPolicy(max_attempts=1))
    discarded, waiting, fine = letters.fail("b"), letters.fail("c"), letters.fail("d")
    letters.jobs.change(discarded.key, discard_of(discarded))
    letters.jobs.change(waiting.key, redrive_of(waiting))
    late = letters.fail("e", ended=2_000)
    named = (once.id, discarded.id, waiting.id, fine.id, late.id, "none")
    letters.begin(wanted=DeadLetterFilter(job_ids=named))

    minutes_until_done(letters)

    action = letters.action()
    assert (action.matched, action.done, action.refused) == (6, 1, 5)
    assert {one.job_id: one.why for one in action.refusals} == {
        once.id: "at_most_once",
        discarded.id: "discarded",
        waiting.id: "scheduled",
        late.id: "not_matched",
        "none": "gone",
    }


def test_a_job_that_begins_at_most_once_begins_again_when_that_was_confirmed(letters: DeadLetters) -> None:
    once = letters.fail("a", delivery=Delivery.AT_MOST_ONCE, retry=RetryPolicy(max_attempts=1))
    letters.begin(may_begin_again=True)

    minutes_until_done(letters)

    assert letters.get(once).status is Status.SCHEDULED


def test_a_payload_that_cannot_be_read_fails_alone(letters: DeadLetters) -> None:
    job, fine = letters.fail("a", payload=json.dumps("x" * 600).encode()), letters.fail("b")
    letters.jobs._payloads.clear()
    letters.begin(payload_patch={"a": 1})

    minutes_until_done(letters)

    assert (letters.action().done, letters.action().failed) == (1, 1)
    assert letters.get(job).status is Status.FAILED
    assert letters.get(fine).status is Status.SCHEDULED


def test_many_are_discarded_for_a_reason(letters: DeadLetters) -> None:
    jobs = letters.fail_many(120)
    letters.begin(kind=BulkKind.DISCARD, reason="too old")

    assert minutes_until_done(letters) == 1

    assert {(job.status, job.discarded_by, job.discard_reason) for job in map(letters.get, jobs)} == {
        (Status.FAILED, "bulk1", "too old")
    }
    assert letters.action().done == 120


def test_an_abort_is_heeded_before_the_next_page(letters: DeadLetters) -> None:
    letters.fail_many(250)
    letters.begin(rate_per_second=1)
    letters.clock.advance(60)
    letters.watch()
    before = len(letters.waiting())
    now = letters.clock.now()

    aborted = ended(letters.action(), BulkStatus.ABORTED, now=now, retention=RETENTION.longest)
    letters.actions.replace_bulk_action(aborted)
    letters.clock.advance(600)
    letters.watch()

    assert before == len(letters.waiting()) == 150
    assert letters.action().status is BulkStatus.ABORTED
    assert letters.actions.steps(until=at(9_999), limit=9) == []


def test_an_action_that_ends_is_kept_for_a_while(letters: DeadLetters) -> None:
    letters.begin()

    minutes_until_done(letters)

    action = letters.action()
    assert (action.ended_at, action.step_at) == (at(1_060), None)
    assert action.expire_item_at == at(1_060) + RETENTION.longest


def test_a_minute_without_time_does_nothing(letters: DeadLetters) -> None:
    letters.fail_many(3)
    action = letters.begin()
    letters.clock.advance(60)

    letters.watch(seconds_left=lambda: 0)

    assert letters.action() == action


def test_one_action_that_the_store_refuses_keeps_no_other_from_its_turn(letters: DeadLetters) -> None:
    letters.fail("a")
    letters.begin(action_id="bulk0")
    letters.begin()
    letters.clock.advance(60)

    class Refusing(DiesBefore):
        def __getattr__(self, name: str) -> object:
            def refuse(tenant: str, action_id: str) -> object:
                if action_id == "bulk0":
                    raise StoreUnavailable("throttled", outcome_unknown=False)
                return self._store.get_bulk_action(tenant, action_id)

            return refuse if name == "get_bulk_action" else getattr(self._store, name)

    report = letters.watch(actions=Refusing(letters.actions, "", 0))

    assert report == {"actions": 1, "jobs": 1}
    assert [step.action_id for step in letters.actions.steps(until=letters.clock.now(), limit=9)] == ["bulk0"]
