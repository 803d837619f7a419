"""Dead letters are found by their keys where these tell enough, and by what they are where not."""

from __future__ import annotations

from typing import Any

import pytest

from shared.dead_letters import find_dead_letters
from shared.dead_letters.find_dead_letters import FindDeadLetters, Found
from shared.model.attention import fingerprint_in
from shared.model.bulk_action import DeadLetterFilter
from shared.model.retry import RetryPolicy
from tests.jobs import BOOM, SHARDING, TENANT, at, discard_of
from tests.unit.dead_letters.bulk import DeadLetters, old_key, one_after_another

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture
def letters() -> DeadLetters:
    return DeadLetters()


def find(letters: DeadLetters, *, after: str | None = None, limit: int = 1_000, **wanted: Any) -> Found:
    search = FindDeadLetters(letters.jobs, SHARDING.group, one_after_another)
    return search(TENANT, DeadLetterFilter(**wanted), after=after, limit=limit)


def ids(found: Found) -> list[str]:
    return [one.entry.job_id for one in found.letters]


def test_they_come_newest_first_over_all_partitions(letters: DeadLetters) -> None:
    jobs = letters.fail_many(9)

    assert ids(find(letters)) == [job.id for job in reversed(jobs)]


def test_what_is_told_by_keys_is_not_read(letters: DeadLetters) -> None:
    (job,) = letters.fail_many(1)

    assert [one.job for one in find(letters).letters] == [None]
    assert [one.job for one in find(letters, fingerprint=fingerprint_in(job.attention_sk)).letters] == [None]
    assert [one.job for one in find(letters, error_type="http_404").letters] == [job]


def test_a_page_goes_on_where_the_last_one_ended(letters: DeadLetters) -> None:
    jobs = letters.fail_many(7)

    first = find(letters, limit=3)
    second = find(letters, limit=3, after=first.next)
    third = find(letters, limit=3, after=second.next)

    assert ids(first) + ids(second) + ids(third) == [job.id for job in reversed(jobs)]
    assert third.next is None


def test_a_page_that_ends_with_the_last_one_goes_no_further(letters: DeadLetters) -> None:
    letters.fail_many(3)

    assert find(letters, limit=3).next is None


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ({"error_type": "http_503"}, ["b"]),
        ({"target": "http:other.example:443"}, ["c"]),
        ({"tags": {"team": "ops"}}, ["d"]),
        ({"tags": {"team": "ops", "region": "eu"}}, []),
        ({"template_id": "t1"}, []),
        ({"failed_from": at(3)}, ["c", "d"]),
        ({"failed_before": at(3)}, ["a", "b"]),
        ({"failed_from": at(2), "failed_before": at(4), "tags": {}}, ["b", "c"]),
        ({"error_type": "http_404", "failed_from": at(3)}, ["c", "d"]),
    ],
)
def test_a_filter_means_what_fits_all_that_it_says(
    letters: DeadLetters, wanted: dict[str, Any], meant: list[str]
) -> None:
    letters.fail("a", ended=1)
    letters.fail("b", ended=2, failure=BOOM, retry=ONCE)
    letters.fail("c", ended=3, target={"type": "http", "url": "https://other.example/"})
    letters.fail("d", ended=4, tags={"team": "ops"})

    assert sorted(one[-1] for one in ids(find(letters, **wanted))) == meant


def test_a_fingerprint_means_its_cause_alone(letters: DeadLetters) -> None:
    one, _ = letters.fail("a"), letters.fail("b", failure=BOOM, retry=ONCE)

    assert ids(find(letters, fingerprint=fingerprint_in(one.attention_sk))) == [one.id]
    assert ids(find(letters, fingerprint="0000000000")) == []


def test_one_that_failed_before_there_were_fingerprints_is_found_by_its_error(letters: DeadLetters) -> None:
    new, old = letters.fail("a"), letters.fail("b", ended=2)
    letters.jobs._write(old, old_key(old))
    fingerprint = fingerprint_in(new.attention_sk)

    found = find(letters, fingerprint=fingerprint)

    assert ids(found) == [old.id, new.id]
    assert [one.job is None for one in found.letters] == [False, True]
    assert ids(find(letters, fingerprint="0000000000")) == []


def test_a_discarded_one_is_none_any_more(letters: DeadLetters) -> None:
    job = letters.fail("a")

    letters.jobs.change(job.key, discard_of(job))

    assert ids(find(letters)) == ids(find(letters, error_type="http_404")) == []


def test_a_rare_match_makes_no_search_slow(letters: DeadLetters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_dead_letters, "MOST_JOBS", 100)
    jobs = letters.fail_many(150)

    first = find(letters, tags={"team": "ops"})
    second = find(letters, tags={"team": "ops"}, after=first.next)

    assert (first.letters, second.letters, second.next) == ([], [], None)
    assert first.next == jobs[50].attention_sk


def test_five_thousand_of_one_cause_are_counted_from_their_keys_in_one_call(letters: DeadLetters) -> None:
    jobs = letters.fail_many(5_000)

    found = find(letters, fingerprint=fingerprint_in(jobs[0].attention_sk), limit=find_dead_letters.MOST_KEYS)

    assert (len(found.letters), found.next) == (5_000, None)
    assert {one.job for one in found.letters} == {None}
