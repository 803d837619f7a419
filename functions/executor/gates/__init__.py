"""What may keep a claimed job from running now: one file per gate, behind one protocol, asked in order before the
target. Whether a job's time has come, and how often it is tried, is decided elsewhere."""
