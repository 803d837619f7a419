from __future__ import annotations

import io
import json

import pytest

from shared.ports.telemetry import Metric
from shared.telemetry import PowertoolsTelemetry


@pytest.fixture
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    # Powertools keeps a logger by this name, and with it the output that it was made for: one for each test.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Punctual")
    return io.StringIO()


def test_a_note_is_one_line_of_json_with_its_action_and_facts(written: io.StringIO) -> None:
    PowertoolsTelemetry(written).note("claimed", tenant="acme", attempt=1)

    line = json.loads(written.getvalue())
    assert (line["action"], line["tenant"], line["attempt"], line["level"]) == ("claimed", "acme", 1, "INFO")


@pytest.mark.parametrize("name", ["created", "name", "message", "args", "asctime", "process"])
def test_a_fact_may_have_a_name_that_logging_keeps_for_itself(written: io.StringIO, name: str) -> None:
    PowertoolsTelemetry(written).note("noted", **{name: 7})

    assert json.loads(written.getvalue())[f"{name}_"] == 7


def test_a_defect_comes_with_its_traceback(written: io.StringIO) -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError as error:
        PowertoolsTelemetry(written).defect("failed", error)

    assert "RuntimeError: broken" in json.loads(written.getvalue())["exception"]


def test_metrics_are_written_once_with_their_units(written: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = PowertoolsTelemetry(written)
    for value in (3, 5):
        telemetry.measure(Metric.LATENESS_MS, value)
    telemetry.measure(Metric.STARTED)

    telemetry.flush()
    telemetry.flush()

    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    units = {one["Name"]: one["Unit"] for one in record["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert record["lateness_ms"] == [3.0, 5.0]
    assert units == {"lateness_ms": "Milliseconds", "started": "Count"}


def test_more_values_than_one_line_may_hold_are_all_written(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry = PowertoolsTelemetry(written)
    for _ in range(250):
        telemetry.measure(Metric.STARTED)

    telemetry.flush()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(len(line["started"]) for line in lines) == 250
