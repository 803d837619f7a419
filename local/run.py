"""`make run`: start the whole system, say how to try it, and follow what its functions log until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import IO, TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError

from local.demo import ECHO_FUNCTION
from local.failure import CannotRun
from local.logs import EmulatorTrouble, FunctionLogs
from local.records import line_of
from local.settings import STACK, settings_from
from local.system import LocalSystem

if TYPE_CHECKING:
    from types import FrameType

_LOOK_EVERY_SECONDS: Final = 0.5
_TIME_LENGTH: Final = len("03:04:05.678")
_NO_HOSTS: Final = "none; see docs/running-locally.md"


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    began = time.monotonic()
    try:
        system = LocalSystem(settings_from(os.environ))
        first_time = not system.settings.key_file.exists()
        print(f"Starting{' (the first time takes longer)' if first_time else ''} …", flush=True)
        with system:
            print(_introduction(system, time.monotonic() - began), flush=True)
            _follow(system)
    except KeyboardInterrupt:
        print("Stopped; everything is kept.", flush=True)
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    # From here on the data is being saved: a second Ctrl-C must not end that.
    for handled in (signal.SIGINT, signal.SIGTERM):
        signal.signal(handled, signal.SIG_IGN)
    print("\nStopping …", flush=True)
    raise KeyboardInterrupt


def _follow(system: LocalSystem) -> None:
    """Print what functions log, and keep the records as they are in a file, until the emulator ends."""
    short_names = {name: name.removeprefix(f"{STACK}-") for name in system.function_names()}
    functions = FunctionLogs(system.client("logs"), {**short_names, ECHO_FUNCTION: ECHO_FUNCTION})
    trouble = EmulatorTrouble(system.settings.emulator_log)
    with system.settings.functions_log.open("w") as raw:
        while True:
            system.emulator.check()
            try:
                _print_new(functions, trouble, raw)
            except BotoCoreError as error:
                system.emulator.check()
                print(f"The logs could not be read: {error}", file=sys.stderr, flush=True)
            time.sleep(_LOOK_EVERY_SECONDS)


def _print_new(functions: FunctionLogs, trouble: EmulatorTrouble, raw: IO[str]) -> None:
    records = [*functions.new_records(), *trouble.new_records()]
    shown = [(line, record.text) for record in records if (line := line_of(record)) is not None]
    # Each begins with its time. Calls that overlapped come one after the other, so their lines have to be mixed.
    for line, text in sorted(shown, key=lambda pair: pair[0][:_TIME_LENGTH]):
        print(line, flush=True)
        raw.write(text.rstrip("\n") + "\n")
    raw.flush()


def _introduction(system: LocalSystem, seconds: float) -> str:
    folder = os.path.relpath(system.settings.folder)
    create = {
        "name": "hello",
        "delay": "10s",
        "target": {"type": "task", "name": "examples.echo"},
        "payload": {"hello": "world"},
    }
    recur = {"name": "pulse", "schedule": {"every": "10s"}, "job": {"target": create["target"]}}
    targets = "\n".join(f"  {json.dumps(target)}" for target in _targets(system))
    hosts = ", ".join(system.settings.allowed_target_hosts)
    return f"""
Punctual runs on this machine ({seconds:.1f} s). To try it, in another terminal:

  URL={system.url}
  KEY={system.api_key}

  curl -s -X POST "$URL/v1/jobs" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
       -d '{json.dumps(create)}'
  curl -s "$URL/v1/jobs/<its id>" -H "Authorization: Bearer $KEY"
  curl -s "$URL/v1/jobs" -H "Authorization: Bearer $KEY"

Each ten seconds, until its template is paused or deleted, and what became of each run:

  curl -s -X POST "$URL/v1/templates" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
       -d '{json.dumps(recur)}'
  curl -s "$URL/v1/templates/<its id>/occurrences" -H "Authorization: Bearer $KEY"
  curl -s -X DELETE "$URL/v1/templates/<its id>" -H "Authorization: Bearer $KEY"

The whole API: {system.url}/docs
Other targets to try:
{targets}
HTTP targets on this machine: {hosts or _NO_HOSTS}

Commands run with your own rights here. Emulated functions share one user, and the emulator has root keys that all of
them can find: on this machine nothing keeps a job's code from other jobs or from your files. On AWS, roles do.

Data and logs are in {folder}/; Ctrl-C stops, and `make run` goes on from there. What the functions log:
"""


def _targets(system: LocalSystem) -> list[dict[str, Any]]:
    return [*system.demo_targets.values(), {"type": "command", "argv": ["/bin/echo", "hi"]}]


if __name__ == "__main__":
    sys.exit(main())
