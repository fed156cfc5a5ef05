"""The small model in Starsim: a module with states, two distributions, and results."""

import starsim as ss
from law import FOLLOW, KEEP, OUTING, UNIT, WEIGHT, first_of_units, listed


class Watch(ss.Module):
    def __init__(self, **kwargs):
        super().__init__()
        self.define_states(ss.BoolArr("is_listed"), ss.FloatArr("fear", default=0.0))
        self.goes_out = ss.bernoulli(p=lambda self, sim, uids: OUTING / (1 + WEIGHT * self.fear[uids]))
        self.taken_up = ss.bernoulli(p=FOLLOW)
        self.update_pars(**kwargs)

    def init_post(self):
        super().init_post()
        self.is_listed[:] = listed(len(self.sim.people))

    def init_results(self):
        super().init_results()
        self.define_results(
            ss.Result("outings", dtype=int), ss.Result("followed", dtype=int), ss.Result("fear", dtype=float)
        )

    def step(self):
        self.fear[:] = self.fear * KEEP
        out = self.goes_out.filter()
        candidates = self.taken_up.filter(out[self.is_listed[out]])
        followed = first_of_units(self.sim.people.auids // UNIT, candidates)
        self.fear[followed] += 1
        self.results.outings[self.ti] = len(out)
        self.results.followed[self.ti] = len(followed)
        self.results.fear[self.ti] = self.fear.sum()


def build(n, days):
    sim = ss.Sim(modules=Watch(), n_agents=n, start=0, dur=days - 1, dt=1, rand_seed=1, verbose=0)
    sim.init()
    return sim


def run(sim, days):
    sim.run()
    found = sim.results.watch
    return list(zip(found.outings, found.followed, found.fear, strict=True))
