"""The model: synthetic residents, the rules that move them, and the loops that run the rules.

In: a scenario (place, days, seed, parameters, rules taken out, dated changes).
Out: a world: its state, what was counted day by day, its incidents.
Called by everything above but `evidence`, for its names and tables; worlds are run by `experiments` and `api`.
"""
