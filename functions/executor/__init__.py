"""Takes jobs from the queues when their time has come, runs them, and writes down how it ended."""
