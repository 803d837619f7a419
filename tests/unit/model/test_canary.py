from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.expansion.timetables import timetable_of
from shared.model import moves
from shared.model.api_key import Scope, mint_api_key
from shared.model.canary import SYSTEM_TENANT, canary_age
from shared.model.canary_template import canary
from shared.model.execution import NO_OUTPUT
from shared.model.template_changes import first_progress
from tasks.registry import find_task
from tests.jobs import RETENTION, START, a_job, after, at, claimed

if TYPE_CHECKING:
    from shared.model.job import Job


class NoCalendars:
    def calendars(self, tenant: str, ids: object) -> dict[str, object]:
        raise AssertionError((tenant, ids))


def due(seconds: float) -> Job:
    return a_job(now=at(seconds))


def sung(seconds: float) -> Job:
    running = claimed(due(seconds))
    return after(running, moves.succeed(running, output=NO_OUTPUT, now=at(seconds + 1), retention=RETENTION))


def test_the_canary_fires_each_minute_from_where_it_was_planted() -> None:
    template = canary(START)
    timetable = timetable_of(template, NoCalendars())  # type: ignore[arg-type]

    assert template.progress == first_progress(timetable, START)
    assert timetable.instants(after=START, until=at(180)) == [at(60), at(120), at(180)]


def test_the_canarys_task_is_there() -> None:
    assert find_task(str(canary(START).job.target["name"])) is not None


def test_the_system_tenant_has_the_name_of_a_tenant() -> None:
    scopes = frozenset({Scope.READ})
    key, _ = mint_api_key(tenant=SYSTEM_TENANT, scopes=scopes, random_id="a" * 16, secret="s" * 43, now=START)

    assert key.tenant == SYSTEM_TENANT


@pytest.mark.parametrize(
    ("jobs", "age"),
    [
        ([], None),
        ([due(60)], None),
        ([sung(-30)], 30),
        ([due(60), sung(-30), sung(-90)], 30),
        ([due(-30), sung(-90), sung(-150)], 90),
        ([due(-30), due(-90), due(-150)], 150),
    ],
    ids=["none", "none due", "one", "the latest", "the latest that sang", "none sang"],
)
def test_the_age_is_that_of_the_latest_song(jobs: list[Job], age: int | None) -> None:
    assert canary_age(jobs, START) == (None if age is None else timedelta(seconds=age))
