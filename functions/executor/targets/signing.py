"""Signatures after the Standard Webhooks specification (https://www.standardwebhooks.com, v1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_PREFIX: Final = "whsec_"
# The specification asks for 24 to 64 random bytes.
_MIN_SECRET_BYTES: Final = 24
_MAX_SECRET_BYTES: Final = 64


class SigningUnavailable(Exception):
    """It cannot be known now with which secrets to sign. The text holds none of them."""


class SigningSecrets(Protocol):
    def secrets_of(self, tenant: str) -> tuple[str, ...]:
        """The tenant's valid secrets, `whsec_` and base64: none, one, or two while they are rotated.

        Raises:
            SigningUnavailable: nobody answered. A call is then not made, and never made unsigned.
        """
        ...


def signature_headers(secrets: Sequence[str], *, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers that let a receiver verify `body`, one signature for each secret; none without secrets.

    The timestamp is the time of this attempt, since receivers refuse old ones; the id is the same for all attempts.

    Raises:
        SigningUnavailable: a secret is malformed.
    """
    if not secrets:
        return {}
    timestamp = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    digests = (hmac.new(key_of(secret), content, hashlib.sha256).digest() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }


def key_of(secret: str) -> bytes:
    """The key that a secret stands for.

    Raises:
        SigningUnavailable: it is malformed.
    """
    text = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b""
    if text == secret or not _MIN_SECRET_BYTES <= len(key) <= _MAX_SECRET_BYTES:
        raise SigningUnavailable(
            f"a signing secret is not {_PREFIX} and the base64 of {_MIN_SECRET_BYTES} to {_MAX_SECRET_BYTES} bytes"
        )
    return key
