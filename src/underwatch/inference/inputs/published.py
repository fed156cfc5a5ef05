"""Published figures that condition an estimate (`facts/constraints.csv`): which of them count, and why others do not.

A figure is held against the worlds like one more answer of a survey: each simulated package comes with what its world
would have given as the figure, with the reading error and the model discrepancy, and the posterior hears what was
published. So a world counts by the likelihood of the figure, as in an ensemble, no world is dropped, and the checks of
calibration hold for figures and package together.
A package names no outlet. Who has it knows where its lists and surveys come from and says so (`--root`): a figure of
the same root is the same witness, and is left out. Of a synthetic world nothing was published, so that none counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from underwatch.errors import InputError, nearest
from underwatch.experiments.ensemble.selection import error_of, on_scale, refuse_impossible
from underwatch.facts import Constraint, constraints
from underwatch.inference.inputs.observed import PublishedFigures, Reading
from underwatch.texts.sentences import OfTable, Sentence, sentence

USE = "estimate"
SYNTHETIC, AS_ASKED = sentence("estimate.off_figure.synthetic"), sentence("estimate.off_figure.asked")
LEAST_ANSWERING = 0.5  # of the worlds: a figure to which fewer have an answer tells no worlds apart
_ALSO_NEWS = sentence("estimate.off_figure.news")
_UNASKED, _UNANSWERED = sentence("estimate.off_figure.unasked"), sentence("estimate.off_figure.unanswered")


def checked_roots(roots: Iterable[str]) -> frozenset[str]:
    """Return roots as the table writes them; InputError for one that no published figure has."""
    known = {figure.root.casefold(): figure.root for figure in constraints().values()}
    result = set()
    for root in roots:
        if root.casefold() not in known:
            raise InputError(
                f'--root "{root[:60]}" is behind no published figure{nearest(root[:80], known.values())}; those that '
                f"are: {', '.join(known.values())}; any other root need not be named"
            )
        result.add(known[root.casefold()])
    return frozenset(result)


def root_of(figure: Constraint) -> OfTable:
    """Return the name of the root of a figure."""
    return OfTable(f"root.{figure.root}", figure.root)


def published_figures(answers: np.ndarray, roots: Iterable[str] = ()) -> PublishedFigures:
    """Return which figures count for a package of these roots; `answers` float[worlds, figures] as a bank has them.

    InputError, by its name, for a figure that no world comes near.
    """
    same, used, off = checked_roots(roots), [], {}
    for name, figure, column in zip(constraints(), constraints().values(), answers.T, strict=True):
        if USE not in figure.use:
            off[name] = _ALSO_NEWS
        elif figure.root in same:
            off[name] = sentence("estimate.off_figure.root", root=root_of(figure))
        elif np.isfinite(on_scale(column, figure.scale)).mean() < LEAST_ANSWERING:
            off[name] = _UNANSWERED if np.isfinite(answers).any() else _UNASKED
        else:
            used.append(figure)
    refuse_impossible(_far(answers, tuple(used)), [figure.name for figure in used])
    return PublishedFigures(tuple(used), off)


def no_figures(why: Sentence) -> PublishedFigures:
    """Return that no figure counts, and why."""
    return PublishedFigures((), dict.fromkeys(constraints(), why))


def with_figures(reading: Reading, figures: PublishedFigures) -> Reading:
    """Return a reading that is held against published figures too."""
    observed = replace(reading.observed, published=np.array([figure.mean for figure in figures.used]))
    return replace(reading, design=replace(reading.design, published=figures.used), observed=observed, figures=figures)


def answered(answers: np.ndarray, used: tuple[Constraint, ...]) -> np.ndarray:
    """Return float[..., used]: what worlds answer, each on the scale of its figure, NaN where that has no value."""
    names = list(constraints())
    columns = [on_scale(answers[..., names.index(figure.name)], figure.scale) for figure in used]
    return np.stack(columns, axis=-1) if columns else np.zeros((*answers.shape[:-1], 0))


def log_likelihood(answers: np.ndarray, used: tuple[Constraint, ...]) -> np.ndarray:
    """Return float[...]: log likelihood of what was published, given what worlds answer; minus infinity for none."""
    far = _far(answers, used)
    return np.asarray(-0.5 * (np.where(np.isnan(far), np.inf, far) ** 2).sum(axis=-1))


def _far(answers: np.ndarray, used: tuple[Constraint, ...]) -> np.ndarray:
    """Return float[..., used]: how many standard deviations of both errors an answer lies from what was published."""
    means, errors = np.array([(figure.mean, error_of(figure)) for figure in used]).reshape(-1, 2).T
    return np.asarray((answered(answers, used) - means) / errors)
