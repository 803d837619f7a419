"""The runbook knows every alarm, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.infra.template import StageTemplate

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_runbook_has_a_part_for_each_alarm_and_each_alarm_names_it(template: StageTemplate) -> None:
    alarms = list(template.of_type("AWS::CloudWatch::Alarm").values())
    prefix = f"punctual-{template.settings.stage}-"
    names = {alarm["AlarmName"].removeprefix(prefix) for alarm in alarms}

    assert set(re.findall(r"^### (\S+)$", PAGE.read_text(), re.MULTILINE)) == names
    for alarm in alarms:
        name = alarm["AlarmName"].removeprefix(prefix)
        assert alarm["AlarmDescription"].endswith(f"What to do: docs/operations.md, {name}")
