"""The small model in AgentPy: an agent list whose method is called for all, and recorded model variables."""

import agentpy as ap
from law import FOLLOW, KEEP, OUTING, UNIT, WEIGHT, listed


class Resident(ap.Agent):
    def setup(self):
        self.fear = 0.0

    def live(self):
        model = self.model
        self.fear *= KEEP
        if model.random.random() < OUTING / (1 + WEIGHT * self.fear):
            model.outings += 1
            if self.is_listed and self.unit not in model.busy and model.random.random() < FOLLOW:
                model.busy.add(self.unit)
                model.followed += 1
                self.fear += 1


class Town(ap.Model):
    def setup(self):
        n = self.p.n
        self.residents = ap.AgentList(self, n, Resident)
        self.residents.unit = ap.AttrIter([i // UNIT for i in range(n)])
        self.residents.is_listed = ap.AttrIter(listed(n).tolist())

    def step(self):
        self.outings = self.followed = 0
        self.busy = set()
        self.residents.live()
        self.record("outings", self.outings)
        self.record("followed", self.followed)
        self.record("fear", sum(self.residents.fear))


def build(n, days):
    town = Town({"n": n, "seed": 1})
    town.sim_setup()
    return town


def run(town, days):
    for _ in range(days):
        town.sim_step()
    log = town.log
    return list(zip(*(log[name][-days:] for name in ("outings", "followed", "fear")), strict=True))
