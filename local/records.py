"""One line of text for each record that a function logged."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

# Lines of the platform and not of the function.
_PLATFORM: Final = re.compile(r"(START|END|REPORT) RequestId: |INIT_START ")
# Said elsewhere in the line, or of use to a machine only.
_LEFT_OUT: Final = frozenset(
    {
        "action", "cold_start", "correlation_id", "exception", "exception_name", "function_arn", "function_memory_size",
        "function_name", "function_request_id", "job_id", "level", "location", "message", "service", "stack_trace",
        "timestamp", "xray_trace_id",
    }
)  # fmt: skip
_LONGEST_VALUE: Final = 120
_TIMESTAMP: Final = "%Y-%m-%d %H:%M:%S,%f%z"  # Powertools' own


@dataclass(frozen=True, slots=True)
class Record:
    """A log line of the function `function`, which arrived at `at`."""

    function: str
    at: datetime
    text: str


def line_of(record: Record, zone: tzinfo | None = None) -> str | None:
    """A line for people: time (in `zone`, else the machine's), function, level, what happened, the job, the rest.

    None for what says nothing about the work: the platform's own lines, and metrics.
    """
    if not record.text.strip() or _PLATFORM.match(record.text):
        return None
    facts = _facts(record.text)
    if facts is None:
        return _line(record.function, record.at.astimezone(zone), "", record.text.rstrip())
    if "_aws" in facts:
        return None
    parts = [str(facts.get("action") or facts.get("message", ""))]
    if facts.get("message") not in (None, "", facts.get("action")):
        parts += [str(facts["message"])] if "action" in facts else []
    if facts.get("job_id"):
        parts.append(f"job={facts['job_id']}")
    if facts.get("correlation_id") not in (None, "", facts.get("job_id")):
        parts.append(f"correlation_id={_text(facts['correlation_id'])}")
    parts += [f"{name}={_text(value)}" for name, value in facts.items() if name not in _LEFT_OUT and value is not None]
    if facts.get("exception"):
        parts.append(f"exception={_text(str(facts['exception']).strip().splitlines()[-1])}")
    level = "" if facts.get("level") == "INFO" else str(facts.get("level", ""))
    return _line(record.function, _time(facts, record.at).astimezone(zone), level, " ".join(parts))


def _line(function: str, at: datetime, level: str, text: str) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03} {function:<16} {level:<7} {text}"


def _facts(text: str) -> Mapping[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        facts = json.loads(text)
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None


def _time(facts: Mapping[str, Any], otherwise: datetime) -> datetime:
    try:
        return datetime.strptime(str(facts["timestamp"]), _TIMESTAMP)
    except (KeyError, ValueError):
        return otherwise


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def at_ms(milliseconds: int) -> datetime:
    """CloudWatch's times."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
