"""What many lists are told of each incident, in one compiled pass over the records: `reporting.p_reported` at scale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from underwatch.world.kernels import compiled  # noqa: F401 - where compiled code is kept, before any is made
from underwatch.world.layout import MARK_GROUNDS

# Below this, four terms of a series are exact to 1e-13 of the value, and several times as quick as the library's own.
_SMALL = 1e-3


class ReportingModel(NamedTuple):
    """What the pass needs of a channel; `reach` of a list multiplies the chance that a witness tells."""

    left: np.ndarray  # float64[kinds, 256], chance that a witness with this step of fear and open contact tells
    pull: np.ndarray  # float64[2**grounds], selection by the bits of the grounds
    share: np.ndarray  # float64[lists]
    effort: np.ndarray  # float64[lists, weeks], or [lists, 1] where it is the same in all
    household: float  # mean size
    wanted: float  # witnesses of an incident


@njit(cache=True, nogil=True, inline="always")
def _loud(p, persons):  # type: ignore[no-untyped-def]
    """Return -persons * log(1 - p); p of 1 and more is certain."""
    if p < _SMALL:
        return persons * p * (1.0 + p * (1.0 / 2.0 + p * (1.0 / 3.0 + p * (1.0 / 4.0))))
    return -persons * np.log1p(-min(p, 1.0))


@njit(cache=True, nogil=True, error_model="numpy")
def loudness(records, model, result):  # type: ignore[no-untyped-def]
    """Fill `result` float64[lists, n] with -log of the chance that no witness of each INCIDENT[n] tells the list."""
    weeks = model.effort.shape[1]
    first = min(1.0, model.wanted)
    for row in range(len(records)):
        record = records[row]
        kin, near, heard = float(record["kin"]), float(record["neighbours"]), float(record["hearsay"])
        left = model.left[record["kind"]]
        unit_left = left[record["neighbours_fear"]]
        kin_share = min(1.0, float(record["kin_contact"]) / max(1.0, (kin + 1.0) / model.household))
        unit_share = min(1.0, float(record["neighbours_contact"]) / max(1.0, near / model.household + 1.0))
        rest = min(1.0, max(0.0, (model.wanted - 1.0) / max(1.0, kin + near + heard)))
        own = first * left[record["subject_fear"]] if record["subject_contact"] else 0.0
        of_kin = rest * kin_share * left[record["kin_fear"]] if kin > 0.0 else 0.0
        of_unit = rest * unit_share * unit_left if near + heard > 0.0 else 0.0
        pull = model.pull[record["marks"] & MARK_GROUNDS]
        week = record["day"] // 7 if weeks > 1 else 0
        for number in range(len(model.share)):
            reach = model.share[number] * pull * model.effort[number, week]
            loud = _loud(own * reach, 1.0)
            if of_kin > 0.0:
                loud += _loud(of_kin * reach, kin)
            if of_unit > 0.0:
                loud += _loud(of_unit * reach, near + heard)
            result[number, row] = loud
