"""Modules in which no compiled function can be replaced: what calls it has it compiled in and would not notice."""

from __future__ import annotations

import sys
from types import ModuleType

from numba.core.dispatcher import Dispatcher

from underwatch.errors import InputError


class SealedModule(ModuleType):
    """A module whose compiled functions stay what they are."""

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(self.__dict__.get(name), Dispatcher) and value is not self.__dict__[name]:
            raise InputError(
                f"{self.__name__}.{name} is compiled into what calls it, and another in its place would be ignored; an "
                "own rule is a subclass of underwatch.Rules: simulate(..., rules=...)"
            )
        super().__setattr__(name, value)


def seal(package: str) -> None:
    """Seal the modules of a package that are imported."""
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{package}.") and type(module) is ModuleType:
            module.__class__ = SealedModule
