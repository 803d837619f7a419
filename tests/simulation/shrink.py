"""From the faults of a broken run to few of them that break it as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def shrunk(faults: Sequence[str], is_broken: Callable[[Sequence[str]], bool]) -> list[str]:
    """Those of `faults` that are needed to break it: ever smaller parts are left out, as in delta debugging (Zeller and
    Hildebrandt 2002). All of them when the same faults do not break it again."""
    needed = list(faults)
    size = len(needed) // 2 if is_broken(needed) else 0
    while size:
        begin = 0
        while begin < len(needed):
            rest = needed[:begin] + needed[begin + size :]
            if is_broken(rest):
                needed = rest
            else:
                begin += size
        size //= 2
    return needed
