"""Ensembles: many settings of the model that agree with what is known of the system, or with what the report says.

In: the prior, the published figures (facts/constraints.csv) and the statements of the report (facts/described.csv).
Out: the settings that a run, a comparison or a sweep simulates, and what they say of each statement.
Called by `experiments`, `inference`, `disclosure`, `pages`, `web`, `api`, `cli`.
"""
