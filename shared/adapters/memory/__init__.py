"""The ports in memory, for simulation and tests. They keep the same contract as the AWS adapters (`tests/contract`)."""
