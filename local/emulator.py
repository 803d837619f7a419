"""The emulator's process: started clean, watched, stopped so that its data is kept."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import IO, TYPE_CHECKING, Any, Final

from cli.stage import emulator_client
from local.failure import CannotRun
from local.processes import end_processes_started_as, processes_started_as
from local.settings import ACCOUNT, HOST, REGION

if TYPE_CHECKING:
    from pathlib import Path

    from local.settings import LocalSettings

_START_SECONDS: Final = 30
# It saves within a second, and then waits for the functions' calls that are under way.
_SAVE_SECONDS: Final = 5
_STOP_SECONDS: Final = 15
_POLL_SECONDS: Final = 0.05
_DIRECTLY: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever the environment says


class Emulator:
    """One ministack on loopback whose data lies in `<folder>/emulator`.

    It is a process group of its own, so that Ctrl-C in a terminal reaches only whoever started it: ended by that it
    would lose its data.
    """

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._home = settings.folder / "emulator"

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self, lock: IO[str]) -> None:
        """Start and wait until it answers. `lock` is held open by its process too, so that a lock on it lasts as long.

        Raises:
            CannotRun: the port is taken, or it ended or hung while starting.
        """
        self._refuse_taken_port()
        self._prepare_folders()
        with self._settings.emulator_log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                cwd=self._home,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock.fileno(),),
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_healthy():
            self.check()
            if time.monotonic() > deadline:
                raise CannotRun(f"The emulator did not answer within {_START_SECONDS} s; see {self._log_name()}.")
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Raise CannotRun if it has ended by itself."""
        code = self._running().poll()
        if code is not None:
            raise CannotRun(f"The emulator ended by itself (exit code {code}); see {self._log_name()}.")

    def is_healthy(self) -> bool:
        """Whether it answers."""
        try:
            with _DIRECTLY.open(f"{self._settings.endpoint}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Have it save its data and end; nothing if it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            if not _ended(process, _SAVE_SECONDS):
                # Saved, it waits for calls under way, whose jobs are taken up again after the next start.
                end_processes_started_as(self._worker(), signal.SIGTERM)
                if not _ended(process, _STOP_SECONDS):
                    process.kill()
                    process.wait()
        end_processes_started_as(self._worker(), signal.SIGKILL)

    def client(self, service: str) -> Any:
        """A low-level client with the emulator's root keys."""
        return emulator_client(service, endpoint=self._settings.endpoint, region=REGION)

    def function_processes(self, function_name: str) -> list[int]:
        """The ids of the processes in which a function runs at the moment: one for each call at a time so far."""
        return processes_started_as(self._worker(function_name))

    def _worker(self, function_name: str | None = None) -> str:
        """How the command line of a function's process goes, or of any function's: a folder with a random ending."""
        name = ".+" if function_name is None else re.escape(function_name)
        return rf"{re.escape(str(self._home / 'tmp'))}/ministack-lambda-{name}-[a-z0-9_]{{8}}/"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the emulator was not started")
        return self._process

    def _refuse_taken_port(self) -> None:
        port = self._settings.port
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except PermissionError:
                raise CannotRun(f"This user may not listen on port {port}; choose one above 1023.") from None
            except OSError:
                raise CannotRun(f"Port {port} is in use; choose another one with PORT={_another(port)}.") from None

    def _prepare_folders(self) -> None:
        # What functions were unpacked to is left behind by a process that was killed.
        shutil.rmtree(self._home / "tmp", ignore_errors=True)
        for name in ("state", "s3", "tmp", "home"):
            (self._home / name).mkdir(parents=True, exist_ok=True)
        forget_stream_positions(self._home / "state")
        self._move_queues_to_port()

    def _move_queues_to_port(self) -> None:
        """Queues are kept, and told to functions, under URLs with the port that they were made on."""
        marker = self._home / "port"
        before, now = (marker.read_text() if marker.exists() else ""), str(self._settings.port)
        if before and before != now:
            for path in (self._home / "state").glob("*.json"):
                text = path.read_text()
                moved = text.replace(f"localhost:{before}/{ACCOUNT}/", f"localhost:{now}/{ACCOUNT}/")
                if moved != text:
                    path.write_text(moved)
        marker.write_text(now)

    def _environment(self) -> dict[str, str]:
        # Functions inherit all of it. So it holds nothing of the caller's, who may have credentials for AWS, and no
        # LOG_LEVEL, which they would take for theirs.
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._home / "home"),
            "TMPDIR": str(self._home / "tmp"),
            "LANG": "C.UTF-8",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self._settings.port),
            "AUTH": "true",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._home / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._home / "s3"),
            # Listeners of services that nobody here uses, on ports that are not ours.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self._home / 'no-docker'}",
        }

    def _log_name(self) -> str:
        return os.path.relpath(self._settings.emulator_log)


def forget_stream_positions(state: Path) -> None:
    """Have stream mappings start at the beginning again.

    The emulator keeps how far they had read but not the records, so after a start they would skip as many new ones.
    """
    path = state / "lambda.json"
    if not path.exists():
        return
    saved = json.loads(path.read_text())
    positions = saved.get("payload", saved).get("dynamodb_stream_positions")
    if positions and positions.get("data"):
        positions["data"] = {}
        path.write_text(json.dumps(saved))


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 4567


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
