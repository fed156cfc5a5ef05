"""The small model in AMBER, bring-your-own-array lane: a dictionary of arrays and a step on them."""

import ambr as am
import numpy as np
from law import FOLLOW, KEEP, OUTING, UNIT, WEIGHT, first_of_units, listed


class Town(am.ArrayKernelModel):
    def init_state(self, xp, n, rng, p):
        return {
            "unit": xp.arange(n) // UNIT,
            "is_listed": xp.flatnonzero(listed(n)),
            "fear": xp.zeros(n, dtype=xp.float32),
            "totals": (0, 0, 0.0),
        }

    def step_state(self, xp, state, rng, p):
        fear = state["fear"]
        fear *= KEEP
        goes_out = rng.random(len(fear), dtype=xp.float32) < OUTING / (1 + WEIGHT * fear)
        out = state["is_listed"][goes_out[state["is_listed"]]]
        taken_up = out[rng.random(len(out)) < FOLLOW]
        followed = first_of_units(state["unit"], taken_up)
        fear[followed] += 1
        state["totals"] = int(xp.count_nonzero(goes_out)), len(followed), float(fear.sum())
        return state

    def metrics(self, xp, state):
        return dict(zip(("outings", "followed", "fear"), state["totals"], strict=True))


def build(n, days):
    return Town({"n": n, "steps": days, "seed": 1, "prefer_gpu": False, "show_progress": False})


def bytes_of(town):
    n = town.p["n"]
    return sum(a.nbytes for a in town.init_state(np, n, None, town.p).values() if isinstance(a, np.ndarray))


def run(town, days):
    return town.run(steps=days).model.select("outings", "followed", "fear").to_numpy()[-days:]
