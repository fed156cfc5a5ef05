"""What residents of a world live through: recorded whole and compact, told as a diary, told beside the twin.

In: a scenario of one place, or the manifest of a run, and whom it is about.
Out: rows of incidents with what stands in the files; days and weeks in words. No row leaves this machine.
Called by `experiments.studies`, `disclosure`, `pages`, `web`, `api`, `cli`.
"""
