"""The window that is foretold for a run is the one that its executor goes by when the time has come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.foresee_windows import Foresight, MetWindow, outlook_of
from functions.executor.gates.known_windows import KnownWindows
from functions.executor.gates.maintenance_window import MaintenanceWindowGate
from functions.executor.gates.protocol import Closed, Defer, Skip
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.allowed_targets import Place
from shared.model.lifecycle import Status
from shared.model.maintenance_window import REASON, Effect, MaintenanceWindow, Scope, Span, TargetScope
from shared.model.schedule.occurrences import Excluded, Occurrence
from shared.model.template import JobDefinition
from tests.jobs import START, a_job, at
from tests.templates import a_template
from tests.windows import a_window

if TYPE_CHECKING:
    from datetime import datetime

PLACE = Place("123456789012", "eu-central-1")
SCOPES = (Scope(), Scope(tags={"team": "ops"}), Scope(tags={"team": "sales"}), Scope(target=TargetScope(type="http")))

SPANS = st.tuples(st.integers(0, 500), st.integers(1, 500)).map(lambda it: Span(at(it[0]), at(it[0] + it[1])))
WINDOWS = st.lists(
    st.builds(
        lambda spans, scope, effect: a_window(*spans, scope=scope, effect=effect),
        st.lists(SPANS, min_size=1, max_size=3),
        st.sampled_from(SCOPES),
        st.sampled_from(Effect),
    ),
    max_size=5,
).map(lambda windows: [replace(window, id=f"w{number}") for number, window in enumerate(windows)])


def foresight(*windows: MaintenanceWindow, now: datetime = START) -> Foresight:
    return Foresight(windows, PLACE, now)


def an_occurrence(second: float = 60, **facts: Any) -> Occurrence:
    values = {"nominal": at(second).replace(tzinfo=None), "nominal_at": at(second), "effective_at": at(second)}
    return Occurrence(**{**values, **facts})


def asked_of_the_gate(windows: list[MaintenanceWindow], job: Any, now: datetime) -> Closed | None:
    store, clock, telemetry = MemoryMaintenanceWindows(), VirtualClock(now), RecordedTelemetry()
    for window in windows:
        store.create_window(window)
    return MaintenanceWindowGate(KnownWindows(store, clock, telemetry), clock, PLACE).ask(job)


@given(WINDOWS, st.integers(0, 1_000), st.integers(0, 2))
def test_what_is_foretold_for_a_job_is_what_the_gate_does(
    windows: list[MaintenanceWindow], second: int, begun: int
) -> None:
    job = replace(a_job(run_at=at(second), tags={"team": "ops"}), attempt=begun)

    met = foresight(*windows).of_job(job)

    closed = asked_of_the_gate(windows, replace(job, attempt=begun + 1), at(second))
    expected = {Effect.HOLD: Defer, Effect.SKIP: Skip}.get(Effect.RUN if met is None else met.effect, type(None))
    assert isinstance(closed, expected)
    if met is not None and closed is not None:
        assert closed.reason == f"{REASON}{met.window.id}"


@given(WINDOWS, st.integers(0, 1_000))
def test_the_outlook_over_all_times_is_what_is_foretold_for_each(windows: list[MaintenanceWindow], second: int) -> None:
    template, foreseen = a_template(tags={"team": "ops"}), foresight(*windows)

    met = foreseen.of_occurrence(template, an_occurrence(second))

    outlook = outlook_of(foreseen.concerning(template))
    assert outlook.at(at(second)) == (Effect.RUN if met is None else met.effect)


def test_what_windows_look_at_of_an_occurrence_is_what_its_job_will_have() -> None:
    template = a_template(tags={"team": "ops"})
    windows = [
        a_window(id=str(number), scope=scope)
        for number, scope in enumerate([Scope(tags={"team": "ops"}), Scope(template_ids=(template.id,)), SCOPES[3]])
    ]

    met = [foresight(window).of_occurrence(template, an_occurrence()) for window in windows]

    assert met == [MetWindow(window, Effect.HOLD, at(3_600)) for window in windows]
    assert foresight(a_window(scope=SCOPES[2])).of_occurrence(template, an_occurrence()) is None


def test_a_first_run_is_skipped_where_a_further_attempt_would_be_held() -> None:
    window = a_window(effect=Effect.SKIP)
    job = a_job(run_at=at(60))

    met = [foresight(window).of_job(replace(job, attempt=begun)) for begun in (0, 1)]

    assert [one and one.effect for one in met] == [Effect.SKIP, Effect.HOLD]


def test_the_parameters_of_a_host_are_rendered_for_each_run() -> None:
    url = "https://{{ nominal_time | format:'%H-%M' }}.example.com/"
    template = a_template(job=JobDefinition(target={"type": "http", "url": url}))
    foreseen = foresight(a_window(scope=Scope(target=TargetScope(host="12-02.example.com"))))

    met = [foreseen.of_occurrence(template, an_occurrence(second)) for second in (60, 120, 180)]

    assert [one is not None for one in met] == [False, True, False]


def test_a_resource_without_its_arn_is_found_where_the_scheduler_runs() -> None:
    template = a_template(job=JobDefinition(target={"type": "lambda", "function": "orders-sync"}))
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:orders-*"

    met = foresight(a_window(scope=Scope(target=TargetScope(arn=arn)))).of_occurrence(template, an_occurrence())

    assert met is not None


@pytest.mark.parametrize(
    ("second", "facts"),
    [(-1, {}), (60, {"excluded": Excluded.CALENDAR}), (60, {"effective_at": at(3_600)})],
    ids=["past", "excluded", "moved to the window's end"],
)
def test_what_is_past_or_does_not_run_in_it_meets_no_window(second: float, facts: dict[str, Any]) -> None:
    foreseen = foresight(a_window(Span(at(-60), at(3_600))))

    assert foreseen.of_occurrence(a_template(), an_occurrence(second, **facts)) is None


def test_a_held_job_meets_what_is_open_now_and_not_what_comes_when_it_is_looked_at_again() -> None:
    now, later = a_window(Span(START, at(100)), id="now"), a_window(Span(at(100), at(900)), id="later")
    held = replace(a_job(), reason=f"{REASON}now", wake_at=at(130))

    assert foresight(now, later).of_job(held) == MetWindow(now, Effect.HOLD, at(100))
    assert foresight(later).of_job(held) is None


def test_a_job_that_waits_for_another_attempt_meets_what_is_open_then() -> None:
    window = a_window(Span(START, at(100)))
    retried = replace(a_job(), attempt=1, wake_at=at(130))

    assert foresight(window).of_job(retried) is None


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.SCHEDULED}))
def test_a_job_that_runs_or_has_ended_meets_none(status: Status) -> None:
    assert foresight(a_window()).of_job(replace(a_job(), status=status)) is None
