"""From Python: the commands as functions of the same names, and results that show themselves.

In: a place's name, a scenario or its file, and keywords. Out: results with one line, a card, frames and plots.
Called by the front door `underwatch` and by `cli`, which prints what comes back; calls every room but these two.
"""
