"""The small model all libraries run: its numbers, and who is on the list.

N residents in units of 30 with one informant each, 5 % of them listed. Each day, in the order of their numbers:
fear *= 0.97; an outing with probability 0.30 / (1 + 2 fear); a listed resident's outing is followed with probability
0.5 if the unit's informant is still free, who is then busy for the day, and fear += 1. Three totals a day: outings,
followed outings, fear.
"""

import numpy as np

UNIT = 30
KEEP = 0.97
OUTING = 0.30
WEIGHT = 2.0
FOLLOW = 0.5


def listed(n):
    """Return the mask of the listed, the same in every library."""
    return np.random.default_rng(12345).random(n) < 0.05


def first_of_units(units, taken_up):
    """Return which of those taken up, given in the order of their numbers, come first in their unit."""
    _, first = np.unique(units[taken_up], return_index=True)
    return taken_up[first]
