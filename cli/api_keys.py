"""`make api-key`: create, list and revoke the API keys of a tenant."""

from __future__ import annotations

import argparse
import re
import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cli.stage import CommandFailed, find_stage
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.model.api_key import ApiKey, Scope, mint_api_key
from shared.model.canary import SYSTEM_TENANT
from shared.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.ports.control import ApiKeyStore

_SPAN: Final = re.compile(r"([1-9]\d{0,4})([hd])")


def create_api_key(
    store: ApiKeyStore,
    *,
    tenant: str,
    scopes: frozenset[Scope],
    now: datetime,
    expires_at: datetime | None = None,
    name: str | None = None,
) -> tuple[ApiKey, str]:
    """Store a new key; it, and the text `id.secret`, which is kept nowhere.

    Raises:
        ValueError: the tenant's name is not of the form `[a-z0-9-]{1,40}`, or there is no scope, or it is the tenant of
            the scheduler itself.
    """
    if tenant == SYSTEM_TENANT:
        raise ValueError(f"{tenant} is the tenant of what the scheduler does for itself")
    key, text = mint_api_key(
        tenant=tenant,
        scopes=scopes,
        random_id=secrets.token_hex(8),
        secret=secrets.token_urlsafe(32),
        now=now,
        expires_at=expires_at,
        name=name,
    )
    store.put_api_key(key)
    return key, text


def scopes_of(text: str) -> frozenset[Scope]:
    """The scopes in `read,write`.

    Raises:
        CommandFailed: one of them is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Scope)]
    if unknown or not names:
        said = repr(unknown[0]) if unknown else "nothing"
        raise CommandFailed(f"SCOPES has {said}; it takes {', '.join(Scope)}, with commas between them.")
    return frozenset(Scope(name) for name in names)


def expiry_of(text: str, now: datetime) -> datetime | None:
    """When a key with `EXPIRES=90d` made at `now` ends; None for an empty text, which is never.

    Raises:
        CommandFailed: the text is no span of hours or days.
    """
    if not text:
        return None
    match = _SPAN.fullmatch(text)
    if match is None:
        raise CommandFailed(f"EXPIRES is {text!r}; it takes hours or days, such as 12h or 90d.")
    return now + timedelta(**{{"h": "hours", "d": "days"}[match[2]]: int(match[1])})


def describe(key: ApiKey, now: datetime) -> str:
    """A line about a key."""
    state = "active"
    if key.revoked_at is not None:
        state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    elif key.expires_at is not None:
        state = f"{'expired' if key.expires_at <= now else 'expires'} {key.expires_at:%Y-%m-%d %H:%M}"
    scopes = ",".join(scope for scope in Scope if scope in key.scopes)
    return f"{key.id}  {scopes:<16}  created {key.created_at:%Y-%m-%d %H:%M}  {state}"


def run(arguments: argparse.Namespace, store: ApiKeyStore, now: datetime) -> str:
    """Do what the command line says; what to print.

    Raises:
        CommandFailed: it cannot be done.
    """
    if arguments.action == "revoke":
        if not arguments.key_id:
            raise CommandFailed("KEY_ID is missing; `make api-key ACTION=list TENANT=…` shows the ids.")
        if not store.revoke_api_key(arguments.key_id, now):
            raise CommandFailed(f"There is no key {arguments.key_id}.")
        return f"{arguments.key_id} is revoked; the gateway may let it in for another minute."
    if not arguments.tenant:
        raise CommandFailed("TENANT is missing: whose keys.")
    if arguments.action == "list":
        keys = store.list_api_keys(arguments.tenant)
        return "\n".join(describe(key, now) for key in keys) or f"{arguments.tenant} has no keys."
    try:
        key, text = create_api_key(
            store,
            tenant=arguments.tenant,
            scopes=scopes_of(arguments.scopes),
            now=now,
            expires_at=expiry_of(arguments.expires, now),
        )
    except ValueError as error:
        raise CommandFailed(f"TENANT is {arguments.tenant!r}: {error}.") from None
    return f"{describe(key, now)}\n\n{text}\n\nThat is the key, shown once; send it as `Authorization: Bearer <key>`."


def main(command_line: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cli.api_keys")
    parser.add_argument("action", choices=["create", "list", "revoke"])
    parser.add_argument("--stage", default="local")
    parser.add_argument("--tenant", default="")
    parser.add_argument("--scopes", default="read,write")
    parser.add_argument("--expires", default="", help="12h, 90d; empty: never")
    parser.add_argument("--key-id", default="")
    arguments = parser.parse_args(command_line)
    try:
        stage = find_stage(arguments.stage)
        store = DynamoControlStore(stage.client("dynamodb"), stage.outputs["ControlTable"])
        print(run(arguments, store, datetime.now(UTC)))
    except (CommandFailed, StoreUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
