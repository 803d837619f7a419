"""What the pages say to paste does what they say, on the running system."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.receiver import Receiver
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"


@pytest.mark.meanwhile
@pytest.mark.timeout(300)
def test_whoever_pastes_the_recipe_hears_that_the_backup_failed(
    new_client: Callable[..., Client], receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (recipe,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    api, folder = new_client("backup", "read", "write"), tmp_path_factory.mktemp("recipe")
    run = {"url": api.url, "api_key": api.api_key}
    (folder / ".local").mkdir()
    (folder / ".local" / "run.json").write_text(json.dumps(run))
    here = recipe.replace("127.0.0.1:9000/me", f"{receiver.host}/backup")

    subprocess.run(["bash", "-euc", here], cwd=folder, check=True, capture_output=True, timeout=120)

    give_up = time.monotonic() + 120
    while not (told := [one for one in receiver.received if one.path == "/backup"]):
        assert time.monotonic() < give_up
        time.sleep(0.5)
    document = json.loads(told[0].body)
    assert document["type"] == "alert.opened"
    assert re.fullmatch(
        r"backup \(template \w+\) failed for good: runtime_error, this task always fails", document["summary"]
    )
