"""What operators type, on AWS and on the local system alike: API keys, log levels. Each is `python -m cli.<name>`."""
