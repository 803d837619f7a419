"""A run's own folder: fresh when it begins, gone when it has ended."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PREFIX: Final = "punctual-run-"


@dataclass(frozen=True, slots=True)
class Workspaces:
    """Makes and removes folders in `scratch`.

    `keep` names the entries of `scratch` that were there before any run. When it is given, nobody else uses the folder,
    and whatever appears in it is removed after a run: a run may have written outside of its own folder, and the next
    one may belong to another tenant. None where others use it, such as `/tmp` of one's own machine.
    """

    scratch: Path
    keep: frozenset[str] | None = None

    @classmethod
    def alone_in(cls, scratch: Path) -> Workspaces:
        return cls(scratch, frozenset(os.listdir(scratch)))

    def make(self) -> Path:
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self.scratch))

    def remove(self, folder: Path) -> bool:
        """Remove a run's folder with all that is in it, and what else it left behind. Whether nothing remained."""
        remove_tree(folder)
        remained = folder.exists()
        if self.keep is not None:
            try:
                for left in self._left():
                    remove_tree(left)
                remained = bool(self._left())
            except OSError:
                return False  # nobody knows
        return not remained

    def _left(self) -> list[Path]:
        """What runs have put into the folder. What other users put there (an extension of Lambda) is theirs."""
        found = [self.scratch / name for name in set(os.listdir(self.scratch)) - (self.keep or frozenset())]
        return [path for path in found if path.lstat().st_uid == os.geteuid()]


def remove_tree(top: Path) -> None:
    """Remove a file or folder as far as that is possible, whatever is in it; raises nothing.

    Every folder met is moved up to `top` before it is looked into, so neither depth nor the length of a path is a
    limit (`shutil.rmtree` fails at a nesting of a thousand); it is made accessible first. Symbolic links are removed,
    never followed.
    """
    if top.is_symlink() or not top.is_dir():
        with contextlib.suppress(OSError):
            top.unlink()
        return
    # A name that nothing in the tree can have.
    new_name, moved = secrets.token_hex(8), 0
    pending = [str(top)]
    while pending:
        folder = pending.pop()
        for entry in _entries(folder):
            if not entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
                continue
            moved += 1
            target = os.path.join(top, f"{new_name}-{moved}")
            with contextlib.suppress(OSError):
                # A folder that is moved must be writable, since its entry `..` changes.
                os.chmod(entry.path, stat.S_IRWXU)
                os.rename(entry.path, target)
                pending.append(target)
        if folder != str(top):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
    with contextlib.suppress(OSError):
        top.rmdir()


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError):
        os.chmod(folder, stat.S_IRWXU)
        with os.scandir(folder) as entries:
            return list(entries)
    return []
