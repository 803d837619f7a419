from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.recurrence.plant_canary import PlantCanary
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.canary_template import CANARY, canary
from shared.model.errors import StoreUnavailable, UnreadableTemplate
from tests.jobs import START

if TYPE_CHECKING:
    from collections.abc import Callable


def planting(store: MemoryTemplateStore) -> tuple[PlantCanary, RecordedTelemetry]:
    telemetry = RecordedTelemetry()
    return PlantCanary(templates=store, clock=VirtualClock(START), telemetry=telemetry), telemetry


def raising(error: Exception) -> Callable[..., None]:
    def call(*_: object) -> None:
        raise error

    return call


def test_a_canary_that_is_not_there_is_planted_and_then_left_alone() -> None:
    store = MemoryTemplateStore()
    plant, telemetry = planting(store)

    assert (plant(), plant()) == (True, True)
    assert store.get_template(CANARY) == canary(START)
    assert telemetry.actions() == ["canary_planted"]


@pytest.mark.parametrize(
    ("method", "action"), [("get_template", "canary_not_read"), ("create_template", "canary_not_planted")]
)
def test_a_table_that_is_away_is_told_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, method: str, action: str
) -> None:
    store = MemoryTemplateStore()
    monkeypatch.setattr(store, method, raising(StoreUnavailable("away", outcome_unknown=False)))
    plant, telemetry = planting(store)

    assert plant() is False
    assert telemetry.actions() == [action]


def test_a_newer_versions_canary_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryTemplateStore()
    monkeypatch.setattr(store, "get_template", raising(UnreadableTemplate("canary")))

    assert planting(store)[0]() is True
