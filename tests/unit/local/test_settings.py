from __future__ import annotations

import pytest

from local.failure import CannotRun
from local.settings import settings_from


def test_nothing_said_is_the_default_port_and_no_hosts() -> None:
    settings = settings_from({"PORT": "", "ALLOWED_TARGET_HOSTS": ""})

    assert settings.endpoint == "http://127.0.0.1:4566"
    assert settings.allowed_target_hosts == ()


def test_hosts_are_separated_by_commas() -> None:
    settings = settings_from({"PORT": "4580", "ALLOWED_TARGET_HOSTS": "127.0.0.1:9000, localhost:9001"})

    assert settings.port == 4580
    assert settings.allowed_target_hosts == ("127.0.0.1:9000", "localhost:9001")


@pytest.mark.parametrize(
    "environment",
    [
        {"PORT": "0"},
        {"PORT": "65536"},
        {"PORT": "-1"},
        {"PORT": "http"},
        {"PORT": "٣"},
        {"ALLOWED_TARGET_HOSTS": "127.0.0.1"},
        {"ALLOWED_TARGET_HOSTS": "http://127.0.0.1:9000"},
    ],
)
def test_what_cannot_be_read_is_named(environment: dict[str, str]) -> None:
    (name,) = environment

    with pytest.raises(CannotRun, match=name):
        settings_from(environment)
