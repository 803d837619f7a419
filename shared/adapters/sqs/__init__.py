"""The work queues on SQS."""
