"""Find out whose API key came with a request."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from shared.model.api_key import ApiKey, split_api_key

if TYPE_CHECKING:
    from shared.ports.control import ApiKeyStore

_BEARER: Final = re.compile(r"Bearer +([!-~]{1,512})", re.IGNORECASE | re.ASCII)
# Compared with when there is no such key, so that the time of a refusal does not tell which ids exist.
_NOBODYS: Final = ApiKey(
    id="", tenant="", secret_sha256="0" * 64, scopes=frozenset(), created_at=datetime(1970, 1, 1, tzinfo=UTC)
)


def authorize(authorization: str, keys: ApiKeyStore, now: datetime) -> ApiKey | None:
    """The key that `Bearer <id>.<secret>` proves to hold; None when it is unknown, wrong, expired or revoked.

    Raises:
        StoreUnavailable: the keys cannot be read now.
    """
    match = _BEARER.fullmatch(authorization)
    parts = split_api_key(match[1]) if match else None
    if parts is None:
        return None
    key_id, secret = parts
    found = keys.get_api_key(key_id)
    is_theirs = (found or _NOBODYS).accepts(secret, now)
    return found if is_theirs else None
