"""`docs/event.schema.json` is what is told, to the last member."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from shared.model import moves
from shared.model.alerts import moves as alert_moves
from shared.model.alerts.alert import Occurrence, Subject, SubjectKind
from shared.model.alerts.alert_event import events_of
from shared.model.breaker import BreakerState, Calls
from shared.model.breaker_event import breaker_event
from shared.model.event_types import BREAKER_EVENT_TYPES, TYPES
from shared.model.execution import NO_OUTPUT
from shared.model.job_change import JobChange
from shared.model.lifecycle_event import event_of
from shared.model.retry import RetryPolicy
from tests.alerting import a_policy, a_rule
from tests.jobs import RETENTION, START, TENANT, a_job, after, at, cancel_of, claimed, failed_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.model.job import Job

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "event.schema.json").read_text("utf-8"))


def strict(schema: Any) -> Any:
    """The schema with nothing allowed but what it names: it is to be whole, while readers are to bear more."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: strict(one) for name, one in schema.items()}
    if "required" in schema and "allOf" not in schema and "if" not in schema and "type" in schema:
        inner.setdefault("additionalProperties", False)
    return inner


def exact() -> dict[str, Any]:
    schema: dict[str, Any] = strict(copy.deepcopy(SCHEMA))
    known = [*SCHEMA["properties"], "job", "alert", "breaker"]
    return {**schema, "propertyNames": {"enum": known}}


EXACT = Draft202012Validator(exact(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def check(document: Mapping[str, Any]) -> None:
    """As a reader gets it: JSON."""
    EXACT.validate(json.loads(json.dumps(document)))


def of_jobs() -> Iterator[Mapping[str, Any]]:
    waiting = a_job(name="rotate-logs", retry=RetryPolicy(max_attempts=1), tags={"team": "ops"}, group="nightly")
    running = claimed(waiting)
    steps: list[tuple[Job, Job]] = [
        (waiting, running),
        (running, after(running, failed_once(running))),
        (running, after(running, moves.succeed(running, output=NO_OUTPUT, now=at(1), retention=RETENTION))),
        (waiting, after(waiting, cancel_of(waiting))),
        (waiting, after(waiting, moves.skip(waiting, reason="expired", now=at(1), retention=RETENTION))),
    ]
    for old, new in steps:
        event = event_of(JobChange(old, new))
        assert event is not None
        yield event.document


def of_alerts() -> Iterator[Mapping[str, Any]]:
    found = [Occurrence("j1", "m1", START, "payroll", "http_503", None), Occurrence("j2", "m2", START)]
    policy, rule = a_policy(), a_rule(policy_id="p1")
    opened = alert_moves.opened(rule, Subject(SubjectKind.TEMPLATE, "t1"), found, now=START, policy=policy)
    escalated = alert_moves.advanced(opened, policy, at(900))
    silenced = alert_moves.silenced(escalated, until=at(1_000), by="key-1", note="we know", now=at(950))
    unsilenced = alert_moves.advanced(silenced, policy, at(1_000))
    acknowledged = alert_moves.acknowledged(unsilenced, by="key-1", note=None, now=at(1_100))
    resolved = alert_moves.resolved(acknowledged, by="punctual", note="a later job succeeded", now=at(1_200))
    reopened = alert_moves.reopened(resolved, found, now=at(1_210), policy=policy)
    return (event.document for event in events_of(reopened))


def of_breakers() -> Iterator[Mapping[str, Any]]:
    for state in BREAKER_EVENT_TYPES:
        yield breaker_event(
            tenant=TENANT,
            target="http:api.example.com:443",
            state=state,
            version=1,
            changed_at=START + timedelta(milliseconds=5),
            error="http_503" if state is BreakerState.OPEN else None,
            calls=Calls(9, 1),
        ).document


DOCUMENTS = [*of_jobs(), *of_alerts(), *of_breakers()]


def test_the_schema_is_one_and_names_every_type_of_event() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert tuple(SCHEMA["properties"]["type"]["enum"]) == TYPES
    assert {document["type"] for document in DOCUMENTS} == set(TYPES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["type"])
def test_every_event_is_as_documented(document: Mapping[str, Any]) -> None:
    check(document)
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(document)))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["type"])
def test_an_event_that_lacks_a_member_is_not_as_documented(document: Mapping[str, Any]) -> None:
    subject = document["type"].partition(".")[0]
    for name in ("id", "occurred_at", "tenant", "summary", subject):
        assert not EXACT.is_valid({key: value for key, value in document.items() if key != name})
    for name in document[subject]:
        inner = {key: value for key, value in document[subject].items() if key != name}
        assert not EXACT.is_valid(json.loads(json.dumps({**document, subject: inner})))
