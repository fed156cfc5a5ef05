"""What the reports tell: posteriors with proved calibration, or an honest refusal.

In: a package or a safe table, a bank of simulated worlds.
Out: an answer: prior beside posterior, verdicts in words, rows and files.
Called by `pages`, `api`, `cli`; channel parameters are integrated over and never shown.
"""
