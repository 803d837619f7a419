"""How values look on the wire, one format per file: pure functions from text to values and back."""
