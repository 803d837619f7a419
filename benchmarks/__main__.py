"""Run every benchmark, print its table, and write the figures to `.local/bench.json`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks import cpu, end_to_end, expansion, imports, million, schedules, units
from local.emulator import free_port
from local.settings import ROOT, LocalSettings
from local.system import LocalSystem

RESULT: Final = ROOT / ".local" / "bench.json"


def main() -> None:
    figures: dict[str, Any] = {"import_ratio": imports.measure()}
    figures |= {f"{name}_cpu_ratio": ratio for name, ratio in cpu.measure().items()}
    figures |= {"schedule_speed_ratio": schedules.measure()}
    figures |= expansion.measure()
    figures |= _on_a_system_of_its_own()
    figures |= million.measure()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"\nThese figures are in {RESULT.relative_to(ROOT)}.")


def _on_a_system_of_its_own() -> dict[str, float]:
    """What needs the running system: one that is empty, beside which nothing else runs, and that is thrown away."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalSystem(LocalSettings(port=free_port(), folder=Path(folder))) as system,
    ):
        counted = units.measure(system.client("dynamodb"), system.client("sqs"))
        return {**counted, **end_to_end.measure(system.url, system.api_key)}


if __name__ == "__main__":
    main()
