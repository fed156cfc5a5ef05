"""The gates on one package: contract, anchor, support, prediction, response functions, contraction, stability.

Each is a pure function on arrays that returns a `Verdict`. Those on calibration over the bank stand in
`gates_calibration`. A bar is a convention; how each gate answers to a fault of known size is in docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from underwatch.inference.checks import calibration
from underwatch.inference.checks.verdict import Verdict
from underwatch.inference.npe.blas import one_thread

FEWEST_ASKED = 20  # leavers; evidence packages refuse smaller surveys too
BANK_SHARE = 0.99  # an observation further out than this share of the bank is unlike it
VARIANCE_KEPT = 0.95  # by the leading components; what they leave out is judged as one more
PREDICTIVE_P = 0.01  # of the replicates of a right model so few are as far off
RESPONSE_RATIO = (
    2.0  # of the medians under the response functions: further apart, one median would hide the response function
)
LEAST_CONTRACTION = 0.2
MOST_SHIFT = 0.25  # posterior sds between two trainings: a shift that a reader of the interval would not notice


def contract(
    own: Mapping[str, str],
    bank: Mapping[str, str],
    summaries: np.ndarray,
    weekly: np.ndarray,
    cut: np.ndarray,
    counted: Callable[[int], str] = str,
) -> Verdict:
    """G0: are place kind, window, vocabulary and prior the bank's, and does every week say whether it was listened to.

    `own` and `bank` hold one text for each property ("window": "2023-07-03 to 2025-06-29"). `weekly` is float[..., t],
    reports by week with NaN where nobody could listen; `cut` is bool[..., t], the same told by the effort table;
    `counted` writes a count of the evidence.
    """
    counts = np.asarray(weekly, float)
    wrong = []
    for name in sorted(set(own) | set(bank)):
        if own.get(name) != bank.get(name):
            wrong.append(f"{name} is {own.get(name, 'not given')} and the bank's is {bank.get(name, 'not given')}")
    if zeros := int((cut & np.isfinite(counts)).sum()):
        wrong.append(
            f"{counted(zeros)} weeks that were cut off carry a number: nobody listening is not the same as no report"
        )
    if blank := int((~cut & ~np.isfinite(counts)).sum()):
        wrong.append(f"{counted(blank)} weeks have no count and are not marked cut in the effort table")
    if broken := int((~np.isfinite(summaries)).sum()):
        wrong.append(f"{broken} of {len(summaries)} summaries are no finite number")
    if not wrong:
        return Verdict("G0", "passes", 0.0, 0.0, "The package is of the kind the bank simulates.")
    help_ = "Mark such weeks in effort.csv, or make a bank for this place, window and vocabulary."
    return Verdict("G0", "refuses", float(len(wrong)), 0.0, f"No estimate: {'; '.join(wrong)}. {help_}")


def anchor(
    second_list: bool, asked: int, counts: int, expert_prior: bool, counted: Callable[[int], str] = str
) -> Verdict:
    """G1: is there anything but one list that speaks of the scale.

    `second_list`: a list of another origin with overlaps judged; `asked`: leavers asked; `counts`: independent counts
    (not from the same outlets); `expert_prior`: an informative prior declared by the user; `counted` writes a count
    of the evidence.
    """
    held = {"a second independent list": second_list, f"a survey of {counted(asked)} who left": asked >= FEWEST_ASKED}
    held |= {"an independent count": counts > 0, "a declared prior": expert_prior}
    names = [name for name, there in held.items() if there]
    if names:
        return Verdict("G1", "passes", float(len(names)), 1.0, f"The scale rests on {' and '.join(names)}.")
    few = f" (asked so far: {counted(asked)})" if asked else ""
    sentence = (
        "The scale is not identified: with one list, half as many acts told twice as readily look the same. Trend and "
        f"shape only. What would help: a second list of other origin, {FEWEST_ASKED} or more people who left{few}, "
        "or a count that does not come from the same outlets."
    )
    return Verdict("G1", "refuses", 0.0, 1.0, sentence)


def support(x_obs: np.ndarray, x_bank: np.ndarray) -> Verdict:
    """G6: is the observation float[s] within what the bank float[n, s] simulates, by one joint distance."""
    own, bank = distances(x_obs, x_bank)
    inside = float((bank <= own).mean())
    if inside <= BANK_SHARE:
        sentence = f"The bank simulates places like this ({100 * inside:.0f} % of it lies nearer to its middle)."
        return Verdict("G6", "passes", inside, BANK_SHARE, sentence)
    sentence = (
        "No simulated place looks like this: the observation lies further out than "
        f"{100 * BANK_SHARE:.0f} % of the bank. Check the coding and the effort table, or widen the prior with a "
        "declared one."
    )
    return Verdict("G6", "refuses", inside, BANK_SHARE, sentence)


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
        sentence = f"What the estimate simulates looks like the evidence (p = {p:.2f})."
        return Verdict("G7", "passes", p, PREDICTIVE_P, sentence, worst)
    off = [f"{by:+.1f} sd" if exact else "higher" if by > 0 else "lower" for by in result.deviation]
    furthest = ", ".join(f"{names[i]} ({off[i]})" for i in result.worst)
    sentence = (
        f"Warning: the model does not reproduce this evidence (p = {p:.3f}). Furthest off: {furthest}. Look there "
        "for a miscoding, a change of effort or a mechanism the model has not."
    )
    return Verdict("G7", "warns", p, PREDICTIVE_P, sentence, worst)


def responses(medians: Mapping[str, float], name: str) -> Verdict:
    """G8: do the response functions agree on a quantity; further apart than by a factor of 2, a range is shown."""
    low, high = min(medians, key=lambda k: medians[k]), max(medians, key=lambda k: medians[k])
    ratio = medians[high] / medians[low] if medians[low] > 0 else np.inf
    if len(medians) < 3:
        sentence = f"Warning: {len(medians)} law of fear was tried for {name}; three or more are needed for a median."
        return Verdict("G8", "warns", float(len(medians)), 3.0, sentence, (name,))
    if ratio <= RESPONSE_RATIO:
        sentence = f"The laws of fear agree on {name} to a factor of {ratio:.1f}."
        return Verdict("G8", "passes", ratio, RESPONSE_RATIO, sentence, (name,))
    sentence = (
        f"How fear silences decides {name}: the median is {medians[low]:.3g} under the {low} law and "
        f"{medians[high]:.3g} under the {high} law. A range over the laws is shown and no median. Interviews "
        "that ask who dared to tell would narrow it."
    )
    return Verdict("G8", "warns", float(ratio), RESPONSE_RATIO, sentence, (name,))


def contraction(draws: np.ndarray, prior: np.ndarray, names: Sequence[str]) -> Verdict:
    """G9: what has been learned of each quantity: 1 - posterior / prior variance of float[d, q] in units 0 to 1."""
    learned = calibration.contraction(draws, prior)
    little = tuple(name for name, share in zip(names, learned, strict=True) if share < LEAST_CONTRACTION)
    figure = float(learned.min())
    if not little:
        return Verdict("G9", "passes", figure, LEAST_CONTRACTION, "The evidence has narrowed every quantity.")
    learnt = [name for name in names if name not in little]
    which = ", ".join(little) if len(little) <= len(learnt) else f"all quantities but {', '.join(learnt)}"
    sentence = f"Mostly prior: {which}. What is shown there was put in, not found out."
    if len(little) == len(names):
        sentence = "Mostly prior: all quantities. The evidence has taught nothing; a list, survey or count is needed."
    return Verdict("G9", "warns", figure, LEAST_CONTRACTION, sentence, little)


def stability(draws: Mapping[str, np.ndarray], names: Sequence[str]) -> Verdict:
    """G10: do posteriors trained again agree; `draws` has float[d, q] by training ("seed 1", "80 % of the bank", ...).

    The first is the one shown; each other one is held against it.
    """
    shown, *others = draws.values()
    shifts = np.array([calibration.median_shift(shown, other) for other in others])
    worst = float(shifts.max()) if len(shifts) else np.inf
    if worst <= MOST_SHIFT:
        sentence = f"Trained again, the medians move by at most {worst:.2f} posterior sd."
        return Verdict("G10", "passes", worst, MOST_SHIFT, sentence)
    if not len(shifts):
        return Verdict("G10", "refuses", worst, MOST_SHIFT, "No estimate: the posterior was trained only once.")
    name = names[int(shifts.max(axis=0).argmax())]
    sentence = (
        f"No estimate: trained again, the median of {name} moves by {worst:.2f} posterior sd. A larger bank would "
        "settle it."
    )
    return Verdict("G10", "refuses", worst, MOST_SHIFT, sentence, (name,))
