"""The compiled loops: the rules one by one, the steps of a day, a week ahead, a Sunday.

In: arrays of a place (`layout`), thresholds as integers (`rates`), the key of all luck.
Out: counts, incidents and the changed state, in the arrays handed in.
Called by `world.simulate` and, for single rules, tests; nothing here knows the population.
"""
