"""What the worlds of a bank answer to the published figures (`facts/constraints.csv`), which condition them.

No tally of incidents holds an answer: distress is no incident, who leaves hangs on the residents by ground, and what a
campaign changes on its twin. So the setting of each world, parameters, forms and change of orders, is lived twice more,
with the campaign and without, in a small place of the same kind, as the settings of an ensemble are. That takes a
twentieth of the world's own time. The answers stand beside the shards of the bank, a part for each, under a key of
their own: another figure or question asks for new answers and leaves the bank as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from underwatch.errors import InputError
from underwatch.experiments.ensemble.outcomes import answers_to_figures
from underwatch.facts import constraints
from underwatch.files.intake.regular import read_bytes
from underwatch.files.writing import write_atomically
from underwatch.inference.bank.shard import Form, checksum, packed, unpacked

if TYPE_CHECKING:
    from underwatch.world.scenario import Scenario

STAND_IN = 4_000  # residents
_NAME = re.compile(r"figures-(\d{4,})-([0-9a-f]{16})-([0-9a-f]{16})\.xz")
_LARGEST = 1 << 20  # bytes of a part; 50 worlds take 3 kB
_LARGEST_ANSWER = 1e9
_DIGITS = 6


def figures_key(bank_key: str, probe: Scenario) -> str:
    """Return the checksum of all that an answer depends on: the bank, the questions, what a probe answers."""
    asked = [(name, figure.summary, dict(figure.question)) for name, figure in constraints().items()]
    answers = np.round(np.nan_to_num(answers_to_figures(probe), nan=-1.0), _DIGITS).tolist()
    return hashlib.blake2b(repr([bank_key, STAND_IN, asked, answers]).encode(), digest_size=8).hexdigest()


def figure_parts(folder: Path) -> dict[tuple[int, str], Path]:
    """Return the parts of a folder by the number of their shard and their key."""
    found = ((path, _NAME.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return {(int(match[1]), match[2]): path for path, match in found if match}


def build_figures(
    folder: Path, shards: Iterable[int], key: str, world: Callable[[int, int], Scenario], per_shard: int
) -> Iterator[int]:
    """Let the worlds of the shards answer that have not, one after another, and tell how many have.

    `world(shard, row)` is the setting of a world. A part is written as soon as it is whole.
    """
    there = figure_parts(folder)
    for number in shards:
        if (number, key) in there:
            continue
        answers = []
        for row in range(per_shard):
            setting = world(number, row)
            answers.append(answers_to_figures(setting.replace(population=min(STAND_IN, setting.residents))))
            yield 1
        data = packed({"figures": np.stack(answers)}, frozenset())
        write_atomically(folder / f"figures-{number:04d}-{key}-{checksum(data)}.xz", data)


def read_figures(parts: Sequence[Path | None], per_shard: int) -> np.ndarray:
    """Return float64[worlds, figures] of the parts, shard by shard; NaN where a world has no answer, or no part."""
    form = {"figures": ("<f8", (per_shard, len(constraints())))}
    result = np.full((len(parts), per_shard, len(constraints())), np.nan)
    for answers, path in zip(result, parts, strict=True):
        if path is not None:
            answers[:] = _read_part(path, form)
    return result.reshape(-1, result.shape[-1])


def _read_part(path: Path, form: Form) -> np.ndarray:
    data = read_bytes(path, _LARGEST, "part of a bank")
    if not path.name.endswith(f"-{checksum(data)}.xz"):
        raise InputError(
            f"{path} is damaged: its bytes do not give the checksum in its name; delete it, and `underwatch calibrate "
            "--bank` asks its worlds again"
        )
    answers = unpacked(data, form, f"{path}: ")["figures"]
    known = answers[~np.isnan(answers)]
    if not ((known >= 0) & (known <= _LARGEST_ANSWER)).all():
        raise InputError(f"{path}: holds a number that no world answers; take another copy of the bank")
    return answers
