"""The reference world: the same rules in plain Python, one resident at a time; the ODD made executable.

In: a scenario, a place, a seed.
Out: the same state and incidents as the kernels', bit for bit.
Called by tests, `api` and whoever wants to read the model; slow on purpose.
"""
