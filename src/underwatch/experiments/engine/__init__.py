"""How many worlds are run: begun, carried on with checkpoints, on any executor, in folders that resume.

In: scenarios as numbered tasks.
Out: sums, tallies and tables of each world; a run directory or the folder of an answer.
Called by the rest of `experiments`, and whoever runs worlds.
"""
