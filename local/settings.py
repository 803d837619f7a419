"""Where the local system listens and keeps its data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from local.failure import CannotRun

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parent.parent
HOST: Final = "127.0.0.1"  # the emulator's root keys are no secret, so it must not be reached from elsewhere
ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
STACK: Final = "punctual-local"
DEFAULT_PORT: Final = 4566

_HOST_AND_PORT = re.compile(r"[^\s:/,]+:\d{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """What `make run` can be told.

    port: of the emulator, and so of the API.
    folder: everything that is kept between two runs, and the logs of the last one.
    allowed_target_hosts: `host:port` of HTTP targets that may be plain HTTP and on this machine.
    """

    port: int = DEFAULT_PORT
    folder: Path = ROOT / ".local"
    allowed_target_hosts: tuple[str, ...] = ()

    @property
    def endpoint(self) -> str:
        """Where every AWS service answers."""
        return f"http://{HOST}:{self.port}"

    @property
    def run_file(self) -> Path:
        """What scripts read while the system runs."""
        return self.folder / "run.json"

    @property
    def key_file(self) -> Path:
        return self.folder / "api-key"

    @property
    def emulator_log(self) -> Path:
        return self.folder / "emulator.log"

    @property
    def functions_log(self) -> Path:
        return self.folder / "functions.log"


def settings_from(environment: Mapping[str, str]) -> LocalSettings:
    """Settings from `PORT` and `ALLOWED_TARGET_HOSTS`; either may be missing or empty.

    Raises:
        CannotRun: one of them cannot be read.
    """
    port = environment.get("PORT") or str(DEFAULT_PORT)
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise CannotRun(f"PORT is {port!r}, and should be a number between 1 and 65535.")
    hosts = tuple(host.strip() for host in environment.get("ALLOWED_TARGET_HOSTS", "").split(",") if host.strip())
    for host in hosts:
        if not _HOST_AND_PORT.fullmatch(host):
            raise CannotRun(f"ALLOWED_TARGET_HOSTS has {host!r}; it takes host:port, several with commas between them.")
    return LocalSettings(port=int(port), allowed_target_hosts=hosts)
