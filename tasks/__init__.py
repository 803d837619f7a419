"""Your registered Python functions, which jobs name as `{"type": "task", "name": "<module>.<function>"}`.

Add a module, mark its functions with `registry.task`, deploy. The modules are shipped with the runner and with nothing
else, so they import what Python and this package offer, and never the scheduler's own code. See `docs/tasks.md`.
"""
