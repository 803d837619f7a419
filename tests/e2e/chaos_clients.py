"""Clients that go on using the API while it is sabotaged, and remember what they were told."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.receiver import Receiver
    from tests.e2e.conftest import Answer, Client

# Some calls last until the sabotage is noticed: an answer may take as long as a gateway waits.
_CALL_SECONDS: Final = 40
_TRIES: Final = 8
_SERVER_ERROR: Final = 500
_AT_ONCE: Final = 8


@dataclass(slots=True)
class Wish:
    """A job that somebody wants, the id it was accepted under, and what was done with it afterwards.

    `ids`: every id that a create with its key was answered with. `is_moved`: another time was asked for.
    `cancelled_at`: when a cancel was answered with `cancelled`.
    """

    key: str
    body: dict[str, Any]
    ids: set[str] = field(default_factory=set)
    cancel_asked: bool = False
    is_moved: bool = False
    cancelled_at: datetime | None = None

    @property
    def id(self) -> str:
        (one,) = self.ids
        return one


@dataclass
class Clients:
    """Whoever uses the API as one tenant. `wishes`: what they wanted; `accepted`: those that were answered with 201;
    `occurrences`: when their template is to run, which they declare over and over."""

    api: Client
    receiver: Receiver
    seed: int
    wishes: list[Wish] = field(default_factory=list)
    occurrences: tuple[str, ...] = ()

    @property
    def accepted(self) -> list[Wish]:
        return [wish for wish in self.wishes if wish.ids]

    @contextmanager
    def at_work(self, *, jobs_a_second: float) -> Iterator[None]:
        """They want jobs while the block runs, and do with each what comes to mind. At its end all have an answer, or
        have given up."""
        chance, over = random.Random(self.seed), threading.Event()

        def want() -> list[Future[None]]:
            futures = []
            while not over.wait(1 / jobs_a_second):
                wish = Wish(f"chaos-{self.seed}-{len(self.wishes)}", self._body(chance))
                self.wishes.append(wish)
                futures.append(pool.submit(self._live, wish, random.Random(chance.random())))
            return futures

        with ThreadPoolExecutor(_AT_ONCE + 2) as pool:
            wanting = pool.submit(want)
            declaring = pool.submit(self._declare_template, over)
            try:
                yield
            finally:
                over.set()
            declaring.result()
            for future in wanting.result():
                future.result()

    def want(self, body: dict[str, Any]) -> Wish:
        """One job more, which must be accepted."""
        wish = Wish(f"chaos-{self.seed}-{len(self.wishes)}", {"timeout": "20s", **body})
        self.wishes.append(wish)
        self._create(wish)
        assert wish.ids
        return wish

    def declare_template(self, timeout: str) -> dict[str, Any] | None:
        """The template of these clients, with this time limit for its jobs; None when there was no answer."""
        template = {
            "name": "chaos",
            "schedule": {"at": list(self.occurrences)},
            "misfire": {"policy": "fire_all"},
            "job": {
                "target": {"type": "http", "url": f"{self.receiver.url}/chaos"},
                "timeout": timeout,
                "retry": {"max_attempts": 8, "initial": "500ms", "max_delay": "2s"},
            },
        }
        answer = self._call("PUT", f"/v1/templates/by-key/chaos-{self.seed}", template)
        return None if answer is None else answer.json

    def _declare_template(self, over: threading.Event) -> None:
        """Each time anew, so that it is planned anew."""
        for timeout in cycle(("20s", "25s")):
            if over.wait(2):
                return
            self.declare_template(timeout)

    def ask_again(self) -> None:
        """Every create once more, with its key: one whose answer was lost may have made its job, or makes it now."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._create, self.wishes))

    def _body(self, chance: random.Random) -> dict[str, Any]:
        url = f"{self.receiver.url}/chaos"
        target = chance.choice(
            (
                {"type": "http", "url": url},
                {"type": "http", "url": f"{url}?sleep=3"},
                {"type": "http", "url": f"{url}?fail=1"},
                {"type": "http", "url": f"{url}?fail=always&status=400"},
                {"type": "task", "name": "examples.echo"},
                {"type": "command", "argv": ["/bin/sleep", "1"]},
            )
        )
        body = {
            "target": target,
            "delay": f"{chance.choice((0, 0, 1, 10, 30))}s",
            "priority": chance.choice(("high", "normal", "low")),
            "timeout": chance.choice(("20s", "20s", "90s")),
            "retry": {"max_attempts": 8, "initial": "500ms", "max_delay": "2s"},
            "payload": {"size": "x" * chance.choice((1, 2_000))},
            "tags": {"run": f"chaos-{self.seed}"},
        }
        if chance.random() < 0.15:
            body |= {"delivery": "at_most_once", "retry": None}
        return body

    def _live(self, wish: Wish, chance: random.Random) -> None:
        for _ in range(chance.choice((1, 1, 2))):
            self._create(wish)
        if not wish.ids or chance.random() < 0.5:
            return
        time.sleep(chance.uniform(0, 4))
        action = chance.choice(("cancel", "run", "reschedule"))
        body = {"delay": "3s"} if action == "reschedule" else None
        wish.cancel_asked |= action == "cancel"
        wish.is_moved |= action != "cancel"
        answer = self._call("POST", f"/v1/jobs/{wish.id}/{action}", body)
        if answer is not None and answer.status == 200 and answer.json["status"] == "cancelled":
            wish.cancelled_at = datetime.now(UTC)

    def _create(self, wish: Wish) -> None:
        """Until it is accepted: whoever is not answered asks again with the same key."""
        for _ in range(_TRIES):
            answer = self._call("POST", "/v1/jobs", wish.body, **{"Idempotency-Key": wish.key})
            if answer is not None and answer.status == 201:
                wish.ids.add(answer.json["id"])
                return
            time.sleep(1)

    def _call(self, method: str, path: str, body: Any, **headers: str) -> Answer | None:
        """The answer; None when there was none, or one of a server that does not know any better."""
        try:
            answer = self.api.call(method, path, body, headers=headers, timeout=_CALL_SECONDS)
        except OSError:
            return None
        return None if answer.status >= _SERVER_ERROR else answer
