"""The one error of this package."""

from __future__ import annotations


class CannotRun(Exception):
    """The local system cannot start or go on. The message is one sentence for the person at the terminal, which says
    what is wrong and what would help."""
