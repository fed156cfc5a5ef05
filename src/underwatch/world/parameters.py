"""The parameters of a world: one value for each row of the table `facts/model_parameters.csv`.

The table is the prior: a scenario may set a value from its low to its high end. A dated change asks what would happen
if something became otherwise, and may go to all that is possible, such as no reprimand or a quota of nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from underwatch.errors import InputError, nearest
from underwatch.facts import Fact, model_parameters

if TYPE_CHECKING:
    import numpy as np

_SHARES = ("fraction", "probability", "0-1", "0-1/day")
_MULTIPLE_OF_HIGH = 10.0
_AT_LEAST_ONE = ("units_per_", "households_per_", "residents_per_")
# Where the form of the model ends before 10 times the high end: a household has 1 to 7 members and keeps up to 8 ties.
_LIMITS = {"persons_per_household": (1.1, 7.0), "kin_ties_per_household": (0.0, 8.0)}

# What rows of former versions became: setting one is refused with this, since no value of it has the same meaning now.
RETIRED: Mapping[str, str] = MappingProxyType(
    {
        "hearsay_reach_per_day": "it took a weekly share for a daily one; set the shares that hear within a week: "
        "hearsay_reach_detention, hearsay_reach_summons, hearsay_reach_noticed, hearsay_reach_home_visit",
    }
)

# exp(y) of the prior draws: y is halved this often, and the series of the rest ends with this power.
_HALVINGS = 10
_LAST_POWER = 7
_MOST_SHOWN = 5


def possible_range(fact: Fact) -> tuple[float, float]:
    """Return the lowest and the highest value that a dated change may give a parameter.

    A share, a probability or a level keeps from 0 to 1, all else from 0 to 10 times the high end of the table; a
    number of days, and how many an officer or a unit has, is 1 or more.
    """
    if fact.name in _LIMITS:
        return _LIMITS[fact.name]
    if fact.unit in _SHARES:
        return 0.0, 1.0
    lowest = 1.0 if fact.unit == "days" or fact.name.startswith(_AT_LEAST_ONE) else 0.0
    return lowest, _MULTIPLE_OF_HIGH * fact.high


def checked(name: str, value: object, *, dated: bool = False) -> float:
    """Return a parameter's value as a float if it may be set; InputError with name, value, range, unit and source.

    `dated` allows what is possible (`possible_range`) in place of the range of the table.
    """
    known = model_parameters()
    refuse_retired(name)
    if name not in known:
        raise InputError(
            f'parameter "{_short(name)}" is not known{nearest(name[:80], known)}; underwatch facts lists them'
        )
    fact = known[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{name} = {_short(value)} is no number; {_told(fact, dated)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    low, high = possible_range(fact) if dated else (fact.low, fact.high)
    if not low <= number <= high:  # also false for nan
        raise InputError(f"{name} = {_short(value)} is out of range; {_told(fact, dated)}")
    return number + 0.0  # no -0.0: equal values must look equal


def refuse_retired(name: str) -> None:
    """Raise InputError for a parameter of a former version, with what has taken its place."""
    if name in RETIRED:
        raise InputError(f"{name} is no parameter any more: {RETIRED[name]}")


def _told(fact: Fact, dated: bool) -> str:
    """Say what a parameter may be, and on what that rests."""
    low, high = possible_range(fact)
    if dated:
        allowed = f"a dated change may set it from {low:g} to {high:g} {fact.unit}"
    else:
        allowed = (
            f"it may be {fact.low:g} to {fact.high:g} {fact.unit} (a dated [[change]] may set it from {low:g} "
            f"to {high:g})"
        )
    return f"{allowed}; basis {fact.basis}: {fact.source} (underwatch facts {fact.name})"


def _short(value: object) -> str:
    """Write a value so that it fits into a line of an error."""
    try:
        text = str(value) if isinstance(value, str) else repr(value)
    except ValueError:  # an integer of more digits than Python writes
        text = "a number of thousands of digits"
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(frozen=True, repr=False)
class Parameters(Mapping[str, float]):
    """One value for each parameter; a mapping by name whose values are attributes too.

    Frozen and hashable: two of them are equal when all values are. `in_order` holds the values in the order of the
    table, in the units of the table. Make one with `Parameters.central()` and `with_values`, which notes in `named`
    what it was given: a value that somebody sets stays in every draw from the prior, the central one too.
    """

    in_order: tuple[float, ...]
    named: frozenset[str] = field(default=frozenset(), compare=False)

    def __post_init__(self) -> None:
        if len(self.in_order) != len(model_parameters()):
            raise ValueError(f"{len(self.in_order)} values for {len(model_parameters())} parameters")

    @classmethod
    def central(cls) -> Parameters:
        """Return the central values of the table."""
        return cls(tuple(fact.central for fact in model_parameters().values()))

    @staticmethod
    def names() -> tuple[str, ...]:
        """Return the names of all parameters in the order of the table."""
        return tuple(model_parameters())

    def with_values(self, /, **changes: object) -> Parameters:
        """Return a copy with some values set, each within the range of the table; InputError otherwise."""
        new = {name: checked(name, value) for name, value in changes.items()}
        return Parameters(tuple(new.get(name, value) for name, value in self.items()), self.named.union(new))

    @property
    def fixed(self) -> tuple[str, ...]:
        """Return the names of what is set, in the order of the table: named, or away from the central value."""
        known = model_parameters()
        return tuple(name for name, value in self.items() if name in self.named or value != known[name].central)

    def to_dict(self) -> dict[str, float]:
        """Return the values by name, in the order of the table."""
        return dict(zip(_index(), self.in_order, strict=True))

    def __getitem__(self, name: str) -> float:
        return self.in_order[_index()[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(_index())

    def __len__(self) -> int:
        return len(self.in_order)

    def __getattr__(self, name: str) -> float:
        if name not in _index():
            raise AttributeError(f"no parameter {name!r}{nearest(name, _index())}")
        return self.in_order[_index()[name]]

    def __repr__(self) -> str:
        central = model_parameters()
        moved = [f"{name}={value:g}" for name, value in self.items() if value != central[name].central]
        more = [f"and {len(moved) - _MOST_SHOWN} more"] if len(moved) > _MOST_SHOWN else []
        return f"Parameters({', '.join([*moved[:_MOST_SHOWN], *more]) or 'central'})"


@cache
def _index() -> Mapping[str, int]:
    """Return where each parameter stands in the table."""
    return MappingProxyType({name: index for index, name in enumerate(model_parameters())})


def prior_draws(n: int, seed: int) -> list[Parameters]:
    """Return `n` draws from the prior: a Latin hypercube over all parameters of the table (`latin_hypercube`)."""
    if n < 1:
        raise InputError(f"{n} prior draws cannot be made; ask for 1 or more")
    columns = latin_hypercube(model_parameters(), n, seed, "prior").values()
    return [Parameters(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def latin_hypercube(prior: Mapping[str, Fact], n: int, seed: int, purpose: str) -> dict[str, np.ndarray]:
    """Return float64[n] for each parameter, spread evenly over its range, whose luck hangs on its name alone.

    Each range is cut into `n` parts of equal length on the parameter's scale (linear or log), and each part is met
    once. A parameter that is added later changes no other one's draws. The same (n, seed, purpose) gives the same
    draws, bit for bit, on any machine: uniforms come from keyed streams, and the exponential is made of additions and
    multiplications only (libraries differ in its last bit).
    """
    import numpy as np

    from underwatch.world.draws import rng

    result = {}
    for name, fact in prior.items():
        generator = rng(seed, purpose, name)
        order = np.argsort(generator.random(n), kind="stable")
        result[name] = along(fact, (order + generator.random(n)) / n)
    return result


def along(fact: Fact, share: np.ndarray) -> np.ndarray:
    """Return a parameter's values at shares (0 to 1) of its range: on a log scale where that spans orders."""
    import numpy as np

    if fact.scale == "log" and fact.low > 0:
        values = fact.low * _exp(share * _log_ratio(fact.high, fact.low))
    else:
        values = fact.low + share * (fact.high - fact.low)
    return np.clip(values, fact.low, fact.high)


def _log_ratio(high: float, low: float) -> float:
    """Return log(high / low), correctly rounded by decimal arithmetic."""
    from decimal import Decimal, localcontext

    with localcontext() as context:
        context.prec = 30
        return float((Decimal(repr(high)) / Decimal(repr(low))).ln())


def _exp(y):  # type: ignore[no-untyped-def]
    """Return exp(y) of an array from 0 to about 20, within 1e-12, by IEEE additions and multiplications alone."""
    import numpy as np

    rest = y * 0.5**_HALVINGS
    total = np.ones_like(rest)
    for power in range(_LAST_POWER, 0, -1):
        total = 1.0 + total * (rest / power)
    for _ in range(_HALVINGS):
        total = total * total
    return total
