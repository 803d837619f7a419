"""Runs tests against one mutant: `MUTANT="claim without wake_at =" python -m pytest -p tests.mutation.plugin …`

It is applied before any test is imported, so that values which tests compute on import come from it too.
"""

from __future__ import annotations

import os

from tests.mutation.catalogue import named


def pytest_configure() -> None:
    named(os.environ["MUTANT"]).apply()
