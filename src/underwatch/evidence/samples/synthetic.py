"""The synthetic package: 5,000 reports whose truth is known, so that publishing and estimating can be tried on
something.

Nine places live under the orders of one world of the model, and two lists hear what is told; what reached them is coded
as two groups would code it, and what is true ships beside it (`benchmarks/synthetic_world.py`, `synthetic_package.py`).
It says nothing about any real place: the codes are real so that tools accept it, the numbers are drawn, and everything
made from it says synthetic.
"""

import json
from importlib import resources
from typing import Any

from underwatch.evidence.format.descriptor import OwnWords
from underwatch.evidence.package import Package
from underwatch.evidence.samples.shipped import shipped

TRUTH_FILE = "synthetic_truth.json"
KEY = 20250101  # of all luck of coding, and of its identifiers


def synthetic_package() -> tuple[Package, dict[str, Any]]:
    """Return the synthetic package and its truth, the same each time.

    The truth holds the parameters, the response to fear, incidents by week, place and act, and what an estimate for the
    first place is about.
    """
    own = OwnWords("synthetic", ("synthetic",))
    return shipped(own, ("underwatch synthetic package", str(KEY)), "coding"), truth_behind()


def truth_behind() -> dict[str, Any]:
    """Return what is true of the worlds behind it."""
    file = resources.files("underwatch.evidence.samples") / "data" / TRUTH_FILE
    result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return result
