"""Reports that meet another write of the same job on their way."""

from __future__ import annotations

import pytest

from shared.model import moves
from shared.model.execution import Outcome
from tests.http_api import Api
from tests.integration.api.work import BODIES, REPORTS, Between, Work
from tests.jobs import RETENTION


@pytest.fixture
def raced() -> tuple[Work, Between]:
    stores: list[Between] = []
    api = Api(around=lambda store: stores.append(Between(store)) or stores[0])  # type: ignore[arg-type, func-returns-value, return-value]
    return Work(api), stores[0]


def test_a_sign_of_life_that_meets_the_executors_word_is_one_all_the_same(raced: tuple[Work, Between]) -> None:
    work, store = raced
    store.happens = work.accept
    work.api.clock.advance(10)

    assert work.report("heartbeat").body["cancel_requested"] is False
    assert work.job.awaiting_since is not None


def test_a_failure_that_meets_a_cancel_ends_the_job_as_cancelled(raced: tuple[Work, Between]) -> None:
    work, store = raced
    work.accept()
    store.happens = lambda: work.job_after(moves.cancel(work.job, now=work.api.clock.now(), retention=RETENTION))

    assert work.report("fail").body["status"] == "cancelled"


@pytest.mark.parametrize("what", REPORTS)
def test_a_report_that_meets_the_watchers_word_changes_nothing(raced: tuple[Work, Between], what: str) -> None:
    work, store = raced
    work.accept()
    work.api.clock.advance(400)
    store.happens = work.reap

    reply = work.report(what, BODIES.get(what))

    assert (reply.status, reply.slug) == (409, "lease-lost")
    assert [one.outcome for one in work.job.executions] == [Outcome.LOST]
