"""The whole scheduler under a virtual clock, with every fault that its services are known for.

`kernel` shares out the time, `faults` says what goes wrong, `ports`, `store` and `queue` let it go wrong, `cloud` calls
the `functions` as AWS does, `clients` use them, `target` is what jobs call, `invariants` judge every step, `run` makes
a run of the `scenario` of a seed, `crash_points` enumerates where a process can die. `recurring` adds templates, whose
occurrences are judged in `occurrences` against a `naive_schedule`. `aftermath` adds what follows from jobs: the
`journal`, what is `beside` the jobs, the watcher's part in it (`watching`), judged by `invariants_of_…`. Only what
stands outside Punctual is modelled: the use cases are the real ones.
"""
