"""`ports.telemetry` on Powertools: JSON log lines, and metrics in CloudWatch's embedded format."""

from __future__ import annotations

import logging
import threading
from typing import IO, TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

if TYPE_CHECKING:
    from shared.ports.telemetry import Metric


class PowertoolsTelemetry:
    """One per process. Service, namespace and level come from the environment (`POWERTOOLS_SERVICE_NAME`,
    `POWERTOOLS_METRICS_NAMESPACE`, `AWS_LAMBDA_LOG_LEVEL`), so that a level is changed without deploying code."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._logger = Logger(utc=True, stream=stream)
        self._metrics = Metrics()
        self._values: list[tuple[Metric, float]] = []
        self._lock = threading.Lock()

    def note(self, action: str, **facts: Any) -> None:
        self._logger.info(action, extra=_extra(action, facts))

    def debug(self, action: str, **facts: Any) -> None:
        self._logger.debug(action, extra=_extra(action, facts))

    def warn(self, action: str, **facts: Any) -> None:
        self._logger.warning(action, extra=_extra(action, facts))

    def defect(self, action: str, error: BaseException, **facts: Any) -> None:
        """An exception that nobody expected, with its traceback."""
        self._logger.error(action, exc_info=error, extra=_extra(action, facts))

    def measure(self, metric: Metric, value: float = 1) -> None:
        with self._lock:
            self._values.append((metric, value))

    def flush(self) -> None:
        """Write what was measured; to be called once at the end of an invocation, when no other thread measures.

        Powertools' own collection is not safe under threads, so values only meet it here.
        """
        with self._lock:
            values, self._values = self._values, []
        for metric, value in values:
            unit = MetricUnit.Milliseconds if metric.endswith("_ms") else MetricUnit.Count
            self._metrics.add_metric(name=metric.value, unit=unit, value=value)
        if values:
            self._metrics.flush_metrics()


# `logging` refuses facts of these names, and a fact must not make its own telling fail.
_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def _extra(action: str, facts: dict[str, Any]) -> dict[str, Any]:
    named = {f"{name}_" if name in _RESERVED else name: value for name, value in facts.items()}
    return {**named, "action": action}
