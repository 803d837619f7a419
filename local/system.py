"""The whole system on this machine, as one thing that is started and stopped."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from cli.api_keys import create_api_key
from local.assets import assets_of, upload
from local.demo import deploy_demo
from local.deployment import bootstrap, deploy
from local.emulator import Emulator
from local.folder import hold, note_holders
from local.interruption import pause, resume
from local.rights import grant_what_aws_implies
from local.settings import ACCOUNT, REGION, STACK
from local.synthesis import assembly
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.model.api_key import Scope, split_api_key

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from local.settings import LocalSettings

TENANT: Final = "demo"
_BY_THE_MINUTE: Final = ("populator", "watcher", "recurrence")


class LocalSystem:
    """A context manager: inside, the API answers at `url` and takes `api_key`; afterwards all is kept in the folder.

    `outputs` are the stack's, `demo_targets` targets to try by the API's name of their kind.
    """

    url: str
    api_key: str
    outputs: dict[str, str]
    demo_targets: dict[str, dict[str, str]]

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self.emulator = Emulator(settings)
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            CannotRun: with what is in the way.
        """
        with ExitStack() as starting:
            self._start(starting)
            self._cleanup = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def client(self, service: str) -> Any:
        """A low-level client of the emulator, with its root keys."""
        return self.emulator.client(service)

    def function_name(self, name: str) -> str:
        """The whole name of a function of the stack, such as `executor`."""
        return f"{STACK}-{name}"

    def function_names(self) -> list[str]:
        """The whole names of all functions of the stack."""
        return sorted(value for key, value in self.outputs.items() if key.endswith("Function"))

    def function_processes(self, name: str) -> list[int]:
        """The ids of the processes in which the function runs at the moment."""
        return self.emulator.function_processes(self.function_name(name))

    def _start(self, starting: ExitStack) -> None:
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        lock = starting.enter_context(hold(self.settings))
        self.settings.run_file.unlink(missing_ok=True)  # of a run that was killed
        folder = assembly(self.settings)
        starting.callback(self.emulator.stop)
        self.emulator.start(lock)
        note_holders(lock, os.getpid(), self.emulator.pid)
        self._deploy(folder)
        starting.callback(self._pause)
        resume(self.client("lambda"), self._control(), map(self.function_name, _BY_THE_MINUTE))
        self.url = f"{self.settings.endpoint}/_aws/execute-api/{self.outputs['ApiId']}"
        self.api_key = self._kept_key() or self._new_key()
        _write_private(self.settings.run_file, json.dumps(self._facts(), indent=2) + "\n")
        starting.callback(self.settings.run_file.unlink, missing_ok=True)

    def _deploy(self, folder: Path) -> None:
        bootstrap(self.client("ssm"))
        assets = assets_of(folder, STACK)
        upload(assets, self.client("s3"))
        template = next(asset for asset in assets if asset.path.name == f"{STACK}.template.json")
        cloudformation = self.client("cloudformation")
        url = f"{self.settings.endpoint}/{template.bucket}/{template.key}"
        self.outputs = deploy(cloudformation, STACK, {"TemplateURL": url})
        lambda_, iam = self.client("lambda"), self.client("iam")
        for function in self.function_names():
            role_arn = lambda_.get_function_configuration(FunctionName=function)["Role"]
            grant_what_aws_implies(iam, role_arn.rpartition("/")[2])
        self.demo_targets = deploy_demo(cloudformation)

    def _pause(self) -> None:
        if not self.emulator.is_healthy():
            return
        queue_urls = [url for name, url in self.outputs.items() if name.startswith("QueueUrl")]
        try:
            pause(self.client("lambda"), self.client("sqs"), queue_urls)
        except (BotoCoreError, ClientError):
            # Whatever ails the emulator, it has to be stopped; the next start goes on without this as well.
            return

    def _control(self) -> DynamoControlStore:
        return DynamoControlStore(self.client("dynamodb"), self.outputs["ControlTable"])

    def _kept_key(self) -> str | None:
        """The key of an earlier run, if it still opens the door: the data may have been lost without it."""
        if not self.settings.key_file.exists():
            return None
        text = self.settings.key_file.read_text().strip()
        parts = split_api_key(text)
        key = self._control().get_api_key(parts[0]) if parts else None
        return text if parts and key and key.accepts(parts[1], datetime.now(UTC)) else None

    def _new_key(self) -> str:
        now = datetime.now(UTC)
        _, text = create_api_key(self._control(), tenant=TENANT, scopes=frozenset(Scope), now=now, name="make run")
        _write_private(self.settings.key_file, text + "\n")
        return text

    def _facts(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "api_key": self.api_key,
            "tenant": TENANT,
            "pid": os.getpid(),
            "emulator_pid": self.emulator.pid,
            "port": self.settings.port,
            "endpoint": self.settings.endpoint,
            "account": ACCOUNT,
            "region": REGION,
            "stack": STACK,
            "outputs": self.outputs,
            "demo_targets": self.demo_targets,
        }


def _write_private(path: Path, text: str) -> None:
    """For the owner's eyes only."""
    partial = path.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)
