"""How a template becomes jobs: the recurrence function does it each minute, the API right after a client's change.

What is to be planned is computed in `shared.model.expansion`; here it is carried out.
"""
