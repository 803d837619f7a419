"""The code assets, as zips: the functions' code, the runner's code, and the layer of dependencies.

A zip's name and its asset's hash come from what went into it, so that an unchanged one is neither built nor uploaded
again, wherever it is built. No Docker: wheels for Lambda's platform are only unpacked.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from infra.bytecode import add_bytecode, find_python
from infra.layer import LAYER_FORMAT, unpack_wheels
from infra.lock import locked_requirements
from infra.settings import Dependencies

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)

# The oldest time that a zip can hold. Nothing reads it: bytecode here does not look at its source's time.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_EMPTY_LAYER: Final = b"The functions find their dependencies in the environment that runs the emulator.\n"
# Where Lambda unpacks code and layers: the file names in tracebacks.
_CODE_AT: Final = "/var/task"
_LAYER_AT: Final = "/opt"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A zip, and the digest of what went into it."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Bundles:
    """`functions` holds `shared` and all functions but the runner; `runner` the runner and the tasks; nothing is in
    both. `layer` holds what both import from elsewhere."""

    functions: Bundle
    runner: Bundle
    layer: Bundle


def bundle(root: Path, build: Path, dependencies: Dependencies) -> Bundles:
    """The bundles of the work tree `root`, kept in the folder `build` and taken from there if nothing changed.

    With `Dependencies.HOST` nothing is fetched or compiled, and the layer is empty.
    """
    build.mkdir(parents=True, exist_ok=True)
    runner = PurePosixPath("functions/runner")
    functions_code = _sources(root, "shared", "functions")
    runner_code = {name: data for name, data in functions_code.items() if runner in name.parents}
    kept = functions_code.keys() - runner_code.keys()
    package = PurePosixPath("functions/__init__.py")
    python = find_python() if dependencies is Dependencies.LAYER else None
    return Bundles(
        functions=_code(build, "functions", {name: functions_code[name] for name in kept}, python),
        runner=_code(
            build, "runner", {package: functions_code[package], **runner_code, **_sources(root, "tasks")}, python
        ),
        layer=_layer(root, build, python) if dependencies is Dependencies.LAYER else _empty_layer(build),
    )


def _sources(root: Path, *folders: str) -> dict[PurePosixPath, bytes]:
    """Every file below the folders that is no bytecode and not hidden, by its path from `root`."""
    files = {
        PurePosixPath(path.relative_to(root).as_posix()): path
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    return {name: path.read_bytes() for name, path in files.items() if not any(part[0] == "." for part in name.parts)}


def _code(build: Path, name: str, files: Mapping[PurePosixPath, bytes], python: str | None) -> Bundle:
    digest = hashlib.sha256(repr(python is not None).encode())
    for path, data in sorted(files.items()):
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    made = Bundle(build / f"{name}-{digest.hexdigest()[:16]}.zip", digest.hexdigest())
    if not made.path.exists():
        with TemporaryDirectory(dir=build) as temporary:
            folder = Path(temporary)
            for path, data in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            add_bytecode(python, folder, shown_as=_CODE_AT)
            _zip(folder, made.path)
    return made


def _layer(root: Path, build: Path, python: str | None) -> Bundle:
    requirements = locked_requirements(root / "pyproject.toml", root / "requirements.lock")
    digest = hashlib.sha256(f"{LAYER_FORMAT}\0{python is not None}\0{requirements}".encode()).hexdigest()
    made = Bundle(build / f"layer-{digest[:16]}.zip", digest)
    if not made.path.exists():
        with TemporaryDirectory(dir=build) as temporary:
            folder = Path(temporary)
            unpacked, kept = unpack_wheels(requirements, folder / "python")
            add_bytecode(python, folder, shown_as=_LAYER_AT)
            _zip(folder, made.path)
            _log.info(
                "layer: %.1f MB unpacked, %.1f MB pruned, %.1f MB zipped%s",
                unpacked / 1e6,
                kept / 1e6,
                made.path.stat().st_size / 1e6,
                " with bytecode" if python else "",
            )
    return made


def _empty_layer(build: Path) -> Bundle:
    digest = hashlib.sha256(_EMPTY_LAYER).hexdigest()
    path = build / f"layer-{digest[:16]}.zip"
    if not path.exists():
        with TemporaryDirectory(dir=build) as temporary:
            (Path(temporary) / "python").mkdir()
            (Path(temporary) / "python" / "README").write_bytes(_EMPTY_LAYER)
            _zip(Path(temporary), path)
    return Bundle(path, digest)


def _zip(folder: Path, target: Path) -> None:
    """Everything in `folder`, in the order of names, without times and owners. Appears whole or not at all."""
    partial = target.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _NO_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o100644 << 16
                with path.open("rb") as source, archive.open(entry, "w") as out:
                    shutil.copyfileobj(source, out)
    partial.replace(target)
