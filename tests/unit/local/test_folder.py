from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.failure import CannotRun
from local.folder import hold, note_holders
from local.settings import LocalSettings

if TYPE_CHECKING:
    from pathlib import Path


def pid_of_an_ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_second_run_is_refused_and_told_whom_to_stop(tmp_path: Path) -> None:
    settings = LocalSettings(folder=tmp_path)

    with hold(settings), pytest.raises(CannotRun, match=rf"Another process \({os.getpid()}\) .*kill {os.getpid()}"):
        hold(settings)


def test_of_a_run_that_was_killed_the_emulator_is_named(tmp_path: Path) -> None:
    settings = LocalSettings(folder=tmp_path)

    with hold(settings) as lock:
        note_holders(lock, pid_of_an_ended_process(), os.getpid())

        with pytest.raises(CannotRun, match=rf"The emulator \(process {os.getpid()}\) of a run that was killed"):
            hold(settings)


def test_the_folder_stays_held_while_a_process_that_inherited_the_lock_lives(tmp_path: Path) -> None:
    settings = LocalSettings(folder=tmp_path)
    lock = hold(settings)
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(lock.fileno(),)) as heir:
        lock.close()

        with pytest.raises(CannotRun):
            hold(settings)

        heir.communicate(b"\n")

    hold(settings).close()


def test_a_folder_that_was_released_can_be_held_again(tmp_path: Path) -> None:
    settings = LocalSettings(folder=tmp_path)
    hold(settings).close()

    with hold(settings) as lock:
        lock.seek(0)
        assert lock.read() == str(os.getpid())
