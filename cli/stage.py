"""A deployed stage as the commands see it: clients of its account, and what its stack says about itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

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
    session = boto3.Session()
    try:
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
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=run["region"])

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=run["endpoint"])

    return Stage(LOCAL, client, run["outputs"])
