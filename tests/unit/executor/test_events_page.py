"""What `docs/events.md` shows is true."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from functions.executor.targets.signing import signature_headers
from shared.model.event_types import TYPES
from shared.model.retry import preview
from shared.model.subscription import RETRY

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "events.md").read_text("utf-8")
SECRET = f"whsec_{base64.b64encode(b'a secret of at least 24 bytes').decode()}"


@pytest.fixture(scope="module")
def is_signed() -> Any:
    """The function that the page gives to receivers."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    known = {"base64": base64, "hmac": hmac, "time": time}
    exec(re.sub(r"^  ", "", code, flags=re.M), known)
    return known["is_signed"]


def test_the_example_is_as_its_schema_says() -> None:
    (example,) = (json.loads(one) for one in re.findall(r"```json\n(.*?)```", PAGE, flags=re.S) if '"id"' in one)

    Draft202012Validator(json.loads((DOCS / "event.schema.json").read_text("utf-8"))).validate(example)


def test_every_type_of_event_is_told() -> None:
    assert set(re.findall(r"`((?:job|alert|breaker)\.[a-z]+)`", PAGE)) == set(TYPES)


def test_the_page_s_function_takes_what_the_executor_signs_and_nothing_else(is_signed: Any) -> None:
    now = datetime.now(UTC)
    headers = signature_headers([SECRET], message_id="m1", now=now, body=b"{}")
    old = signature_headers([SECRET], message_id="m1", now=now - timedelta(seconds=400), body=b"{}")

    assert is_signed(headers, b"{}", SECRET)
    assert not is_signed(headers, b"{ }", SECRET)
    assert not is_signed({**headers, "webhook-id": "m2"}, b"{}", SECRET)
    assert not is_signed(old, b"{}", SECRET)


def test_the_delays_are_those_that_the_page_tells() -> None:
    assert [delay.most for delay in preview(RETRY)] == [5, 60, 300, 1_800, 3_600, 7_200, 14_400, 28_800]
    assert "5 s, 1 min, 5 min, 30 min, 1 h, 2 h, 4 h and 8 h" in PAGE
