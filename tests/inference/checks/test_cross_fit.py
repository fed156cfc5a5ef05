"""Cross-fitting by world: no posterior judges a world of which it has seen a package."""

import numpy as np

from underwatch.inference.bank.simulations import Simulations
from underwatch.inference.checks import calibration, cross_fit
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.world.draws import rng

SUPPORT = PriorSupport(("a",), np.zeros(1), np.ones(1), np.zeros(1, bool))
N_WORLDS, PACKAGES = 120, 2


def packages_of_worlds():
    """Two packages of each world, with the same summaries: they tell which world it is, and nothing else of it."""
    luck = rng(7, "cross-fit")
    worlds = np.tile(np.arange(N_WORLDS), PACKAGES)
    theta, x = luck.random((N_WORLDS, 1))[worlds], luck.standard_normal((N_WORLDS, 40))[worlds]
    return Simulations(theta, x, worlds, np.zeros(len(worlds), int), np.arange(len(worlds), dtype=float), {})


def test_no_package_is_judged_by_nets_that_have_seen_its_world(monkeypatch):
    runs, learned = packages_of_worlds(), []

    class Blind:
        """Notes what it is taught, and gives the same draws for every package."""

        support = SUPPORT

        def __init__(self, taught):
            self.taught = taught
            learned.append(self)

        def draw(self, x, n, seed):
            shown = {tuple(row) for row in x}
            assert not shown & {tuple(row) for row in self.taught.x}
            return np.full((len(x), n, 1), 0.5)

        def log_density(self, theta, x):
            return np.zeros(len(theta))

    monkeypatch.setattr(cross_fit, "learn", lambda some, support, seed: Blind(some))
    fit = cross_fit.cross_fit(runs, SUPPORT, 1)
    assert len(learned) == calibration.FOLDS
    assert (fit["draws"] == 0.5).all(), "each package is judged"
    held = cross_fit.HeldOut.of(
        {**fit, "theta": np.ones((len(runs), 10)), "draws": np.ones((len(runs), 3, 10))}, TEN, 1
    )
    assert sorted(runs.rows[held.apart]) == list(range(N_WORLDS)), "one package of each world stands apart"


TEN = PriorSupport(tuple("abcdefghij"), np.zeros(10), np.full(10, 2.0), np.zeros(10, bool))
