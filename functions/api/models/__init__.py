"""The shapes of requests, as strict pydantic models, and the way from them to the model's own values."""
