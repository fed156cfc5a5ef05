"""What runs worlds: one and its twin, interventions, sweeps, sensitivity, the ledger, the silence curve.

In: a scenario and what is asked of it.
Out: studies and tables, each in a folder that resumes and reproduces.
Called by `inference`, `disclosure`, `pages`, `web`, `api`, `cli`.
"""
