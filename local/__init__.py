"""The synthesized template on one machine: an AWS emulator, the deployment into it, things to try, and the log.

`LocalSystem` is the whole as a context manager; `run` is what people type, tests and benchmarks use the same system.
Nothing here ships to AWS, and nothing here knows how a job is run.
"""
