"""What every function shares: the model (pure), the ports (what use cases need) and their adapters (AWS, memory).

Not here: anything that only one function does, and anything that imports `functions` or `infra`.
"""
