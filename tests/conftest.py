"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A busy machine makes a test slow, not wrong; pytest's own timeout is the bound.
settings.register_profile("punctual", deadline=None, max_examples=100)
settings.load_profile("punctual")
