"""Several calls to the outside at once: they wait, and a thread that waits costs nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")

# About twice as many as keep one processor busy with the client's own work; fewer than the connections kept open.
_THREADS: Final = 32


class Together(Protocol):
    """How several calls are made; the results are in the order of `arguments`."""

    def __call__(self, call: Callable[[T], R], arguments: Iterable[T]) -> list[R]: ...


def one_after_another(call: Callable[[T], R], arguments: Iterable[T]) -> list[R]:
    """Raises what the first that fails raises, at once."""
    return [call(argument) for argument in arguments]


def side_by_side(call: Callable[[T], R], arguments: Iterable[T]) -> list[R]:
    """The results in the order of `arguments`. Raises what the first of the failed calls raised, in the end."""
    waiting = list(arguments)
    if len(waiting) < 2:
        return [call(argument) for argument in waiting]
    with ThreadPoolExecutor(min(_THREADS, len(waiting))) as pool:
        return list(pool.map(call, waiting))
