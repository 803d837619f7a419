"""What becomes of what rules find: alerts are raised, looked after each minute, and told."""
