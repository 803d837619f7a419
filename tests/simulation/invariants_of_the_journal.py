"""What must hold of what follows from a job's changes (I16 to I19), once all is quiet.

The archive is read as its page documents it: each line is JSON, and a member that is null is left out.
"""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.alerts.alert import AlertMove
from shared.model.groups import is_reserved
from shared.model.lifecycle import Status
from shared.model.times import parse_time
from tests.simulation.beside import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from shared.model.alerts.alert import Alert
    from shared.model.job import Job, JobKey
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.model.subscription import Subscription
    from tests.simulation.aftermath_facts import Facts, Gone

_TYPES: Final = {Status.RUNNING: "job.started"}
_MOVES: Final = {
    AlertMove.OPEN: "opened",
    AlertMove.ACKNOWLEDGE: "acknowledged",
    AlertMove.ESCALATE: "escalated",
    AlertMove.SILENCE: "silenced",
    AlertMove.UNSILENCE: "unsilenced",
    AlertMove.RESOLVE: "resolved",
    AlertMove.REOPEN: "reopened",
}


def i16_the_archive_holds_each_end_as_it_was(facts: Facts, objects: Mapping[str, bytes]) -> Iterator[str]:
    """Every line of one job and version is the same, and there is none of what never was."""
    lines: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for data in objects.values():
        for text in gzip.decompress(data).decode().splitlines():
            line = json.loads(text)
            lines.setdefault((line["tenant"], line["id"], line["version"]), []).append(line)
    ends = {(*key, version): job for (key, version), job in facts.ends.items()}
    for identity in lines.keys() - ends.keys():
        yield f"{identity} is in the archive, and was never"
    for identity, job in ends.items():
        copies = lines.get(identity, [])
        if not copies:
            yield f"{identity} ended as {job.status}, and is not in the archive"
        for line in copies:
            if line != copies[0]:
                yield f"{identity} is in the archive in two ways"
            if (wrong := _of_line(line)) != (right := _of_job(job)):
                yield f"{identity} is {wrong} in the archive, and was {right}"


def _of_line(line: Mapping[str, Any]) -> tuple[Any, ...]:
    executions = tuple((one["fence"], one["redrive"], one["outcome"]) for one in line.get("executions", ()))
    words = (line["status"], line.get("reason"), line.get("group"), line.get("redrives", 0), line.get("redriven_by"))
    return (*words, line["attempt"], line["fence"], parse_time(line["ended_at"]), executions, _payload(line))


def _of_job(job: Job) -> tuple[Any, ...]:
    executions = tuple((one.fence, one.redrive, str(one.outcome)) for one in job.executions)
    words = (str(job.status), job.reason, job.group, job.redrives, job.redriven_by)
    payload = None if job.payload.data is None else job.payload.data.decode()
    return (*words, job.attempt, job.fence, job.ended_at, executions, (payload, job.payload.ref is not None))


def _payload(line: Mapping[str, Any]) -> tuple[str | None, bool]:
    return line.get("payload"), line.get("payload_ref") is not None


def i17_each_start_and_end_is_told(facts: Facts, told: Mapping[str, Sequence[LifecycleEvent]]) -> Iterator[str]:
    """At least once, under an id of its own, and nothing is told that was not."""
    expected = {
        f"{job.id}.{version}": (job.tenant, _TYPES.get(job.status, f"job.{job.status}"))
        for (_, version), job in facts.news.items()
        if not is_reserved(job.group)
    }
    events = {name: copies for name, copies in told.items() if _is_about(copies, "job.")}
    yield from (f"event {name} was not told: {expected[name]}" for name in expected.keys() - events.keys())
    for name, copies in events.items():
        for event in copies:
            if expected.get(name) != (event.tenant, event.type) or event.document["id"] != name:
                yield f"event {name} was told as {event.type} of {event.tenant}, and is {expected.get(name)}"
            if event.document != copies[0].document:
                yield f"event {name} was told in two ways"


def i17_each_move_of_an_alert_is_told(
    alerts: Iterable[Alert], told: Mapping[str, Sequence[LifecycleEvent]]
) -> Iterator[str]:
    """As long as its history keeps them; and none that there was not."""
    expected = {
        f"{alert.id}.{alert.version - back}": (alert.tenant, f"alert.{_MOVES[one.move]}")
        for alert in alerts
        for back, one in enumerate(reversed(alert.history))
    }
    events = {name: {(one.tenant, one.type) for one in told[name]} for name in told if _is_about(told[name], "alert.")}
    yield from (f"event {name} was not told: {expected[name]}" for name in expected.keys() - events.keys())
    for name, found in events.items():
        if found != {expected.get(name)}:
            yield f"event {name} was told as {found}, and is {expected.get(name)}"


def _is_about(copies: Sequence[LifecycleEvent], family: str) -> bool:
    return copies[0].type.startswith(family)


def i18_each_subscription_is_told_what_it_wants(
    told: Mapping[str, Sequence[LifecycleEvent]],
    subscriptions: Iterable[Subscription],
    deliveries: Mapping[JobKey, tuple[str, str]],
) -> Iterator[str]:
    """By one job for each event that was told on the bus, and no other. `deliveries`: of each job that tells an event
    its channel and the event's id; each subscription has a channel of its own."""
    found: dict[tuple[str, str, str], int] = {}
    for key, (channel, event_id) in deliveries.items():
        found[key.tenant, channel, event_id] = found.get((key.tenant, channel, event_id), 0) + 1
    wanted = {
        (one.tenant, one.channel_id, event_id)
        for one in subscriptions
        for event_id, (event, *_) in told.items()
        if event.tenant == one.tenant and _is_wanted(one, event)
    }
    yield from (f"{one} was not told" for one in sorted(wanted - found.keys()))
    yield from (f"{one} was told, and not wanted" for one in sorted(found.keys() - wanted))
    yield from (f"{one} was told by {count} jobs" for one, count in found.items() if count > 1)


def _is_wanted(subscription: Subscription, event: LifecycleEvent) -> bool:
    family = f"{event.type.split('.')[0]}.*"
    group = subscription.filter.group
    about = event.document.get("job") or {}
    is_of_group = group is None or about.get("group") == group or _subject(event) == ("group", group)
    return is_of_group and bool({event.type, family} & set(subscription.events))


def _subject(event: LifecycleEvent) -> tuple[str, str] | None:
    alert = event.document.get("alert")
    return None if alert is None else (alert["subject"]["type"], alert["subject"]["id"])


def i19_nothing_of_a_job_is_removed_while_it_is_there(key: JobKey, what: str, stored: Job | None) -> Iterator[str]:
    """`what` is the payload's name, or that it is the checkpoint."""
    if stored is not None and (what in {stored.payload.ref, CHECKPOINT}):
        yield f"{what} of job {key.job_id} was removed, which is {stored.status}"


def i19_nothing_stays_of_what_is_gone(
    gone: Mapping[JobKey, Gone],
    payloads: Mapping[tuple[JobKey, str], datetime],
    checkpoints: Collection[JobKey],
    outputs: Collection[str],
) -> Iterator[str]:
    """Of what the items have named: nobody comes to know of a payload that was put for a creation or an edit which was
    refused then, or has died. And `payloads` put within a minute before the item went, at their time, may be those of
    another job of the same id, which is under way."""
    for (key, ref), put_at in payloads.items():
        if key in gone and put_at < gone[key].at - timedelta(minutes=1, seconds=10):
            yield f"payload {ref} of job {key.job_id} stays"
    yield from (f"the checkpoint of job {key.job_id} stays" for key in checkpoints if key in gone)
    for key, (job, _) in gone.items():
        for one in job.executions:
            if one.output.ref in outputs:
                yield f"output {one.output.ref} of job {key.job_id} stays"
