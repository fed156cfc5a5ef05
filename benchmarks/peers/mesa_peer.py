"""The small model in Mesa: an agent class with a step, activated in order, and a data collector."""

import mesa
from law import FOLLOW, KEEP, OUTING, UNIT, WEIGHT, listed


class Resident(mesa.Agent):
    def __init__(self, model, unit, is_listed):
        super().__init__(model)
        self.unit = unit
        self.is_listed = is_listed
        self.fear = 0.0

    def step(self):
        model = self.model
        self.fear *= KEEP
        if model.random.random() < OUTING / (1 + WEIGHT * self.fear):
            model.outings += 1
            if self.is_listed and self.unit not in model.busy and model.random.random() < FOLLOW:
                model.busy.add(self.unit)
                model.followed += 1
                self.fear += 1


class Town(mesa.Model):
    def __init__(self, n, seed=1):
        super().__init__(seed=seed)
        Resident.create_agents(self, n, [i // UNIT for i in range(n)], listed(n).tolist())
        self.outings = self.followed = 0
        self.busy = set()
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "outings": "outings",
                "followed": "followed",
                "fear": lambda town: sum(town.agents.get("fear")),
            }
        )

    def step(self):
        self.outings = self.followed = 0
        self.busy = set()
        self.agents.do("step")
        self.datacollector.collect(self)


def build(n, days):
    return Town(n)


def run(town, days):
    for _ in range(days):
        town.step()
    return town.datacollector.get_model_vars_dataframe()[["outings", "followed", "fear"]].to_numpy()[-days:]
