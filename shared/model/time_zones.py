"""The time zones. Their rules come from the package tzdata, not from the machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

_FOLDER: Final = Path(tzdata.__file__).parent


@cache
def zone_names() -> frozenset[str]:
    """Every name of the IANA database."""
    return frozenset((_FOLDER / "zones").read_text().split())


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of that name, which must be one of `zone_names`."""
    with (_FOLDER / "zoneinfo" / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
