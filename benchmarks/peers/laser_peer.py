"""The small model in LASER: a frame of scalar properties and a Numba kernel over units, as its components are built."""

import numba as nb
import numpy as np
from laser.core import LaserFrame
from law import FOLLOW, KEEP, OUTING, UNIT, WEIGHT, listed


@nb.njit(parallel=True, nogil=True)
def step(n, is_listed, fear, outings, followed, total_fear):
    for unit in nb.prange((n + UNIT - 1) // UNIT):
        free = True
        n_out = n_followed = 0
        sum_fear = 0.0
        for i in range(unit * UNIT, min(n, (unit + 1) * UNIT)):
            fear[i] *= np.float32(KEEP)
            if np.random.random() < OUTING / (1 + WEIGHT * fear[i]):  # noqa: NPY002
                n_out += 1
                if is_listed[i] and free and np.random.random() < FOLLOW:  # noqa: NPY002
                    free = False
                    n_followed += 1
                    fear[i] += np.float32(1)
            sum_fear += fear[i]
        outings[unit] = n_out
        followed[unit] = n_followed
        total_fear[unit] = sum_fear


class Town:
    def __init__(self, n):
        self.people = LaserFrame(capacity=n)
        self.people.add_scalar_property("is_listed", dtype=np.bool_, default=False)
        self.people.add_scalar_property("fear", dtype=np.float32, default=0.0)
        self.people.is_listed[:] = listed(n)
        self.units = LaserFrame(capacity=(n + UNIT - 1) // UNIT)
        self.units.add_scalar_property("outings", dtype=np.int32)
        self.units.add_scalar_property("followed", dtype=np.int32)
        self.units.add_scalar_property("total_fear", dtype=np.float64, default=0.0)

    def step(self):
        people, units = self.people, self.units
        step(people.count, people.is_listed, people.fear, units.outings, units.followed, units.total_fear)
        return units.outings.sum(), units.followed.sum(), units.total_fear.sum()


def build(n, days):
    return Town(n)


def bytes_of(town):
    people, units = town.people, town.units
    return sum(a.nbytes for a in (people.is_listed, people.fear, units.outings, units.followed, units.total_fear))


def run(town, days):
    return [town.step() for _ in range(days)]
