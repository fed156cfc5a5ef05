"""A file or folder on the command line."""

from pathlib import Path
from typing import Any

import click


class AnyPath(click.Path):
    """A path that names something: an empty one is refused, where pathlib would quietly take it for this folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; click's usage error for an empty one."""
        if not str(value).strip():
            self.fail("it is empty; name a file or folder", param, ctx)
        return super().convert(value, param, ctx)
