from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from standardwebhooks import Webhook, WebhookVerificationError

from functions.executor.targets.signing import SigningUnavailable, signature_headers
from functions.executor.targets.signing_secrets import FRESH, REST, STALE, SsmSigningSecrets

OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 64).decode()
BODY = '{"a": "ü"}'.encode()


def sign(*secrets: str, body: bytes = BODY) -> dict[str, str]:
    return signature_headers(secrets, message_id="job-1", now=datetime.now(UTC), body=body)


@pytest.mark.parametrize("body", [b"", b"null", BODY, b"x" * 200_000])
def test_a_signature_is_what_the_specifications_own_library_verifies(body: bytes) -> None:
    Webhook(NEW).verify(body, sign(NEW, body=body), json_parse=False)


def test_while_secrets_are_rotated_either_verifies() -> None:
    headers = sign(OLD, NEW)

    for secret in (OLD, NEW):
        Webhook(secret).verify(BODY, headers)


def test_another_secret_or_another_body_does_not_verify() -> None:
    headers = sign(OLD)

    for secret, body in ((NEW, BODY), (OLD, BODY + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_without_secrets_nothing_is_signed() -> None:
    assert sign() == {}


@pytest.mark.parametrize(
    "secret", ["s3cret", "whsec_", "whsec_s3cret", "whsec_" + base64.b64encode(b"x" * 65).decode(), "whsec_" + "!" * 40]
)
def test_a_malformed_secret_signs_nothing_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(SigningUnavailable) as refusal:
        sign(OLD, secret)

    assert "s3cret" not in str(refusal.value)


def test_a_secret_without_padding_is_read() -> None:
    secret = "whsec_" + base64.b64encode(b"p" * 25).decode().rstrip("=")

    Webhook(secret).verify(BODY, sign(secret))


class Ssm:
    """A client of SSM that counts what it is asked."""

    def __init__(self, **parameters: str) -> None:
        self.parameters = parameters
        self.fault: Exception | None = None
        self.asked: list[str] = []

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803 - as AWS names them
        assert WithDecryption
        self.asked.append(Name)
        if self.fault is not None:
            raise self.fault
        tenant = Name.rpartition("/")[2]
        if tenant not in self.parameters:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": ""}}, "GetParameter")
        return {"Parameter": {"Value": self.parameters[tenant]}}


class World:
    def __init__(self, **parameters: str) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.ssm = Ssm(**parameters)
        self.secrets = SsmSigningSecrets(lambda: self.ssm, "/punctual/dev/signing/", lambda: self.now)


DOWN = EndpointConnectionError(endpoint_url="https://ssm")


def test_a_parameter_may_hold_two_secrets() -> None:
    world = World(acme=f"{OLD} {NEW}")

    assert world.secrets.secrets_of("acme") == (OLD, NEW)
    assert world.ssm.asked == ["/punctual/dev/signing/acme"]


@pytest.mark.parametrize("parameters", [{"acme": OLD}, {}])
def test_ssm_is_asked_once_in_five_minutes_also_for_a_tenant_without_secrets(parameters: dict[str, str]) -> None:
    world = World(**parameters)

    first = world.secrets.secrets_of("acme")
    world.now += FRESH - timedelta(seconds=1)
    second = world.secrets.secrets_of("acme")
    world.now += timedelta(seconds=2)
    world.ssm.parameters["acme"] = NEW

    assert first == second
    assert world.secrets.secrets_of("acme") == (NEW,)
    assert len(world.ssm.asked) == 2


def test_while_ssm_is_away_nothing_is_sent_unsigned_and_it_is_left_alone_for_a_while() -> None:
    world = World(acme=OLD)
    world.ssm.fault = DOWN

    for tenant in ("acme", "other"):
        with pytest.raises(SigningUnavailable):
            world.secrets.secrets_of(tenant)
    world.now += REST
    world.ssm.fault = None

    assert world.secrets.secrets_of("acme") == (OLD,)
    assert len(world.ssm.asked) == 2


def test_what_was_read_last_stands_for_an_hour_while_ssm_is_away() -> None:
    world = World(acme=OLD)
    world.secrets.secrets_of("acme")
    world.ssm.fault = DOWN

    world.now += STALE - timedelta(seconds=1)
    assert world.secrets.secrets_of("acme") == (OLD,)
    world.now += timedelta(seconds=2)
    with pytest.raises(SigningUnavailable, match="EndpointConnectionError"):
        world.secrets.secrets_of("acme")
