"""Whether a finding, the sign of a difference, is robust: whether it holds whatever the rules' forms are.

It is when its sign holds in 90 % of worlds at each level of each form, one form at a time. A tie at 0 does not hold.
Fewer than 100 worlds at a level cannot say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from underwatch.facts import rival_forms
from underwatch.world.forms import Forms

HOLDS = 0.9
FEWEST_AT_A_LEVEL = 100
ROBUST, HANGS, NOT_ROBUST, CANNOT_SAY = "robust", "hangs on a form", "not robust", "cannot be said"
# The channel reads what is recorded and changes nothing in the world: no figure of residents can hang on its form.
_OF_THE_CHANNEL = "S13"


class Hinge(NamedTuple):
    """A rule on whose form a finding hangs: the forms with which it holds, those with which it does not, and how much.

    `spread` is the largest difference, between its forms, of the share of worlds with the sign.
    """

    rule: str
    holds: tuple[str, ...]
    fails: tuple[str, ...]
    spread: float


class Robustness(NamedTuple):
    """The sign that most worlds give a difference (1, -1, or 0 for none), the verdict, n worlds, and the hinges.

    On the first of them it hangs most.
    """

    sign: int
    verdict: str
    n: int
    hinges: tuple[Hinge, ...] = ()

    @property
    def words(self) -> str:
        """The verdict in words."""
        if self.verdict == CANNOT_SAY:
            return f"cannot be said (fewer than {FEWEST_AT_A_LEVEL} worlds with some form)"
        if self.verdict == NOT_ROBUST:
            return f"not robust (no sign holds in {100 * HOLDS:.0f} % of worlds)"
        if not self.hinges:
            return ROBUST
        rule, holds, fails, _ = self.hinges[0]
        return f"hangs on the form of {rule} (holds with {' and '.join(holds)}, not with {' and '.join(fails)})"


def judge(differences: np.ndarray, forms: Sequence[Forms]) -> Robustness:
    """Return the finding of float[worlds] with the rules' forms of each; a world without the figure is none of them."""
    known = ~np.isnan(differences)
    signs = np.sign(differences[known])
    n, sign = len(signs), int(np.sign(signs.sum()))
    # Where a form decides the sign and is met as often as its rival, the signs balance: then that of the rises is asked
    asked = sign or int((signs > 0).any())
    hinges, all_hold = [], True
    for rule in rival_forms():
        if rule == _OF_THE_CHANNEL:
            continue
        of_world = np.array([item[rule] for item in forms])[known]
        levels = [item.form for item in rival_forms()[rule] if (of_world == item.form).any()]
        if n < FEWEST_AT_A_LEVEL or any((of_world == level).sum() < FEWEST_AT_A_LEVEL for level in levels):
            return Robustness(sign, CANNOT_SAY, n)
        shares = {level: float((signs[of_world == level] == asked).mean()) if asked else 0.0 for level in levels}
        holds = tuple(level for level in levels if shares[level] >= HOLDS)
        fails = tuple(level for level in levels if level not in holds)
        all_hold &= not fails
        if holds and fails:
            hinges.append(Hinge(rule, holds, fails, max(shares.values()) - min(shares.values())))
    hinges.sort(key=lambda hinge: -hinge.spread)
    verdict = ROBUST if all_hold else HANGS if hinges else NOT_ROBUST
    return Robustness(asked if hinges else sign, verdict, n, tuple(hinges))
