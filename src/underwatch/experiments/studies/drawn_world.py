"""What is kept of one draw of a study: the figures of its worlds, and how many reports of each are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from underwatch.record.headlines import GROUP_FIGURES, HEADLINES
from underwatch.record.measures import SUMS, Measured, week_starts
from underwatch.record.schema import GROUPS

_PARTS = Measured.__slots__


class DrawnWorld(NamedTuple):
    """The figures of the baseline and of its twin, in that order, and the expected published reports of each."""

    figures: tuple[Measured, ...]
    published: tuple[float, ...]

    @classmethod
    def of(cls, worlds: Mapping[str, tuple[Measured, float]]) -> DrawnWorld:
        """Return it from the figures of each world."""
        return cls(tuple(one for one, _ in worlds.values()), tuple(number for _, number in worlds.values()))

    def named(self) -> dict[str, np.ndarray]:
        """Return its arrays by name, for a checkpoint."""
        arrays = {f"{at}.{part}": getattr(one, part) for at, one in enumerate(self.figures) for part in _PARTS}
        return arrays | {"published": np.array(self.published)}

    @classmethod
    def of_named(cls, arrays: Mapping[str, np.ndarray]) -> DrawnWorld:
        """Return what `named` took apart."""
        published = tuple(arrays["published"].tolist())
        figures = tuple(Measured(*(arrays[f"{at}.{part}"] for part in _PARTS)) for at in range(len(published)))
        return cls(figures, published)


def shapes_of(worlds: Sequence[str], days: int) -> dict[str, tuple[str, tuple[int | None, ...]]]:
    """Return kind and shape of each array of a draw of so many days."""
    n = len(HEADLINES)
    of_world: dict[str, tuple[int | None, ...]] = {
        "year": (n,),
        "window": (n,),
        "weekly": (len(week_starts(days)), n),
        "groups": (len(GROUPS), len(GROUP_FIGURES)),
        "people": (len(GROUPS),),
        "sums": (len(SUMS),),
    }
    shapes = {f"{at}.{part}": ("fn", shape) for at in range(len(worlds)) for part, shape in of_world.items()}
    return shapes | {"published": ("f", (len(worlds),))}
