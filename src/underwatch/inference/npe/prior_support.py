"""The support of the prior: the range of each parameter, and the two ways of writing a point in it.

A point is kept in its own units (`theta`), as a place between the bounds (`unit`, 0 to 1, on a log scale where the
range spans orders of magnitude), or as the logit of that place (`unconstrained`, any number). The density net works
on unconstrained parameters, so nothing it draws can leave the support.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from underwatch.errors import InputError

# A point on the very edge has an infinite logit. Float32 tells 1 - 1e-6 from 1, and a prior draw is nearer to an edge
# once in half a million.
EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class PriorSupport:
    """Names and bounds of p parameters; `log` says which are spread evenly in the logarithm."""

    names: tuple[str, ...]
    low: np.ndarray  # float[p], own units
    high: np.ndarray  # float[p]
    log: np.ndarray  # bool[p]

    def __post_init__(self) -> None:
        p = len(self.names)
        object.__setattr__(self, "names", tuple(self.names))
        for field, kind in (("low", float), ("high", float), ("log", bool)):
            value = np.array(getattr(self, field), kind)
            if value.shape != (p,):
                raise InputError(f"box: {field} has shape {value.shape}; one value for each of the {p} names is needed")
            value.setflags(write=False)
            object.__setattr__(self, field, value)
        if len(set(self.names)) != p:
            raise InputError(f"box: a name stands twice in {', '.join(self.names)}")
        for name, low, high, log in zip(self.names, self.low, self.high, self.log, strict=True):
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                raise InputError(f"box: {name} reaches from {low:g} to {high:g}; low must be finite and below high")
            if log and low <= 0:
                raise InputError(f"box: {name} starts at {low:g}; a log scale needs a low above 0")

    def __len__(self) -> int:
        return len(self.names)

    def unit(self, theta: np.ndarray) -> np.ndarray:
        """Return the place of float[..., p] between the bounds: 0 to 1 inside the prior support."""
        low, high = self._bounds()
        share: np.ndarray = (self._scaled(theta) - low) / (high - low)
        return share

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Return the points in their own units of places float[..., p] between the bounds."""
        low, high = self._bounds()
        scaled = low + (high - low) * np.asarray(unit, float)
        theta = np.where(self.log, np.exp(np.where(self.log, scaled, 0.0)), scaled)
        inner = np.clip(theta, self.low, self.high)  # rounding may step over a bound
        return np.where((unit >= 0) & (unit <= 1), inner, theta)

    def unconstrained(self, theta: np.ndarray) -> np.ndarray:
        """Return the logits float[..., p] of points; those on or past an edge count as just inside it."""
        u = np.clip(self.unit(theta), EDGE, 1.0 - EDGE)
        logit: np.ndarray = np.log(u) - np.log1p(-u)
        return logit

    def from_unconstrained(self, unconstrained: np.ndarray) -> np.ndarray:
        """Return the points of logits float[..., p]: always inside the prior support."""
        unconstrained = np.asarray(unconstrained, float)
        return self.from_unit(0.5 * (1.0 + np.tanh(0.5 * unconstrained)))

    def log_slope(self, theta: np.ndarray) -> np.ndarray:
        """Return float[...]: log |d free / d theta|, by which a density in `unconstrained` becomes one in own units."""
        u = np.clip(self.unit(theta), EDGE, 1.0 - EDGE)
        return np.asarray(self.log_unit_slope(theta) - (np.log(u) + np.log1p(-u)).sum(axis=-1))

    def log_unit_slope(self, theta: np.ndarray) -> np.ndarray:
        """Return float[...]: log |d unit / d theta|, the log density of an even spread over the prior support."""
        low, high = self._bounds()
        own = np.where(self.log, self._scaled(theta), 0.0)
        return np.asarray(-(np.log(high - low) + own).sum(axis=-1))

    def inside(self, theta: np.ndarray) -> np.ndarray:
        """Return bool[...]: is the point float[..., p] within all bounds."""
        return np.asarray(((theta >= self.low) & (theta <= self.high)).all(axis=-1))

    def draw(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Return float[n, p]: points spread evenly over the prior support, on each parameter's scale."""
        return self.from_unit(generator.random((n, len(self))))

    def truncated(self, low: np.ndarray, high: np.ndarray) -> PriorSupport:
        """Return the part of it between `low` and `high` (float[p]); bounds outside it change nothing."""
        return PriorSupport(self.names, np.maximum(self.low, low), np.minimum(self.high, high), self.log)

    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        return self._scaled(self.low), self._scaled(self.high)

    def _scaled(self, theta: np.ndarray) -> np.ndarray:
        """Return own units, in the logarithm where the scale is; what a log scale cannot hold lies at its far end."""
        theta = np.asarray(theta, float)
        tiny = np.finfo(float).tiny
        return np.where(self.log, np.log(np.maximum(np.where(self.log, theta, 1.0), tiny)), theta)
