"""The dependencies' files: wheels for Lambda's platform, unpacked, without what Lambda never reads."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# To be raised whenever this file changes what a layer holds: it is part of what the layer's name is made from.
LAYER_FORMAT: Final = 3

# The services that some function calls. botocore ships a description of each of AWS's services, 20 MB and more.
_SERVICES: Final = frozenset({"dynamodb", "events", "lambda", "s3", "sns", "sqs", "ssm", "stepfunctions", "sts"})
_PLATFORMS: Final = ("manylinux2014_aarch64", "manylinux_2_28_aarch64")


def unpack_wheels(requirements: str, folder: Path) -> tuple[int, int]:
    """Put the locked `requirements` into `folder`; returns its size in bytes before and after pruning.

    Raises:
        subprocess.CalledProcessError: pip failed: a wheel could not be fetched, or is not the one that was locked.
    """
    folder.mkdir(parents=True)
    listed = folder / "requirements.txt"
    listed.write_text(requirements)
    platforms = [option for platform in _PLATFORMS for option in ("--platform", platform)]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
            *("--require-hashes", "--no-deps", "--only-binary=:all:", *platforms),
            *("--implementation", "cp", "--python-version", "3.13"),
            *("--target", str(folder), "--requirement", str(listed)),
        ],
        check=True,
    )
    listed.unlink()
    before = _size(folder)
    prune(folder)
    return before, _size(folder)


def prune(folder: Path) -> None:
    """Take out of the unpacked wheels in `folder` what no function reads."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for service in _folders(folder / "botocore" / "data"):
        if service.name not in _SERVICES:
            shutil.rmtree(service)
    # Descriptions of boto3's resources, which nothing here uses: clients do not read them.
    shutil.rmtree(folder / "boto3" / "data", ignore_errors=True)
    shutil.rmtree(folder / "boto3" / "examples", ignore_errors=True)
    shutil.rmtree(folder / "icalendar" / "tests", ignore_errors=True)
    # The scripts of Powertools' own page of an API. Ours has no scripts.
    for asset in (folder / "aws_lambda_powertools").rglob("*.min.*"):
        asset.unlink()
    # What pip wrote about where it put things; it differs between machines. Licences stay.
    for metadata in folder.glob("*.dist-info"):
        for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
            (metadata / name).unlink(missing_ok=True)
    for leftover in [*folder.rglob("*.pyi"), *folder.rglob("py.typed")]:
        leftover.unlink()


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
