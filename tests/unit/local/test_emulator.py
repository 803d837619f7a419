from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.emulator import forget_stream_positions

if TYPE_CHECKING:
    from pathlib import Path


def test_stream_positions_are_forgotten_and_all_else_is_kept(tmp_path: Path) -> None:
    positions = {"__account_region_scoped__": True, "data": {"mapping": 11}}
    saved = {"__ministack_format__": 2, "payload": {"functions": {"f": 1}, "dynamodb_stream_positions": positions}}
    (tmp_path / "lambda.json").write_text(json.dumps(saved))

    forget_stream_positions(tmp_path)

    payload = json.loads((tmp_path / "lambda.json").read_text())["payload"]
    assert payload["dynamodb_stream_positions"] == {"__account_region_scoped__": True, "data": {}}
    assert payload["functions"] == {"f": 1}


def test_the_first_start_has_no_positions_to_forget(tmp_path: Path) -> None:
    forget_stream_positions(tmp_path)

    assert list(tmp_path.iterdir()) == []
