"""What only tests and benchmarks need: a toy model with an exact likelihood, its sampler, and what judges answers.

In: density nets, gates, small worlds. Out: exact posteriors, scores, simple estimates to compare with, P1 to P7.
Called by tests and benchmarks; nothing of `underwatch` imports it.
"""
