"""The logs of all functions, as they come, in one stream."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from local.records import Record, at_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

# The emulator writes a call's lines when the call ends, all with the time of that end.
_OVERLAP_MS: Final = 2_000
_KEPT_SECONDS: Final = 3_600
_TIDY_EVERY_SECONDS: Final = 60
_TROUBLE: Final = re.compile(r"\d{4}-\d\d-\d\d [\d:]{8} (?P<level>WARNING|ERROR|CRITICAL) \[\w+\] (?P<text>.*)")


class FunctionLogs:
    """What functions have logged since the last look. `functions` gives each its short name by its whole one.

    The emulator makes a log stream for every call, so a stream that was read once needs no second look. Streams older
    than an hour are deleted, which keeps a look cheap however long the system runs.
    """

    def __init__(self, logs: Any, functions: Mapping[str, str]) -> None:
        self._logs = logs
        self._functions = functions
        self._since_ms = {name: int(time.time() * 1000) for name in functions}
        self._read: dict[str, int] = {}
        self._tidy_at = time.monotonic() + _TIDY_EVERY_SECONDS

    def new_records(self) -> list[Record]:
        """In the order of their times, as far as they have come."""
        records = [record for name in self._functions for record in self._new_records_of(name)]
        if time.monotonic() > self._tidy_at:
            self._tidy_at = time.monotonic() + _TIDY_EVERY_SECONDS
            self._delete_old_streams()
        return sorted(records, key=lambda record: record.at)

    def _new_records_of(self, name: str) -> Iterator[Record]:
        streams_before = frozenset(self._read)
        for event in self._events(name):
            stream, at = event["logStreamName"], event["timestamp"]
            if stream not in streams_before:
                self._read[stream] = at
                self._since_ms[name] = max(self._since_ms[name], at - _OVERLAP_MS)
                yield Record(self._functions[name], at_ms(at), event["message"])

    def _events(self, name: str) -> Iterable[dict[str, Any]]:
        try:
            found = self._logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", startTime=self._since_ms[name])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":  # it was never called
                return []
            raise
        events: list[dict[str, Any]] = found["events"]
        return events

    def _delete_old_streams(self) -> None:
        oldest = int((time.time() - _KEPT_SECONDS) * 1000)
        horizon = min(self._since_ms.values(), default=0) - _OVERLAP_MS
        self._read = {stream: at for stream, at in self._read.items() if at >= horizon}
        for name in self._functions:
            group = f"/aws/lambda/{name}"
            try:
                page = self._logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime")["logStreams"]
                for stream in page:
                    if stream.get("lastEventTimestamp", oldest) < oldest:
                        self._logs.delete_log_stream(logGroupName=group, logStreamName=stream["logStreamName"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise


class EmulatorTrouble:
    """Warnings and errors in the emulator's own log: a function that died or ran out of time says nothing itself."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position = log.stat().st_size if log.exists() else 0

    def new_records(self) -> list[Record]:
        with self._log.open("rb") as file:
            file.seek(self._position)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._position += len(whole)
        now = at_ms(int(time.time() * 1000))
        lines = (_TROUBLE.match(line) for line in whole.decode(errors="replace").splitlines())
        return [Record("emulator", now, f"{match['level']:<8}{match['text']}") for match in lines if match]
