"""The posterior: an ensemble of density nets over the support of the prior, trained on simulated rows.

Rows are pairs of parameters drawn from the prior and the summaries of what was simulated from them; the prior of the
posterior is the distribution the rows were drawn from. Nothing is drawn outside the prior support.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from underwatch.errors import InputError
from underwatch.evidence.folder import PRIVATE_FILE
from underwatch.files.intake.arrays import arrays_of, expect
from underwatch.files.intake.regular import read_bytes
from underwatch.files.writing import write_atomically
from underwatch.inference.npe import density, training
from underwatch.inference.npe.blas import one_thread
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.inference.npe.training import Schedule
from underwatch.world.draws import rng

FORMAT = 1  # of the file
LARGEST_FILE = 128 << 20  # bytes; a posterior of 30 quantities takes 5 MB
_WEIGHT = "weight "
MEMBERS = 3
CLIP = 8.0  # sds: a freak summary is held here, so that one count cannot throw the net; gate G6 speaks of it
CONSTANT = 1e-9  # a column whose sd is below this share of its size tells nothing
_ROWS_AT_ONCE = 1 << 16  # draws made at once, so that memory stays under some 50 MB


@dataclass(frozen=True, slots=True)
class Standardiser:
    """Mean and sd of each column; a constant column becomes 0 and stays so."""

    mean: np.ndarray  # float[s]
    sd: np.ndarray  # float[s], infinite where the column is constant

    @classmethod
    def of(cls, x: np.ndarray) -> Standardiser:
        """Return the standardiser of float[n, s]."""
        mean, sd = x.mean(axis=0), x.std(axis=0)
        return cls(mean, np.where(sd > CONSTANT * np.maximum(1.0, np.abs(mean)), sd, np.inf))

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return float32[..., s] in sds from the mean, held within +- CLIP."""
        return np.clip((np.asarray(x, float) - self.mean) / self.sd, -CLIP, CLIP).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Posterior:
    """What `train` returns: draws and densities of the parameters given summaries."""

    support: PriorSupport
    summaries: Standardiser
    unconstrained_mean: np.ndarray  # float[p], of the logits in the rows
    unconstrained_sd: np.ndarray  # float[p]
    weights: density.Weights  # each with a first axis of members
    losses: np.ndarray  # float[epochs, members], -log q of rows held back; NaN after the end

    @property
    def members(self) -> int:
        """How many nets make the ensemble."""
        return len(self.weights["in"])

    @one_thread()
    def draw(self, x_obs: np.ndarray, n: int, seed: int) -> np.ndarray:
        """Return n draws in own units, float[n, p] for summaries float[s], or float[m, n, p] for float[m, s].

        Draw i comes from member i modulo their number, so any stretch of draws holds all of them alike.
        """
        x = self._standard(x_obs)
        generator = rng(seed, "posterior draws")
        unconstrained = np.empty((len(x), n, len(self.support)))
        step = max(1, _ROWS_AT_ONCE // max(1, n))
        for member in range(self.members):
            own = {name: value[member : member + 1] for name, value in self.weights.items()}
            share = len(range(member, n, self.members))
            for index in range(0, len(x), step):
                unconstrained[index : index + step, member :: self.members] = density.draw(
                    own, x[index : index + step], share, generator
                )
        theta = self.support.from_unconstrained(unconstrained * self.unconstrained_sd + self.unconstrained_mean)
        return theta[0] if np.ndim(x_obs) == 1 else theta

    @one_thread()
    def log_density(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return float[n]: log density per own units of points float[n, p], minus infinity outside the prior support.

        `x` is one row of summaries for all points, float[s], or one for each, float[n, s].
        """
        theta = np.atleast_2d(np.asarray(theta, float))
        z = ((self.support.unconstrained(theta) - self.unconstrained_mean) / self.unconstrained_sd).astype(np.float32)
        rows = np.broadcast_to(self._standard(x), (len(z), len(self.summaries.mean)))
        parts = []
        for index in range(0, len(z), _ROWS_AT_ONCE):
            pair = (self._stacked(rows[index : index + _ROWS_AT_ONCE]), self._stacked(z[index : index + _ROWS_AT_ONCE]))
            each = density.log_density(self.weights, *pair).astype(float)
            parts.append(np.logaddexp.reduce(each, axis=0) - np.log(self.members))
        flat = np.concatenate(parts) if parts else np.zeros(0)
        flat += self.support.log_slope(theta) - np.log(self.unconstrained_sd).sum()
        return np.where(self.support.inside(theta), flat, -np.inf)

    def save(self, path: str | Path) -> None:
        """Write the posterior to `path` as an npz file without pickles, for nobody else to read."""
        arrays = {f"{_WEIGHT}{name}": value for name, value in self.weights.items()}
        arrays |= {"format": np.array(FORMAT), "names": np.array(self.support.names)}
        arrays |= {"low": self.support.low, "high": self.support.high, "log": self.support.log}
        arrays |= {"mean": self.summaries.mean, "sd": self.summaries.sd}
        arrays |= {"free_mean": self.unconstrained_mean, "free_sd": self.unconstrained_sd, "losses": self.losses}
        save_arrays(path, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Posterior:
        """Read what `save` wrote; a damaged file or one of another format is refused (InputError)."""
        try:
            kept = arrays_of(read_bytes(path, LARGEST_FILE, "posterior file"), "")
            _check_kept(kept)
        except InputError as error:
            raise InputError(f"{path} is not a whole posterior file ({error}); train it again") from None
        if int(kept["format"]) != FORMAT:
            raise InputError(f"{path}: posterior of format {int(kept['format'])}; this version reads {FORMAT}")
        support = PriorSupport(tuple(str(name) for name in kept["names"]), kept["low"], kept["high"], kept["log"])
        weights = {name[len(_WEIGHT) :]: value for name, value in kept.items() if name.startswith(_WEIGHT)}
        summaries = Standardiser(kept["mean"], kept["sd"])
        return cls(support, summaries, kept["free_mean"], kept["free_sd"], weights, kept["losses"])

    def _standard(self, x: np.ndarray) -> np.ndarray:
        """Return summaries as float32[m, s]; another number of them, or one that is not finite, is refused."""
        x = np.atleast_2d(np.asarray(x, float))
        s = len(self.summaries.mean)
        if x.shape[1] != s:
            raise InputError(f"{x.shape[1]} summaries given; this posterior was trained on {s}")
        if not np.isfinite(x).all():
            raise InputError("a summary is not a finite number; a cut week is to be marked in the effort table")
        return self.summaries.apply(x)

    def _stacked(self, rows: np.ndarray) -> np.ndarray:
        return np.broadcast_to(rows, (self.members, *rows.shape))


def save_arrays(path: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as an npz file without pickles, for nobody else to read."""
    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **arrays)
    write_atomically(path, data.getvalue(), PRIVATE_FILE)


def _check_kept(kept: dict[str, np.ndarray]) -> None:
    """Raise InputError unless the arrays of a file are those of one posterior, of shapes that fit each other."""
    p, s = (len(kept[name]) if name in kept and kept[name].ndim == 1 else 0 for name in ("names", "mean"))
    weights = {name: value for name, value in kept.items() if name.startswith(_WEIGHT)}
    members = len(kept["weight in"]) if kept.get("weight in", np.array(0)).ndim else 0
    if not p or not s or not members:
        raise InputError("it names no parameters, summaries or nets")
    single, of_s, of_p = (), (s,), (p,)
    shapes: dict[str, tuple[str, tuple[int | None, ...]]] = {
        "format": ("iu", single), "names": ("U", of_p), "low": ("f", of_p), "high": ("f", of_p), "log": ("b", of_p),
        "mean": ("f", of_s), "free_mean": ("f", of_p), "free_sd": ("f", of_p),
    }  # fmt: skip
    for name, shape in density.shapes(members, s, p).items():
        shapes[_WEIGHT + name] = ("f", shape)
    held = {name: value for name, value in kept.items() if name not in ("sd", "losses")}
    expect(held, shapes, "")
    if {value.dtype for value in weights.values()} != {np.dtype(np.float32)}:
        raise InputError("its weights are no 32-bit floats")
    sd, losses = kept.get("sd", np.array(0)), kept.get("losses", np.array(0))
    if sd.shape != of_s or sd.dtype.kind != "f" or not (sd > 0).all() or not (kept["free_sd"] > 0).all():
        raise InputError("a spread in it is not above 0")
    if losses.ndim != 2 or losses.shape[1] != members or losses.dtype.kind != "f":
        raise InputError("its losses are not one for each net")


@one_thread()
def train(
    theta: np.ndarray,
    x: np.ndarray,
    support: PriorSupport,
    *,
    seed: int,
    members: int = MEMBERS,
    schedule: Schedule | None = None,
    tick: Callable[[int], None] | None = None,
    groups: np.ndarray | None = None,
) -> Posterior:
    """Return the posterior learned from n rows: parameters float[n, p] in own units, summaries float[n, s].

    `groups` int[n] numbers what the rows come from; those of one group are held back from learning together.
    The same seed gives the same posterior on the same machine. `tick` is told how many members are done. Raises
    InputError for rows that are not finite, not in the prior support, or fewer than 64.
    """
    theta, x = np.asarray(theta, float), np.asarray(x, float)
    _check_rows(theta, x, support)
    summaries = Standardiser.of(x)
    unconstrained = support.unconstrained(theta)
    mean, sd = unconstrained.mean(axis=0), np.maximum(unconstrained.std(axis=0), CONSTANT)
    z = ((unconstrained - mean) / sd).astype(np.float32)
    generators = [rng(seed, f"density net {member}") for member in range(members)]
    done = training.fit_all(summaries.apply(x), z, generators, schedule, tick, groups)
    return Posterior(support, summaries, mean, sd, done.weights, done.losses)


def _check_rows(theta: np.ndarray, x: np.ndarray, support: PriorSupport) -> None:
    """Refuse rows that cannot be learned from."""
    if theta.ndim != 2 or theta.shape[1] != len(support) or x.ndim != 2 or len(x) != len(theta):
        raise InputError(f"rows of shape {theta.shape} and {x.shape} do not fit a box of {len(support)} parameters")
    if len(theta) < training.FEWEST_ROWS:
        raise InputError(f"{len(theta)} simulated rows; training needs {training.FEWEST_ROWS} or more")
    if not (np.isfinite(theta).all() and np.isfinite(x).all()):
        raise InputError("a simulated row holds a number that is not finite; mark cut weeks as cut, do not divide by 0")
    if not support.inside(theta).all():
        raise InputError(f"{int((~support.inside(theta)).sum())} simulated rows lie outside the box of the prior")
