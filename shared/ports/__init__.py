"""What the use cases need from the outside, as Protocols. The docstring of each method is its contract;
`tests/contract` holds every adapter to it."""
