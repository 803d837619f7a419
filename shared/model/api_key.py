"""API keys: `id.secret`, of which only a digest of the secret is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

TENANT = re.compile(r"[a-z0-9-]{1,40}")
_KEY_ID = re.compile(r"([a-z0-9-]{1,40})_([a-z0-9]{8,32})")


class Scope(StrEnum):
    READ = "read"  # GET
    WRITE = "write"  # create and change jobs
    ADMIN = "admin"  # what concerns the tenant itself: its keys and settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is stored. `id` is `<tenant>_<random>`: it says where to look, and proves nothing."""

    id: str
    tenant: str
    secret_sha256: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    name: str | None = None

    def accepts(self, secret: str, now: datetime) -> bool:
        """Whether `secret` is this key's, and the key is neither revoked nor expired at `now`. In constant time."""
        matches = hmac.compare_digest(digest_of(secret), self.secret_sha256)
        return matches and self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def mint_api_key(
    *,
    tenant: str,
    scopes: frozenset[Scope],
    random_id: str,
    secret: str,
    now: datetime,
    expires_at: datetime | None = None,
    name: str | None = None,
) -> tuple[ApiKey, str]:
    """A new key and the text to hand out once (`id.secret`).

    `random_id` and `secret` come from a cryptographic source; `secret` holds 256 random bits.

    Raises:
        ValueError: the tenant's name is not of the form `[a-z0-9-]{1,40}`, or there is no scope.
    """
    if not TENANT.fullmatch(tenant):
        raise ValueError("a tenant's name is 1 to 40 of a-z, 0-9 and -")
    if not scopes:
        raise ValueError("a key needs at least one scope")
    key = ApiKey(
        id=f"{tenant}_{random_id}",
        tenant=tenant,
        secret_sha256=digest_of(secret),
        scopes=scopes,
        created_at=now,
        expires_at=expires_at,
        name=name,
    )
    return key, f"{key.id}.{secret}"


def split_api_key(text: str) -> tuple[str, str] | None:
    """The id and the secret of `id.secret`, or None when `text` is not of that form."""
    key_id, dot, secret = text.partition(".")
    return (key_id, secret) if dot and secret and _KEY_ID.fullmatch(key_id) else None


def tenant_of(key_id: str) -> str | None:
    """Under which tenant to look for a key; None when the id is not of our form."""
    match = _KEY_ID.fullmatch(key_id)
    return match[1] if match else None


def digest_of(secret: str) -> str:
    """A plain SHA-256 is enough here: the secret has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
