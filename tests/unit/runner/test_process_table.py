from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from functions.runner.processes import Process, process_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def test_a_process_finds_itself_and_its_parent() -> None:
    table = {one.pid: one for one in process_table()}

    me = table[os.getpid()]
    assert (me.parent, me.group, me.session) == (os.getppid(), os.getpgrp(), os.getsid(0))
    assert not me.has_ended


def test_a_program_s_name_cannot_confuse_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = " ".join(str(number) for number in range(4, 53))
    (tmp_path / "42").mkdir()
    (tmp_path / "42/stat").write_text(f"42 (a) R (b) c) S {fields}")
    (tmp_path / "43").mkdir()
    monkeypatch.setattr("functions.runner.processes._PROC", str(tmp_path))

    assert process_table() == [Process(42, 22, "S", 4, 5, 6)]


def test_where_there_is_no_table_it_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.runner.processes._PROC", str(tmp_path / "none"))

    assert process_table() == []
