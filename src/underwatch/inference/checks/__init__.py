"""Is it true: gates on one package, gates on the bank, calibration, parameter recovery.

In: posteriors and simulated rows whose truth is known.
Out: verdicts in words, and what may be shown after all of them.
Called by `inference.workflow`, `pages`, `api`, `cli`.
"""
