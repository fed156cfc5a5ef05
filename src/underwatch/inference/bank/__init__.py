"""The bank: worlds run once and kept as tallies, and the simulator from a tally to summaries.

In: the prior, a place, a window of weeks.
Out: simulated rows of parameters, hidden quantities and summaries.
Called by `inference.workflow`, `checks`, `inputs`, `pages`, `api`, `cli`.
"""
