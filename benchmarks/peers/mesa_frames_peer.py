"""The small model in mesa-frames: residents as rows of a Polars frame, a step of column expressions."""

import numpy as np
import polars as pl
from law import FOLLOW, KEEP, OUTING, UNIT, WEIGHT, first_of_units, listed
from mesa_frames import AgentSetPolars, ModelDF


class Residents(AgentSetPolars):
    def __init__(self, n, model):
        super().__init__(model)
        ids = np.arange(n)
        self.add(pl.DataFrame({"unique_id": ids, "unit": ids // UNIT, "is_listed": listed(n), "fear": np.zeros(n)}))

    def step(self):
        rng = self.model.random
        fear = self["fear"] * KEEP
        goes_out = pl.Series(rng.random(len(fear))) < OUTING / (1 + WEIGHT * fear)
        out = (goes_out & self["is_listed"]).arg_true().to_numpy()
        taken_up = out[rng.random(len(out)) < FOLLOW]
        followed = first_of_units(self["unit"].to_numpy(), taken_up)
        self["fear"] = fear.scatter(followed, fear.gather(followed) + 1)
        self.model.totals.append((goes_out.sum(), len(followed), self["fear"].sum()))


class Town(ModelDF):
    def __init__(self, n):
        super().__init__(seed=1)
        self.totals = []
        self.agents += Residents(n, self)

    def step(self):
        self.agents.do("step")


def build(n, days):
    return Town(n)


def bytes_of(town):
    return sum(frame.estimated_size() for frame in town.agents.agents.values())


def run(town, days):
    for _ in range(days):
        town.step()
    return town.totals[-days:]
