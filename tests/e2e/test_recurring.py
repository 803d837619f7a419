"""Recurring work on the running system, ticks by hand: each occurrence has one job, or a reason why there is none."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.backfills import DynamoBackfillStore
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.model.occurrence_job import occurrence_job_id
from shared.model.template import TemplateKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.receiver import Receiver
    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

TENANT = "recurring-e2e"
ENDED = {"succeeded", "failed", "cancelled", "skipped", "excluded"}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def client(new_client: Callable[..., Client]) -> Client:
    return new_client(TENANT, "read", "write")


@pytest.fixture(scope="module")
def tick(system: LocalSystem) -> Iterator[Callable[..., None]]:
    """Calls so many expanders at once. The minute's own rests: between two calls the expander is away."""
    events, lambda_ = system.client("events"), system.client("lambda")
    name = system.function_name("recurrence")
    (rule,) = (
        rule["Name"]
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        if target["Arn"].endswith(f":{name}")
    )

    def call_one(_: int) -> None:
        error = None
        for _ in range(3):
            answer = lambda_.invoke(FunctionName=name)
            error = answer["Payload"].read() if "FunctionError" in answer else None
            # The emulator may end a process that was idle as it takes it. EventBridge, too, calls again.
            if error is None or b"Worker process exited" not in error:
                break
        assert error is None, error

    def call(expanders: int = 1) -> None:
        with ThreadPoolExecutor(expanders) as pool:
            list(pool.map(call_one, range(expanders)))

    events.disable_rule(Name=rule)
    yield call
    events.enable_rule(Name=rule)


@pytest.fixture
def create(client: Client, receiver: Receiver) -> Iterator[Callable[..., Row]]:
    """Creates templates that call the receiver, and deletes them when the test is over."""
    made = []

    def new(schedule: dict[str, Any], **members: Any) -> Row:
        template = new_template(client, receiver, schedule, **members)
        made.append(template["id"])
        return template

    yield new
    for template_id in made:
        ask(client, "DELETE", f"/v1/templates/{template_id}")


def new_template(client: Client, receiver: Receiver, schedule: dict[str, Any], **members: Any) -> Row:
    job = {"target": {"type": "http", "url": f"{receiver.url}/recurring"}, "payload": {"at": "{{ nominal_time }}"}}
    return ask(client, "POST", "/v1/templates", {"name": "e2e", "schedule": schedule, "job": job, **members})


def ask(client: Client, method: str, path: str, body: Any = None) -> Row:
    answer = client.call(method, path, body)
    assert answer.status in {200, 201}, answer
    found: Row = answer.json
    return found


def act(client: Client, template: Row, action: str, body: Any = None) -> Row:
    return ask(client, "POST", f"/v1/templates/{template['id']}/{action}", body)


def occurrences(client: Client, template: Row, *, until: datetime | None = None) -> list[Row]:
    """The rows from ten minutes ago on, up to `until`, or all that are there."""
    now = datetime.now(UTC)
    span = f"from={text(now - timedelta(minutes=10))}&to={text(until or now + timedelta(days=3))}"
    rows: list[Row] = ask(client, "GET", f"/v1/templates/{template['id']}/occurrences?limit=200&{span}")["items"]
    return rows


def when_ended(client: Client, template: Row, until: datetime) -> list[Row]:
    """The rows up to `until` once all are final."""
    give_up = time.monotonic() + 60
    while True:
        rows = occurrences(client, template, until=until)
        if all(row["status"] in ENDED for row in rows):
            return rows
        assert time.monotonic() < give_up, rows
        time.sleep(0.5)


def fate(row: Row) -> tuple[str, str | None]:
    return row["status"], row["reason"]


def assert_each_ran_once(receiver: Receiver, rows: list[Row]) -> None:
    """Who succeeded called the receiver once, and nobody else did; no instant has two rows."""
    calls = Counter(call.headers.get("x-punctual-job-id") for call in receiver.received)
    assert {row["job_id"]: calls[row["job_id"]] for row in rows if row["job_id"]} == {
        row["job_id"]: int(row["status"] == "succeeded") for row in rows if row["job_id"]
    }
    instants = [row["nominal_at"] for row in rows if row["nominal_at"]]
    assert len(instants) == len(set(instants))


def write_back(system: LocalSystem, template: Row, since: datetime) -> None:
    """As if the template had been created at `since`, and nobody had expanded it from then on."""
    store = DynamoTemplateStore(system.client("dynamodb"), system.outputs["TemplatesTable"])
    stored = store.get_template(TemplateKey(TENANT, template["id"]))
    progress = replace(stored.progress, expanded_until=since, since=since, number=0, previous_at=None)
    revision = stored.revision + 1
    stored = replace(stored, progress=progress, created_at=since, changed_at=since, expand_at=since, revision=revision)
    store.replace_template(stored)


def instants(*seconds_ago: float) -> list[datetime]:
    now = datetime.now(UTC).replace(microsecond=0)
    return [now - timedelta(seconds=seconds) for seconds in seconds_ago]


def text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def sleep_until_between_two_seconds() -> None:
    """A third of a second after an even second: the next is far enough for an answer to come before it."""
    time.sleep(2.3 - (time.time() % 2) if time.time() % 2 > 0.3 else 0.3 - time.time() % 2)


@pytest.mark.meanwhile
def test_half_a_minute_of_changes_has_exactly_its_occurrences(
    new_client: Callable[..., Client], receiver: Receiver
) -> None:
    client = new_client("changing", "read", "write")
    template = new_template(client, receiver, {"every": "2s", "end_at": text(*instants(-180))})
    path = f"/v1/templates/{template['id']}"
    taken_out = text(datetime.fromtimestamp(time.time() // 2 * 2 + 8, UTC))
    act(client, template, "skip", {"nominal_at": taken_out})
    sleep_until_between_two_seconds()
    triggered = act(client, template, "trigger")
    time.sleep(8)
    sleep_until_between_two_seconds()
    paused = act(client, template, "pause", {"note": "lunch"})
    told = [(time_of(paused["changed_at"]), datetime.now(UTC))]
    time.sleep(5)
    sleep_until_between_two_seconds()
    dry = act(client, template, "resume", {"dry_run": True})
    resumed = act(client, template, "resume")
    sleep_until_between_two_seconds()
    edited = ask(client, "PATCH", path, {"schedule": {"every": "3s"}, "job": {"payload": None}})
    told.append((time_of(edited["changed_at"]), datetime.now(UTC)))
    time.sleep(6)
    over = datetime.now(UTC)

    rows = when_ended(client, template, over)

    assert_each_ran_once(receiver, rows)
    assert [row["job_id"] for row in rows if row["nominal_at"] is None] == [triggered["id"]]
    began, stopped, went_on, changed = (time_of(one["changed_at"]) for one in (template, paused, resumed, edited))
    expected = {}
    for second in range(int(began.timestamp()) + 1, int(over.timestamp()) + 1):
        at = datetime.fromtimestamp(second, UTC)
        if second % (2 if at <= changed else 3) == 0:
            is_paused = stopped < at <= went_on
            expected[text(at)] = ("skipped", "paused") if is_paused else ("succeeded", None)
    expected[taken_out] = ("skipped", "skipped_by_client")
    found = {row["nominal_at"]: fate(row) for row in rows if row["nominal_at"]}
    withdrawn = {at for at, what in found.items() if what == ("skipped", "withdrawn")}
    # What was due while a change was being made may have begun before its job was withdrawn.
    open_ = {at for at in (*found, *expected) for since, until in told if since < time_of(at) <= until}
    assert _without(found, withdrawn | open_) == _without(expected, open_)
    assert all(time_of(at) > changed and time_of(at).second % 3 for at in withdrawn - open_)
    assert (dry["runs"]["skip"], resumed["runs"], dry["runs"]["apply_misfire"] > 0) == (0, 0, True)


def _without(fates: dict[str, Any], left_out: set[str]) -> dict[str, Any]:
    return {at: what for at, what in fates.items() if at not in left_out}


def test_ten_expanders_at_once_make_no_second_job(
    client: Client, create: Callable[..., Row], receiver: Receiver, system: LocalSystem, tick: Callable[..., None]
) -> None:
    due = instants(*range(60, 40, -1))
    template = create({"at": [*map(text, due), text(*instants(-3600))]}, misfire={"policy": "fire_all"})
    write_back(system, template, *instants(90))

    tick(10)

    rows = when_ended(client, template, due[-1])
    assert [(row["nominal_at"], *fate(row)) for row in rows] == [(text(at), "succeeded", None) for at in due]
    assert_each_ran_once(receiver, rows)


def test_after_an_outage_runs_what_each_misfire_policy_says_and_the_rest_was_missed(
    client: Client, create: Callable[..., Row], receiver: Receiver, system: LocalSystem, tick: Callable[..., None]
) -> None:
    due = instants(90, 60, 20)
    schedule = {"at": [*map(text, due), text(*instants(-3600))]}
    policies = {
        "none": {"policy": "skip", "after": "10s"},
        "the latest": {"policy": "fire_latest", "after": "10s"},
        "two": {"policy": "fire_all", "max": 2, "after": "10s"},
        "those of the last 50 s": {"policy": "fire_all", "within": "50s", "after": "10s"},
        "all": {"policy": "fire_all", "after": "10s"},
    }
    templates = {name: create(schedule, misfire=misfire) for name, misfire in policies.items()}
    for template in templates.values():
        write_back(system, template, *instants(100))

    tick()

    rows = {name: when_ended(client, template, due[-1]) for name, template in templates.items()}
    ran, missed = ("succeeded", None), ("skipped", "missed")
    assert {name: [fate(row) for row in found] for name, found in rows.items()} == {
        "none": [missed, missed, missed],
        "the latest": [missed, missed, ran],
        "two": [missed, ran, ran],
        "those of the last 50 s": [missed, missed, ran],
        "all": [ran, ran, ran],
    }
    for found in rows.values():
        assert_each_ran_once(receiver, found)


def test_an_expander_that_is_killed_in_the_middle_loses_and_doubles_nothing(
    client: Client, create: Callable[..., Row], receiver: Receiver, system: LocalSystem, tick: Callable[..., None]
) -> None:
    due = instants(*range(110, 0, -1))
    template = create({"at": [*map(text, due), text(*instants(-3600))]}, misfire={"policy": "fire_all"})
    since = due[0] - timedelta(seconds=1)
    write_back(system, template, since)

    first = occurrence_job_id(TemplateKey(TENANT, template["id"]), due[0])
    table, key = system.client("dynamodb"), {"pk": {"S": f"{TENANT}#{first}"}, "sk": {"S": "job"}}
    system.client("lambda").invoke(FunctionName=system.function_name("recurrence"), InvocationType="Event")
    while "Item" not in table.get_item(TableName=system.outputs["JobsTable"], Key=key):
        time.sleep(0.001)
    for process in system.function_processes("recurrence"):
        os.kill(process, signal.SIGKILL)
    left = ask(client, "GET", f"/v1/templates/{template['id']}")["expansion"]["expanded_until"]
    tick()

    assert left == text(since)
    rows = when_ended(client, template, due[-1])
    assert [(row["nominal_at"], *fate(row)) for row in rows] == [(text(at), "succeeded", None) for at in due]
    assert_each_ran_once(receiver, rows)


def test_a_backfill_runs_what_is_missing_to_its_end(
    client: Client, create: Callable[..., Row], receiver: Receiver, system: LocalSystem, tick: Callable[..., None]
) -> None:
    template = create({"every": "1h"})
    span = {"from": text(*instants(6 * 3600)), "to": text(*instants(3600))}
    dry = act(client, template, "backfills", {**span, "dry_run": True})
    backfill = act(client, template, "backfills", span)
    store = DynamoBackfillStore(system.client("dynamodb"), system.outputs["TemplatesTable"])
    give_up = time.monotonic() + 40

    while backfill["status"] == "running":
        assert time.monotonic() < give_up, backfill
        due = store.get_backfill(TENANT, backfill["id"])
        store.replace_backfill(replace(due, step_at=due.created_at, revision=due.revision + 1))
        tick()
        time.sleep(1)
        backfill = ask(client, "GET", f"/v1/backfills/{backfill['id']}")

    jobs = ask(client, "GET", f"/v1/jobs?template_id={template['id']}&status=succeeded")["items"]
    assert (backfill["status"], backfill["progress"]["succeeded"]) == ("done", dry["total"])
    assert sorted(job["nominal_at"] for job in jobs) == dry["first"]
    assert {job["correlation_id"] for job in jobs} == {backfill["id"]}
    calls = Counter(call.headers.get("x-punctual-job-id") for call in receiver.received)
    assert {calls[job["id"]] for job in jobs} == {1}


@pytest.mark.meanwhile
def test_a_window_holds_occurrences_until_it_is_ended_early(
    new_client: Callable[..., Client], receiver: Receiver
) -> None:
    client = new_client("upgrading", "read", "write")
    window = {"name": "upgrade", "scope": {"tags": {"held": "yes"}}, "release_over": "1s"}
    window = ask(client, "POST", "/v1/maintenance-windows", {**window, "ends_at": text(*instants(-600))})
    # A window is in force at once for an executor that has not looked this tenant's up; at most 10 s later for others.
    due = instants(-11)
    template = new_template(client, receiver, {"at": list(map(text, due))}, tags={"held": "yes"})
    (planned,) = occurrences(client, template)

    held = client.wait_until(planned["job_id"], "scheduled", when=lambda job: job["reason"] is not None)
    ask(client, "POST", f"/v1/maintenance-windows/{window['id']}/end")
    give_up = time.monotonic() + 60
    while client.job(planned["job_id"])["status"] != "succeeded":
        assert time.monotonic() < give_up
        # A held job is looked at again every five minutes; a client need not wait for that.
        client.call("POST", f"/v1/jobs/{planned['job_id']}/run")
        time.sleep(1)

    assert (held["reason"], held["executions"]) == (f"maintenance_window:{window['id']}", [])
    assert_each_ran_once(receiver, occurrences(client, template))


@pytest.mark.usefixtures("tick")
def test_a_calendar_s_edit_moves_what_is_planned(client: Client, create: Callable[..., Row]) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    ask(client, "PUT", "/v1/calendars/e2e", {"name": "none"})
    schedule = {"at": [text(noon)], "calendars": ["e2e"], "on_excluded": "next_business_day"}
    template = create(schedule)
    (before,) = occurrences(client, template)

    edited = ask(client, "PUT", "/v1/calendars/e2e", {"name": "one", "dates": [text(noon)[:10]]})
    (after,) = occurrences(client, template)

    assert edited["is_applied"]
    assert (after["job_id"], after["nominal_at"], after["status"]) == (before["job_id"], text(noon), "scheduled")
    assert (before["effective_at"], after["effective_at"]) == (text(noon), text(noon + timedelta(days=1)))
    assert client.job(after["job_id"])["run_at"] == after["effective_at"]
