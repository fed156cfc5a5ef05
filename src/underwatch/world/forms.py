"""Which form a rule has, where the form itself is a guess (facts/forms.csv): chosen and drawn like a parameter.

A rule that can be taken out (`without`) is one thing; here it stays, and works in another way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from underwatch.errors import InputError, nearest
from underwatch.facts import rival_forms


def checked_form(rule: str, form: object) -> str:
    """Return the form if the rule has it; InputError with the nearest name otherwise."""
    known = rival_forms()
    if rule not in known:
        raise InputError(
            f'"{rule[:40]}" has no rival forms{nearest(rule[:40], known)}; those that do: {", ".join(known)}'
        )
    names = [item.form for item in known[rule]]
    if not isinstance(form, str) or form not in names:
        said = form[:40] if isinstance(form, str) else type(form).__name__
        raise InputError(f'{rule} has no form "{said}"{nearest(said, names)}; it may be {" or ".join(names)}')
    return form


@dataclass(frozen=True, repr=False)
class Forms(Mapping[str, str]):
    """One form for each rule that has rival ones: a mapping from the rule ("S4") to the form ("assigned").

    Frozen and hashable; `named` are the rules whose form somebody set, which no draw changes.
    """

    in_order: tuple[str, ...]
    named: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def central(cls) -> Forms:
        """Return the central form of each rule: the first in the table."""
        return cls(tuple(forms[0].form for forms in rival_forms().values()))

    def with_forms(self, changes: Mapping[str, object]) -> Forms:
        """Return a copy with some forms set; InputError for a rule without forms or a form that it does not have."""
        new = {rule: checked_form(rule, form) for rule, form in changes.items()}
        return Forms(tuple(new.get(rule, form) for rule, form in self.items()), self.named.union(new))

    @property
    def fixed(self) -> tuple[str, ...]:
        """Return the rules whose form is set, in the order of the table: named, or not the central one."""
        central = Forms.central()
        return tuple(rule for rule, form in self.items() if rule in self.named or form != central[rule])

    def __getitem__(self, rule: str) -> str:
        return self.in_order[tuple(rival_forms()).index(rule)]

    def __iter__(self) -> Iterator[str]:
        return iter(rival_forms())

    def __len__(self) -> int:
        return len(self.in_order)

    def __repr__(self) -> str:
        central = Forms.central()
        moved = [f"{rule}={form}" for rule, form in self.items() if form != central[rule]]
        return f"Forms({', '.join(moved) or 'central'})"


def prior_forms(n: int, seed: int) -> list[Forms]:
    """Return the forms of `n` draws from the prior, each level of a rule as often as the others (give or take one).

    The luck of a rule hangs on its name alone: a rule whose form is added later changes no other one's draws.
    """
    from underwatch.world.draws import rng

    columns = []
    for rule, forms in rival_forms().items():
        order = rng(seed, "prior", f"form of {rule}").permutation(n)
        columns.append([forms[place % len(forms)].form for place in order.tolist()])
    return [Forms(row) for row in zip(*columns, strict=True)]
