"""What a process has done of something that may come again, before that is through."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable


class Memory:
    """Keys; when there are more than `most`, the oldest are forgotten. Losing one means to do it again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, None] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def remember(self, keys: Iterable[Hashable]) -> None:
        self._known.update(dict.fromkeys(keys))
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def forget(self, keys: Iterable[Hashable]) -> None:
        for key in keys:
            self._known.pop(key, None)
