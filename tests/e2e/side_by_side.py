"""Who runs beside whom on the one running system: what breaks it comes first, and nobody waits alone.

Three marks. `first`: the test ends processes or takes AWS away, and whatever ran beside it would see that.
`meanwhile`: the test mostly waits; all of this mark are begun one soon after the other, after those that come first,
each in a thread, and run while the others do. Such a test has for itself what it touches (a tenant or names of its own,
paths of the receiver, queues), ends no process, and takes fixtures of the session only. `last`: it looks at what an
earlier test has set going. At the end comes the turn of the last two, which have little left to wait for by then.
"""

from __future__ import annotations

import inspect
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TURNS: Final = {"first": 0, "meanwhile": 2, "last": 3}
# Each wakes functions that sleep: all of them at once are more than two cores begin in the time that a client waits.
_APART_SECONDS: Final = 3.0
_BEGUN: Final = pytest.StashKey[Future[None]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = [index for index, item in enumerate(items) if item.get_closest_marker("e2e")]
    for index, item in zip(ours, sorted((items[index] for index in ours), key=_turn), strict=True):
        items[index] = item


def _turn(item: pytest.Item) -> int:
    return next((turn for mark, turn in _TURNS.items() if item.get_closest_marker(mark)), 1)


@pytest.fixture(scope="session")
def side_by_side(request: pytest.FixtureRequest) -> None:
    """What is marked `meanwhile` begins."""
    tests = [one for one in request.session.items if one.get_closest_marker("meanwhile")]
    for number, item in enumerate(one for one in tests if isinstance(one, pytest.Function)):
        names = inspect.signature(item.function).parameters
        arguments = {name: request.getfixturevalue(name) for name in names}
        item.stash[_BEGUN] = _begun(item.function, arguments, number * _APART_SECONDS)


@pytest.fixture(autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    """Nothing is begun beside a test that comes first."""
    if not request.node.get_closest_marker("first"):
        request.getfixturevalue("side_by_side")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that has begun is waited for, and fails as it failed; every other is called as usual."""
    begun = pyfuncitem.stash.get(_BEGUN, None)
    if begun is None:
        return None
    begun.result()
    return True


def _begun(test: Callable[..., None], arguments: Mapping[str, Any], after_seconds: float) -> Future[None]:
    future: Future[None] = Future()

    def run() -> None:
        try:
            test(**arguments)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(None)

    timer = threading.Timer(after_seconds, run)
    timer.name = test.__name__
    # A session that is broken off does not wait for it.
    timer.daemon = True
    timer.start()
    return future
