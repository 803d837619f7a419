"""From a request to a use case, and from its result to an answer. No rule of the scheduler stands here."""
