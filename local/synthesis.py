"""The local stage's cloud assembly, synthesized again only when something that it is made from has changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from local.failure import CannotRun
from local.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.settings import LocalSettings

_FOLDERS: Final = ("infra", "shared", "functions", "tasks")
_FILES: Final = ("cdk.json", "pyproject.toml", "requirements.lock")


def assembly(settings: LocalSettings) -> Path:
    """The folder with the template and the assets of the stage `local`.

    Raises:
        CannotRun: synthesis failed.
    """
    folder = settings.folder / "cdk.out"
    made_from = settings.folder / "cdk.out.made-from"
    digest = _digest(settings)
    if made_from.exists() and made_from.read_text() == digest and (folder / "manifest.json").exists():
        return folder
    made_from.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    _synthesize(settings, folder)
    made_from.write_text(digest)
    return folder


def _synthesize(settings: LocalSettings, folder: Path) -> None:
    log = settings.folder / "synthesis.log"
    with log.open("wb") as output:
        code = subprocess.run(
            [sys.executable, "-m", "infra.app"],
            cwd=ROOT,
            env={
                **os.environ,
                "STAGE": "local",
                "CDK_OUTDIR": str(folder),
                "ALLOWED_TARGET_HOSTS": ",".join(settings.allowed_target_hosts),
                "EMULATOR": settings.endpoint,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if code != 0:
        raise CannotRun(f"The template could not be synthesized: {last_line(log)} (all of it: {os.path.relpath(log)}).")


def last_line(log: Path) -> str:
    """The last line of a file that says something, without the full stop."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "nothing was said why"


def _digest(settings: LocalSettings) -> str:
    told = (sys.prefix, settings.endpoint, *settings.allowed_target_hosts)
    digest = hashlib.sha256("\0".join((*told, "")).encode())
    for path in _made_from():
        data = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _made_from() -> Iterator[Path]:
    for name in _FILES:
        if (ROOT / name).is_file():
            yield ROOT / name
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                yield path
