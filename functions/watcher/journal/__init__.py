"""What follows from a change of a job, once it is written: one file per reader of the jobs table's stream. What must
happen for a job to run at all does not belong here: the stream is at least a second late, and may be hours."""
