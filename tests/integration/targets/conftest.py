"""Receivers that are gone after the test, and what no target may leave behind: threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.integration.targets.receivers import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def receiver_of() -> Iterator[Callable[..., Receiver]]:
    """Makes receivers, and closes them when the test ends."""
    made: list[Receiver] = []

    def make(*arguments: object, **options: object) -> Receiver:
        made.append(Receiver(*arguments, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and thread.name != "receiver"]
    for thread in left:
        thread.join(2)
    assert not [thread for thread in left if thread.is_alive()]
