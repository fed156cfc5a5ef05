"""What is recorded of the residents of a world, whole and compact: whose history an account of an incident would fit.

In: a scenario of one place, from which days it is counted on.
Out: rows of incidents with what stands in the files, and what came later; no row leaves this machine.
Called by `disclosure`.
"""
