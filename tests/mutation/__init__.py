"""Mutation of conditions: each guard of the scheduler is taken away, one at a time, and a test has to notice.

`python -m tests.mutation` runs them all; `--only heartbeat` those whose name has the word in it. What may survive
stands in `survivors.py`, each with its argument. No test of the scheduler itself lives here.

mutmut 3.8 and cosmic-ray 8.7 were looked at: both mutate operators wherever they stand, thousands of them, and cannot
be told "this clause of this move"; cosmic-ray also writes each mutant to the working tree and starts a process for it.
What is good about mutmut is kept: one collection, a fork per mutant, and only the tests that reach what was changed.
"""
