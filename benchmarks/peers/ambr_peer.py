"""The small model in AMBER, columnar lane: views of the population, written back a column at a time."""

import ambr as am
import numpy as np
from law import FOLLOW, KEEP, OUTING, UNIT, WEIGHT, first_of_units, listed


class Town(am.Model):
    def setup(self):
        n = self.p["n"]
        self.add_agents(n, unit=np.arange(n) // UNIT, is_listed=listed(n), fear=np.zeros(n))

    def step_vectorized(self):
        residents = self.agents
        fear = residents.fear.to_numpy() * KEEP
        goes_out = self.rng.random(len(fear)) < OUTING / (1 + WEIGHT * fear)
        out = np.flatnonzero(goes_out & residents.is_listed.to_numpy())
        taken_up = out[self.rng.random(len(out)) < FOLLOW]
        followed = first_of_units(residents.unit.to_numpy(), taken_up)
        fear[followed] += 1
        residents.fear = fear
        self.record_model("outings", int(goes_out.sum()))
        self.record_model("followed", len(followed))
        self.record_model("fear", float(fear.sum()))


def build(n, days):
    return Town({"n": n, "steps": days, "seed": 1, "show_progress": False}).cpu(mode="vectorized")


def bytes_of(town):
    town._ensure_setup()
    return town.agents_df.estimated_size()


def run(town, days):
    frame = town.run(steps=days).model
    return frame.select("outings", "followed", "fear").to_numpy()[-days:]
