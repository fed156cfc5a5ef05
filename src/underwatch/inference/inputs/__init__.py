"""What is asked about: a package read for a place, its anchors, a safe table, an expert prior.

In: a checked package, or what an expert declares.
Out: the observation, and how it was made.
Called by `inference.workflow`, `bank`, `checks`, `api`.
"""
