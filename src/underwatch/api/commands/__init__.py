"""The commands as functions of the same names: what each writes, and the result that comes back.

In: what a command line says, as keywords. Out: a result with its folder, frames and plots; nothing is printed but
progress. Called by the front door `underwatch` and by `cli`, which prints.
"""
