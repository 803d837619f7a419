"""The runner's log lines. None holds the work, the payload or the output: they are the job's, and may be secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from functions.runner.request import InvalidRequest, RunRequest
    from functions.runner.run import Ended

_IDENTITY: Final = ("tenant", "job_id", "attempt", "fence")


class RunLog:
    """JSON lines, one per fact; `action` says which. Level and service come from the environment, as Powertools
    reads them (`AWS_LAMBDA_LOG_LEVEL`, `POWERTOOLS_SERVICE_NAME`)."""

    def __init__(self) -> None:
        self._logger = Logger(utc=True)

    def started(self, request: RunRequest) -> None:
        self._note("run_started", request, timeout_seconds=request.timeout_seconds)

    def ended(self, request: RunRequest, ended: Ended) -> None:
        answer = ended.answer
        self._note(
            "run_ended",
            request,
            outcome=answer.outcome.value,
            error=answer.error and answer.error.type,
            exit_code=answer.exit_code,
            output_bytes=answer.output_bytes,
            duration_ms=round(answer.duration_seconds * 1000),
        )
        if ended.left_behind:
            self._logger.warning("left_behind", extra={"action": "left_behind"})

    def refused(self, error: InvalidRequest) -> None:
        self._logger.error("run_refused", extra={"action": "run_refused", "reason": str(error)})

    def _note(self, action: str, request: RunRequest, **facts: Any) -> None:
        self._logger.set_correlation_id(request.context["correlation_id"])
        identity = {name: request.context[name] for name in _IDENTITY}
        self._logger.info(action, extra={"action": action, "kind": request.kind.value, **identity, **facts})
