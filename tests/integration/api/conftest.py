"""The API on the memory adapters; `test_on_aws.py` has it on moto."""

from __future__ import annotations

import pytest

from tests.http_api import Api


@pytest.fixture
def api() -> Api:
    return Api()
