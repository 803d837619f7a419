"""What an execution can call: one file per kind of target, each an implementation of `protocol.Target`."""
