"""A deployed stage as the commands see it: clients of its account, and what its stack says about itself."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOCAL: Final = "local"
RUN_FILE: Final = Path(__file__).parent.parent / ".local" / "run.json"


class CommandFailed(Exception):
    """A command cannot do what was asked; the message is a sentence for who typed it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """`client` makes a low-level client of a service; `outputs` are those of the stage's stack."""

    name: str
    client: Callable[[str], Any]
    outputs: Mapping[str, str]


def find_stage(name: str, run_file: Path = RUN_FILE) -> Stage:
    """The stage `local` as it runs on this machine, or any other in the AWS account of the caller's credentials.

    Raises:
        CommandFailed: it is not there, or cannot be asked.
    """
    if name == LOCAL:
        return _local(run_file)
    try:
        session = boto3.Session()
        stacks = session.client("cloudformation").describe_stacks(StackName=f"punctual-{name}")["Stacks"]
    except (ClientError, BotoCoreError) as error:
        raise CommandFailed(f"The stack punctual-{name} could not be read: {error}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", ())}
    return Stage(name, session.client, outputs)


def _local(run_file: Path) -> Stage:
    try:
        run = json.loads(run_file.read_text())
    except FileNotFoundError:
        raise CommandFailed("The local system does not run: start it with `make run`, in another terminal.") from None
    return Stage(LOCAL, partial(emulator_client, endpoint=run["endpoint"], region=run["region"]), run["outputs"])


def emulator_client(service: str, *, endpoint: str, region: str) -> Any:
    """A low-level client with the emulator's root keys, whatever profile or proxy the caller's environment names."""
    nothing = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    session = boto3.Session(botocore_session=Session(session_vars={**nothing, "profile": (None, None, None, None)}))
    return session.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(connect_timeout=2, read_timeout=60, retries={"total_max_attempts": 1}, proxies={}),
    )
