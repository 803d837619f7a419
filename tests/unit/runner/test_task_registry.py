from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tasks.registry import TaskContext, UnknownTask, find_task, task

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(payload: Any, context: TaskContext) -> None: ...


class Holder:
    def method(self, payload: Any, context: TaskContext) -> None: ...


def make() -> Callable[[Any, TaskContext], None]:
    def inner(payload: Any, context: TaskContext) -> None: ...

    return inner


def _private(payload: Any, context: TaskContext) -> None: ...


def test_a_marked_function_is_found_by_module_and_name() -> None:
    from tasks import examples

    assert find_task("examples.echo") is examples.echo


def test_a_function_that_is_not_marked_is_not_found() -> None:
    with pytest.raises(UnknownTask):
        find_task("registry.find_task")


@pytest.mark.parametrize("function", [Holder.method, make(), _private, lambda payload, context: None])
def test_only_public_functions_at_the_top_level_can_be_marked(function: Any) -> None:
    with pytest.raises(TypeError, match="cannot be a task"):
        task(function)


def test_marking_leaves_the_function_as_it_is() -> None:
    assert task(plain) is plain
