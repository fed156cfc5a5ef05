"""The density net and the posterior, against finite differences, closed forms and a law with two modes."""

import numpy as np
import pytest
from scipy import stats
from threadpoolctl import threadpool_info, threadpool_limits

from underwatch.errors import InputError
from underwatch.inference.npe import density, training
from underwatch.inference.npe.blas import one_thread
from underwatch.inference.npe.posterior import Posterior, Standardiser, train
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.world.draws import rng

SUPPORT = PriorSupport(("place", "size"), np.array([-1.0, 0.01]), np.array([3.0, 100.0]), np.array([False, True]))


def gaussian_rows(n, seed):
    """Theta ~ N(0, 1) twice, correlated 0.6; x = A theta + noise of sd 0.5, with one constant column."""
    luck = rng(seed, "conjugate rows")
    theta = luck.standard_normal((n, 2)) @ np.linalg.cholesky(PRIOR).T
    return theta, np.column_stack([theta @ A.T + NOISE * luck.standard_normal((n, 3)), np.full(n, 7.0)])


PRIOR = np.array([[1.0, 0.6], [0.6, 1.0]])
A = np.array([[1.0, 0.0], [0.5, 1.0], [0.0, -1.0]])
NOISE = 0.5
WIDE = PriorSupport(("a", "b"), np.full(2, -6.0), np.full(2, 6.0), np.zeros(2, bool))


@pytest.fixture(scope="module")
def conjugate():
    theta, x = gaussian_rows(2000, 1)
    return train(theta, x, WIDE, seed=1)


def exact(x):
    """Mean and covariance of the conjugate posterior, Bayes' rule for a linear Gaussian."""
    precision = np.linalg.inv(PRIOR) + A.T @ A / NOISE**2
    covariance = np.linalg.inv(precision)
    return covariance @ A.T @ x[:3] / NOISE**2, covariance


def test_gradients_are_the_finite_differences():
    luck = rng(1, "gradient test")
    n, s, p = 7, 5, 3
    x, z = luck.standard_normal((2, n, s)), luck.standard_normal((2, n, p))
    w = density.fresh_weights(luck, 2, s, p, np.float64)
    _, gradients = density.loss_and_gradients(w, x, z)
    step = 1e-5
    for name, value in w.items():
        for at in {int(i) for i in luck.integers(0, value.size, 12)}:
            where = np.unravel_index(at, value.shape)
            if name == "before" and where[2] >= where[1]:
                assert gradients[name][where] == 0.0  # a parameter never hears itself or a later one
                continue
            up, down = ({**w, name: value.copy()} for _ in range(2))
            up[name][where] += step
            down[name][where] -= step
            differences = (density.loss_and_gradients(up, x, z)[0] - density.loss_and_gradients(down, x, z)[0]) / (
                2 * step
            )
            other = 1 - where[0]
            assert gradients[name][where] == pytest.approx(differences[where[0]], rel=1e-5, abs=1e-8)
            assert differences[other] == 0.0  # the members of a stack do not touch each other


def test_the_density_is_minus_the_loss_and_integrates_to_one():
    luck = rng(2, "density test")
    w = density.fresh_weights(luck, 1, 4, 1, np.float64)
    z = np.linspace(-12, 12, 4001)
    x = np.tile(luck.standard_normal(4), (len(z), 1))
    log_q = density.log_density(w, x[None], z[None, :, None])[0]
    assert np.trapezoid(np.exp(log_q), z) == pytest.approx(1.0, abs=1e-6)
    loss, _ = density.loss_and_gradients(w, x[None], z[None, :, None])
    assert loss[0] == pytest.approx(-log_q.mean())


def test_draws_follow_the_density():
    luck = rng(3, "draw test")
    w = density.fresh_weights(luck, 1, 4, 2, np.float64)
    w["out"] *= 8.0  # so that the second clearly hears the first
    x = luck.standard_normal((1, 4))
    axis = np.linspace(-9, 9, 301)
    plane = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(1, -1, 2)
    q = np.exp(density.log_density(w, np.tile(x, (1, plane.shape[1], 1)), plane)).reshape(301, 301)
    drawn = density.draw(w, x, 5000, luck)[0]
    for j in range(2):
        marginal = np.cumsum(q.sum(axis=1 - j)) / q.sum()
        assert stats.kstest(drawn[:, j], lambda v, m=marginal: np.interp(v, axis + 0.03, m)).pvalue > 0.01
    step = axis[1] - axis[0]
    second_by_first = (q * axis[None, :]).sum(axis=1) / q.sum(axis=1)
    assert np.ptp(second_by_first[q.sum(axis=1) * step > 1e-3]) > 0.3
    expected = (q * np.outer(axis, axis)).sum() * step**2
    assert (drawn[:, 0] * drawn[:, 1]).mean() == pytest.approx(expected, abs=0.15)


def test_the_box_is_its_own_inverse():
    luck = rng(4, "box test")
    theta = SUPPORT.draw(500, luck)
    assert SUPPORT.inside(theta).all()
    np.testing.assert_allclose(SUPPORT.from_unit(SUPPORT.unit(theta)), theta, rtol=1e-12)
    np.testing.assert_allclose(SUPPORT.from_unconstrained(SUPPORT.unconstrained(theta)), theta, rtol=1e-6, atol=1e-6)
    assert np.median(theta[:, 1]) == pytest.approx(1.0, rel=0.6)  # log scale: the middle of 0.01 to 100
    assert SUPPORT.inside(SUPPORT.from_unconstrained(np.array([[800.0, -800.0], [-800.0, 800.0]]))).all()
    inner = SUPPORT.truncated(np.array([0.0, 0.001]), np.array([9.0, 5.0]))
    assert (inner.low.tolist(), inner.high.tolist()) == ([0.0, 0.01], [3.0, 5.0])


def test_the_slope_is_the_derivative_of_the_logit():
    theta, step = np.array([[0.7, 3.0]]), 1e-6
    slopes = []
    for j in range(2):
        move = np.zeros(2)
        move[j] = step
        slopes.append((SUPPORT.unconstrained(theta + move) - SUPPORT.unconstrained(theta - move))[0, j] / (2 * step))
    assert SUPPORT.log_slope(theta)[0] == pytest.approx(np.log(np.prod(slopes)), rel=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "log", "said"),
    [
        ([0, 1], [1, 1], [False, False], "low must be finite and below high"),
        ([0, -1], [1, 1], [False, True], "low above 0"),
        ([0], [1, 1], [False, True], "one value for each of the 2 names"),
    ],
)
def test_a_box_that_holds_nothing_is_refused(low, high, log, said):
    with pytest.raises(InputError, match=said):
        PriorSupport(("a", "b"), np.array(low), np.array(high), np.array(log))


def test_the_posterior_of_a_linear_gaussian_is_bayes_rule(conjugate):
    _, x = gaussian_rows(40, 2)
    drawn = conjugate.draw(x, 2000, 3)
    assert drawn.shape == (40, 2000, 2)
    moments = [exact(row) for row in x]
    sd = np.sqrt(np.diag(moments[0][1]))
    off = (drawn.mean(axis=1) - np.array([mean for mean, _ in moments])) / sd
    assert np.sqrt((off**2).mean()) < 0.2
    assert np.abs(off).max() < 0.8  # the outermost of 40 rows, where training rows are few
    np.testing.assert_allclose(drawn.std(axis=1).mean(axis=0), sd, rtol=0.08)
    correlation = np.mean([np.corrcoef(points.T)[0, 1] for points in drawn])
    covariance = exact(x[0])[1]
    assert correlation == pytest.approx(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]), abs=0.08)


def test_its_density_is_close_to_bayes_rule_on_average(conjugate):
    theta, x = gaussian_rows(500, 5)
    truth = np.mean([stats.multivariate_normal(*exact(row)).logpdf(t) for t, row in zip(theta, x, strict=True)])
    assert conjugate.log_density(theta, x).mean() == pytest.approx(truth, abs=0.08)
    assert np.isneginf(conjugate.log_density(np.array([[7.0, 0.0]]), x[0])).all()


def test_rows_of_one_group_are_held_back_together():
    groups = rng(7, "groups").integers(0, 40, 200)
    order = training.in_turn(200, rng(8, "order"), groups)
    assert sorted(order) == list(range(200))
    changes = np.flatnonzero(np.diff(groups[order]))
    assert len(changes) == len(np.unique(groups)) - 1  # each group is one stretch
    assert (training.in_turn(200, rng(9, "order"), groups) != order).any()


def test_a_law_with_two_humps_keeps_both():
    """X = theta squared plus noise: theta and -theta are alike."""
    luck = rng(6, "two humps")
    support = PriorSupport(("theta",), np.array([-3.0]), np.array([3.0]), np.array([False]))
    theta = support.draw(2000, luck)
    posterior = train(theta, theta**2 + 0.3 * luck.standard_normal((2000, 1)), support, seed=2)
    points = posterior.draw(np.array([4.0]), 4000, 1)[:, 0]
    grid = np.linspace(-3, 3, 2001)
    exactly = np.exp(-0.5 * ((4.0 - grid**2) / 0.3) ** 2)
    exactly = np.cumsum(exactly) / exactly.sum()
    assert stats.kstest(points, lambda v: np.interp(v, grid, exactly)).statistic < 0.08
    assert np.mean(points > 0) == pytest.approx(0.5, abs=0.08)
    assert np.mean(np.abs(points) < 1.5) < 0.02


def test_the_same_seed_gives_the_same_posterior_and_a_file_keeps_it(conjugate, tmp_path):
    theta, x = gaussian_rows(200, 7)
    once, again, other = (train(theta, x, WIDE, seed=s, members=2) for s in (1, 1, 2))
    assert np.array_equal(once.draw(x[0], 50, 1), again.draw(x[0], 50, 1))
    assert not np.array_equal(once.draw(x[0], 50, 1), other.draw(x[0], 50, 1))
    assert not np.array_equal(once.draw(x[0], 50, 1), once.draw(x[0], 50, 2))
    conjugate.save(tmp_path / "posterior.npz")
    kept = Posterior.load(tmp_path / "posterior.npz")
    assert np.array_equal(kept.draw(x[0], 50, 1), conjugate.draw(x[0], 50, 1))
    assert np.array_equal(kept.log_density(theta, x), conjugate.log_density(theta, x))


def test_a_damaged_file_is_refused_in_one_line(conjugate, tmp_path):
    path = tmp_path / "posterior.npz"
    conjugate.save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="not a whole posterior file"):
        Posterior.load(path)


def test_rows_that_cannot_be_learned_from_are_refused(conjugate):
    theta, x = gaussian_rows(100, 8)
    with pytest.raises(InputError, match="64 or more"):
        train(theta[:20], x[:20], WIDE, seed=1)
    with pytest.raises(InputError, match="not finite"):
        train(theta, np.where(x > 2, np.nan, x), WIDE, seed=1)
    with pytest.raises(InputError, match="outside the box"):
        train(theta + 5, x, WIDE, seed=1)
    with pytest.raises(InputError, match="trained on 4"):
        conjugate.draw(x[0, :3], 10, 1)
    with pytest.raises(InputError, match="cut week"):
        conjugate.draw(np.full(4, np.nan), 10, 1)


def test_a_constant_column_tells_nothing_and_a_freak_is_held():
    x = np.column_stack([np.full(10, 5.0), np.arange(10.0)])
    kept = Standardiser.of(x)
    assert (kept.apply(x)[:, 0] == 0).all()
    assert kept.apply(np.array([99.0, 1e9])).tolist() == [0.0, 8.0]


def test_products_run_on_one_thread_until_the_last_who_asked_has_left():
    """Two trainings may overlap: who leaves first must not give the other more threads, nor the last leave one."""

    def threads():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    first, second = one_thread(), one_thread()
    with threadpool_limits(limits=3, user_api="blas"):
        before = threads()
        first.__enter__()
        assert threads() == {1}
        second.__enter__()
        first.__exit__(None, None, None)
        assert threads() == {1}
        second.__exit__(None, None, None)
        assert threads() == before == {3}
