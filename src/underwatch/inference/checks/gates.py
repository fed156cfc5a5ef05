"""The gates on one package: contract, anchor, support, prediction, response functions, contraction, stability.

Each is a pure function on arrays that returns a `Verdict`. Those on calibration over the bank stand in
`gates_calibration`. A bar is a convention; how each gate answers to a fault of known size is in docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from underwatch.inference.checks import calibration
from underwatch.inference.checks.verdict import Verdict, said
from underwatch.inference.npe.blas import one_thread
from underwatch.inference.wording import Made
from underwatch.texts.sentences import Listed, OfTable, Sentence, sentence

FEWEST_ASKED = 20  # leavers; evidence packages refuse smaller surveys too
BANK_SHARE = 0.99  # an observation further out than this share of the bank is unlike it
VARIANCE_KEPT = 0.95  # by the leading components; what they leave out is judged as one more
PREDICTIVE_P = 0.01  # of the replicates of a right model so few are as far off
RESPONSE_RATIO = (
    2.0  # of the medians under the response functions: further apart, one median would hide the response function
)
LEAST_CONTRACTION = 0.2
MOST_SHIFT = 0.25  # posterior sds between two trainings: a shift that a reader of the interval would not notice

_NOT_GIVEN = sentence("estimate.wrong.not_given")


def contract(
    own: Mapping[str, object],
    bank: Mapping[str, object],
    summaries: np.ndarray,
    weekly: np.ndarray,
    cut: np.ndarray,
    counted: Callable[[int], object] = str,
) -> Verdict:
    """G0: are place kind, window, vocabulary and prior the bank's, and does every week say whether it was listened to.

    `own` and `bank` hold one value for each property ("window": "2023-07-03 to 2025-06-29"). `weekly` is float[..., t],
    reports by week with NaN where nobody could listen; `cut` is bool[..., t], the same told by the effort table;
    `counted` writes a count of the evidence.
    """
    counts = np.asarray(weekly, float)
    wrong = []
    for name in sorted(set(own) | set(bank)):
        if own.get(name) != bank.get(name):
            values = {"own": own.get(name, _NOT_GIVEN), "bank": bank.get(name, _NOT_GIVEN)}
            wrong.append(sentence("estimate.wrong.property", name=OfTable(f"property.{name}", name), **values))
    if zeros := int((cut & np.isfinite(counts)).sum()):
        wrong.append(sentence("estimate.wrong.cut", weeks=counted(zeros)))
    if blank := int((~cut & ~np.isfinite(counts)).sum()):
        wrong.append(sentence("estimate.wrong.blank", weeks=counted(blank)))
    if broken := int((~np.isfinite(summaries)).sum()):
        wrong.append(sentence("estimate.wrong.broken", k=str(broken), of=str(len(summaries))))
    if not wrong:
        return said("G0", "fits", 0.0, 0.0)
    return said("G0", "differs", len(wrong), 0.0, wrong=Listed(tuple(wrong), "; "))


def anchor(
    second_list: bool, asked: int, counts: int, expert_prior: bool, counted: Callable[[int], object] = str
) -> Verdict:
    """G1: is there anything but one list that speaks of the scale.

    `second_list`: a list of another origin with overlaps judged; `asked`: leavers asked; `counts`: independent counts
    (not from the same outlets); `expert_prior`: an informative prior declared by the user; `counted` writes a count
    of the evidence.
    """
    held = {"second_list": second_list, "survey": asked >= FEWEST_ASKED, "count": counts > 0, "prior": expert_prior}
    names = tuple(sentence(f"estimate.anchored.{name}", asked=counted(asked)) for name, there in held.items() if there)
    if names:
        return said("G1", "anchored", len(names), 1.0, names=Listed(names, "list.and"))
    if asked:
        return said("G1", "few_asked", 0.0, 1.0, fewest=str(FEWEST_ASKED), asked=counted(asked))
    return said("G1", "alone", 0.0, 1.0, fewest=str(FEWEST_ASKED))


def support(x_obs: np.ndarray, x_bank: np.ndarray) -> Verdict:
    """G6: is the observation float[s] within what the bank float[n, s] simulates, by one joint distance."""
    own, bank = distances(x_obs, x_bank)
    inside = float((bank <= own).mean())
    if inside <= BANK_SHARE:
        return said("G6", "inside", inside, BANK_SHARE, share=f"{100 * inside:.0f}")
    return said("G6", "outside", inside, BANK_SHARE, share=f"{100 * BANK_SHARE:.0f}")


def distances(x_obs: np.ndarray, x_bank: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the squared Mahalanobis distance of the observation and of each row of the bank.

    Leading components each by their own variance; what they leave out is judged together, by its mean variance. A
    feature that never varies in the bank counts with the spread of the whole, so a change of it is seen.
    """
    mean, sd = x_bank.mean(axis=0), x_bank.std(axis=0)
    scale = np.where(sd > calibration.STILL * np.maximum(1.0, np.abs(mean)), sd, 1.0)
    bank, own = (x_bank - mean) / scale, (x_obs - mean) / scale
    with one_thread():
        variance, axes = (part[..., ::-1] for part in np.linalg.eigh(bank.T @ bank / len(bank)))
    k = int(np.searchsorted(np.cumsum(variance) / variance.sum(), VARIANCE_KEPT)) + 1
    rest = max(float(variance[k:].sum()) / max(1, bank.shape[1] - k), 1e-6)

    def distance(rows: np.ndarray) -> np.ndarray:
        along = rows @ axes[:, :k]
        left = (rows**2).sum(axis=1) - (along**2).sum(axis=1)
        return np.asarray((along**2 / variance[:k]).sum(axis=1) + np.maximum(left, 0.0) / rest)

    return float(distance(own[None])[0]), distance(bank)


def predictive(x_obs: np.ndarray, replicates: np.ndarray, names: Sequence[str], exact: bool = True) -> Verdict:
    """G7: does the posterior simulate what was observed: mean square and largest deviation over its draws.

    Without `exact` it says which way a summary is off and not how far, from which its count could be worked out.
    """
    result = calibration.predictive(x_obs, replicates)
    p = min(result.p_mean_square, result.p_largest)
    worst = tuple(names[i] for i in result.worst)
    if p >= PREDICTIVE_P:
        return said("G7", "alike", p, PREDICTIVE_P, worst, p=f"{p:.2f}")
    furthest = tuple(_off(names[i], float(result.deviation[i]), exact) for i in result.worst)
    return said("G7", "unlike", p, PREDICTIVE_P, worst, p=f"{p:.3f}", furthest=Listed(furthest))


def _off(name: str, by: float, exact: bool) -> Sentence:
    """Return which way a summary is off, and with `exact` how far."""
    if exact:
        return sentence("estimate.off.sd", feature=Made(name), by=f"{by:+.1f}")
    return sentence("estimate.off.higher" if by > 0 else "estimate.off.lower", feature=Made(name))


def responses(medians: Mapping[str, float], name: str) -> Verdict:
    """G8: do the response functions agree on a quantity; further apart than by a factor of 2, a range is shown."""
    low, high = min(medians, key=lambda k: medians[k]), max(medians, key=lambda k: medians[k])
    ratio = medians[high] / medians[low] if medians[low] > 0 else np.inf
    if len(medians) < 3:
        return said("G8", "few", len(medians), 3.0, (name,), n=str(len(medians)), name=name)
    if ratio <= RESPONSE_RATIO:
        return said("G8", "agree", ratio, RESPONSE_RATIO, (name,), name=name, ratio=f"{ratio:.1f}")
    words = {"name": name, "low": OfTable(f"law.{low}", low), "high": OfTable(f"law.{high}", high)}
    words |= {"least": f"{medians[low]:.3g}", "most": f"{medians[high]:.3g}"}
    return said("G8", "differ", ratio, RESPONSE_RATIO, (name,), **words)


def contraction(draws: np.ndarray, prior: np.ndarray, names: Sequence[str]) -> Verdict:
    """G9: what has been learned of each quantity: 1 - posterior / prior variance of float[d, q] in units 0 to 1."""
    learned = calibration.contraction(draws, prior)
    little = tuple(name for name, share in zip(names, learned, strict=True) if share < LEAST_CONTRACTION)
    figure = float(learned.min())
    if not little:
        return said("G9", "all", figure, LEAST_CONTRACTION)
    learnt = [name for name in names if name not in little]
    if not learnt:
        return said("G9", "none", figure, LEAST_CONTRACTION, little)
    if len(little) <= len(learnt):
        return said("G9", "some", figure, LEAST_CONTRACTION, little, which=", ".join(little))
    return said("G9", "most", figure, LEAST_CONTRACTION, little, learnt=", ".join(learnt))


def stability(draws: Mapping[str, np.ndarray], names: Sequence[str]) -> Verdict:
    """G10: do posteriors trained again agree; `draws` has float[d, q] by training ("seed 1", "80 % of the bank", ...).

    The first is the one shown; each other one is held against it.
    """
    shown, *others = draws.values()
    shifts = np.array([calibration.median_shift(shown, other) for other in others])
    worst = float(shifts.max()) if len(shifts) else np.inf
    if worst <= MOST_SHIFT:
        return said("G10", "still", worst, MOST_SHIFT, shift=f"{worst:.2f}")
    if not len(shifts):
        return said("G10", "once", worst, MOST_SHIFT)
    name = names[int(shifts.max(axis=0).argmax())]
    return said("G10", "moves", worst, MOST_SHIFT, (name,), name=name, shift=f"{worst:.2f}")
