"""What the scheduler costs, as commands that print tables: `python -m benchmarks` runs them all.

Costs are counted (billed units, requests) or given as ratios to a bare boto3 program in the same run, since absolute
times belong to the machine they were taken on.
"""
