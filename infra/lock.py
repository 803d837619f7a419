"""Which lines of requirements.lock the functions need: the closure of the project's runtime dependencies."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

# What markers are asked about: Lambda's Python, not the one that builds.
LAMBDA: Final = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==\S+")


class NotLocked(Exception):
    """A dependency is not in the lock, or not installed, so that its own dependencies are unknown."""


def locked_requirements(pyproject: Path, lock: Path) -> str:
    """The lock's entries, hashes included, of what the functions import directly or indirectly; sorted by name.

    What depends on what is read from the installed packages, which are those of the same lock.

    Raises:
        NotLocked: the lock or the environment lacks one of them.
    """
    project = tomllib.loads(pyproject.read_text())["project"]
    entries = _entries(lock.read_text())
    names = _closure(project["dependencies"])
    missing = sorted(names - entries.keys())
    if missing:
        raise NotLocked(f"requirements.lock has no {', '.join(missing)}")
    return "".join(entries[name] for name in sorted(names))


def _entries(lock: str) -> dict[str, str]:
    """Name to its lines: the pinned version, and the hashes on the indented lines that follow."""
    entries: dict[str, str] = {}
    name = None
    for line in lock.splitlines(keepends=True):
        pinned = _PINNED.match(line)
        if pinned:
            name = canonicalize_name(pinned[1])
            entries[name] = line
        elif name and line.lstrip().startswith("--hash="):
            entries[name] += line
    return entries


def _closure(requirements: list[str]) -> set[str]:
    pending = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, str]] = set()
    while pending:
        requirement, extra = pending.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({**LAMBDA, "extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) in seen:
                continue
            seen.add((name, wanted))
            pending += [(needed, wanted) for needed in _requirements_of(name)]
    return {name for name, _ in seen}


def _requirements_of(name: str) -> list[Requirement]:
    try:
        return [Requirement(text) for text in requires(name) or []]
    except PackageNotFoundError:
        raise NotLocked(f"{name} is not installed: install requirements.lock") from None
