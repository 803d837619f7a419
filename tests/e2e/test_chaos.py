"""Whatever is done to the running system, no accepted job is lost, and none is run where it must not."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import chaos_checks
from tests.e2e.chaos import Saboteur, items
from tests.e2e.chaos_clients import Clients, Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.receiver import Receiver
    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

SECONDS = float(os.environ.get("CHAOS_SECONDS", "40"))
SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
# A lease (60 s), two sweeps, and one more of each for an attempt that the last sabotage took.
SETTLE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Sabotaged:
    """What was done to the system, and what its clients wanted meanwhile. `dead` is the id of a job whose message was
    received too often; `due` are the instants of the template `template_id` from `began` on."""

    clients: Clients
    done: dict[str, int]
    dead: str
    template_id: str
    began: datetime
    due: tuple[str, ...]


@pytest.fixture(scope="session")
def sabotaged(system: LocalSystem, receiver: Receiver, new_client: Callable[..., Client]) -> Sabotaged:
    """The sabotage. What comes of it takes minutes more: a lease to run out, and the next sweep."""
    clients, saboteur = Clients(new_client("chaos", "read", "write"), receiver, SEED), Saboteur(system, SEED)
    clients.api.call("GET", "/v1/templates")  # a cold start is not to take the first occurrence
    began = datetime.now(UTC).replace(microsecond=0)
    due = tuple(text(began + timedelta(seconds=5 + 2 * number)) for number in range(int(SECONDS) // 2))
    # A schedule without a run ahead would be refused.
    clients.occurrences = (*due, text(began + timedelta(days=1)))
    template = clients.declare_template("20s")
    assert template is not None
    due = tuple(at for at in due if at > template["created_at"])

    with clients.at_work(jobs_a_second=2), saboteur.at_work():
        wait_until(lambda: all(saboteur.done.values()), least=SECONDS, most=3 * SECONDS)
    lose_an_attempt(clients, system)
    dead = clients.api.create({"delay": "20s", "priority": "low", "target": {"type": "task", "name": "examples.echo"}})
    time.sleep(5)
    saboteur.to_dead_letters("QueueUrlLow", {"tenant": "chaos", "job_id": dead["id"], "wake_at": 0})
    clients.ask_again()
    return Sabotaged(clients, saboteur.done, dead["id"], template["id"], began, due)


@pytest.mark.first
@pytest.mark.timeout(3 * SECONDS + 2 * SETTLE_SECONDS)
def test_whatever_is_done_to_it_whoever_asks_again_is_answered(sabotaged: Sabotaged) -> None:
    assert all(sabotaged.done.values()), sabotaged.done
    assert len(sabotaged.clients.accepted) == len(sabotaged.clients.wishes) > SECONDS


@pytest.mark.last
@pytest.mark.timeout(3 * SECONDS + 3 * SETTLE_SECONDS)
def test_whatever_is_done_to_it_every_accepted_job_ends_as_promised(
    sabotaged: Sabotaged, system: LocalSystem, receiver: Receiver, new_client: Callable[..., Client]
) -> None:
    clients, api = sabotaged.clients, sabotaged.clients.api

    jobs = when_ended(api, [*(wish.id for wish in clients.accepted), sabotaged.dead])
    rows = occurrences_when_ended(api, sabotaged.template_id, sabotaged.began, sabotaged.due[-1])

    lost = sum(one["outcome"] == "lost" for job in jobs.values() for one in job["executions"])
    tell(f"{len(jobs)} jobs, {sabotaged.done}, {lost} attempts lost; repeat it with CHAOS_SEED={SEED}")
    assert lost
    assert lateness(jobs[sabotaged.dead]) <= timedelta(minutes=3)
    assert broken(clients, jobs, receiver) == []
    assert jobs.keys() == listed(api)
    assert listed(new_client("somebody-else", "read")) == set()
    assert list(chaos_checks.i2_each_occurrence_has_one_job(rows, sabotaged.due)) == []
    assert list(chaos_checks.i8_who_is_not_terminal_wakes(items(system))) == []
    assert jobs == {job_id: api.job(job_id) for job_id in jobs}, "I5: an end was not final"


def wait_until(is_enough: Callable[[], bool], *, least: float, most: float) -> None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < most and (passed < least or not is_enough()):
        time.sleep(0.5)


def lose_an_attempt(clients: Clients, system: LocalSystem) -> None:
    """The executor dies while it runs a job."""
    wish = clients.want({"target": {"type": "command", "argv": ["/bin/sleep", "5"]}, "priority": "high"})
    clients.api.wait_until(wish.id, "running")
    for process in system.function_processes("executor"):
        os.kill(process, signal.SIGKILL)


def tell(line: str) -> None:
    """Into what pytest shows of a test that fails, or with `-s`."""
    sys.stdout.write(f"{line}\n")


def broken(clients: Clients, jobs: dict[str, Any], receiver: Receiver) -> list[str]:
    calls = defaultdict(list)
    for received in receiver.received:
        calls[received.headers.get("x-punctual-job-id", "")].append(received)

    def of_a_job(wish: Wish) -> list[str]:
        job = jobs[wish.id]
        seen = [f"{check.__name__}: {what}" for check in chaos_checks.OF_A_JOB for what in check(wish, job)]
        if job["target"]["type"] == "http":
            seen += chaos_checks.of_its_effects(wish, job, calls[job["id"]])
        return [f"job {job['id']}: {what}" for what in seen]

    return [what for wish in clients.accepted for what in of_a_job(wish)]


def when_ended(api: Client, ids: list[str]) -> dict[str, Any]:
    give_up = time.monotonic() + SETTLE_SECONDS
    jobs = {job_id: api.job(job_id) for job_id in ids}
    while time.monotonic() < give_up:
        live = [job_id for job_id, job in jobs.items() if job["status"] not in chaos_checks.TERMINAL]
        if not live:
            break
        time.sleep(2)
        jobs |= {job_id: api.job(job_id) for job_id in live}
    return jobs


def occurrences_when_ended(api: Client, template_id: str, since: datetime, until: str) -> list[dict[str, Any]]:
    """A template's occurrences of the span, once all have ended or time is over."""
    give_up = time.monotonic() + SETTLE_SECONDS
    while True:
        span = f"from={text(since)}&to={until}&limit=200"
        rows: list[dict[str, Any]] = api.call("GET", f"/v1/templates/{template_id}/occurrences?{span}").json["items"]
        if all(row["status"] in chaos_checks.TERMINAL for row in rows) or time.monotonic() > give_up:
            return rows
        time.sleep(2)


def text(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.000Z"


def lateness(job: dict[str, Any]) -> timedelta:
    started, due = job["executions"][0]["started_at"], job["run_at"]
    return datetime.fromisoformat(started) - datetime.fromisoformat(due)


def listed(api: Client) -> set[str]:
    """The ids of all jobs of a tenant, page by page."""
    ids: set[str] = set()
    path = "/v1/jobs?limit=200"
    while path:
        page = api.call("GET", path).json
        ids |= {job["id"] for job in page["items"]}
        cursor = page.get("next_cursor")
        path = f"/v1/jobs?limit=200&cursor={cursor}" if cursor else ""
    return ids
