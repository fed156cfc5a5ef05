"""The model: synthetic residents, the rules that move them, and the loops that run the rules.

In: a scenario (place, days, seed, parameters, rules taken out, dated changes).
Out: a world: its state, what was counted day by day, its incidents.
Called by `experiments`, and `inference.bank` for worlds of its own; `kernels` know arrays alone.
"""
