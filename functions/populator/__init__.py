"""Puts due jobs on the queues: `handler` each minute from the due index, `stream_handler` at once from the table's
stream for what is due sooner than that."""
