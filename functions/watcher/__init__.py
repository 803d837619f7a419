"""Finds what stopped moving: `sweep` looks at everything that should have moved by now and did not."""
