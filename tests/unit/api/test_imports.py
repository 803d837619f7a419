"""What the API's process loads before anybody asks about templates or schedules."""

from __future__ import annotations

import subprocess
import sys

import pytest

from functions.api.routes import ROUTES, Later, Route

LATER = (
    "shared.model.schedule",
    "shared.model.alerts",
    "shared.model.time_zones",
    "shared.expansion",
    "shared.adapters.dynamodb.template_codec",
)


def test_no_request_about_jobs_pays_for_time_zones_and_rules() -> None:
    program = (
        "import sys, functions.api.handler\n"
        f"found = sorted(name for name in sys.modules if name.startswith({LATER!r}))\n"
        "print(*found)"
    )

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_leads_to_an_endpoint(route: Route) -> None:
    endpoint = route.endpoint.endpoint() if isinstance(route.endpoint, Later) else route.endpoint

    assert callable(endpoint)
