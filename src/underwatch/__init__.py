"""Underwatch: a model of life under surveillance, with synthetic residents, for those who document repression.

The front door is lazy: a name is imported from its module when it is first used, so `import underwatch` costs nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

# Public name -> the module that has it. Kept equal to the API page by a test.
_FRONT: dict[str, str] = {}

__all__ = ["__version__", *_FRONT]


def __getattr__(name: str) -> object:
    """Import a public name on its first use; an unknown one raises AttributeError as usual."""
    if name not in _FRONT:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_FRONT[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, those not yet imported among them."""
    return sorted({*globals(), *_FRONT})
