"""Implementations of the ports: `dynamodb` and `sqs` for AWS, `memory` for simulation, `system` for time and ids."""
