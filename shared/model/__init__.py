"""The scheduler's rules, as pure functions and frozen values: no AWS, no clock, no I/O.

Start with `lifecycle` (statuses and the table of legal moves), then `moves` (each move as one conditional change).
"""
