"""A small bank that is sound, its worlds made of zeros, to be spoilt in one place at a time."""

import json
import lzma
from datetime import date

import numpy as np
import tomli_w

from underwatch.inference.bank.bank import FORMAT, BankPlan
from underwatch.inference.bank.form import form_of
from underwatch.inference.bank.priors import world_prior, world_rules
from underwatch.inference.bank.shard import write_shard
from underwatch.record.tally import Window

PLAN = BankPlan("hoeryong", Window(date(2023, 7, 3), 4), seed=1, per_shard=2)
SHORT = "short"


def description(**told):
    """What stands in bank.toml; None takes an entry out."""
    kept = {
        "format": FORMAT, "key": "0" * 32, "place": PLAN.place, "first_day": PLAN.window.start, "weeks": 4,
        "settling_weeks": 26, "seed": 1, "worlds_per_shard": PLAN.per_shard, "parameters": list(world_prior()),
        "indicators": list(PLAN.indicators), "forms": list(world_rules()),
    } | told  # fmt: skip
    return {name: value for name, value in kept.items() if value is not None}


def arrays():
    """The arrays of a shard: zeros but for residents, parameters and who is reached; short ones in the 16 bits kept."""
    found = {name: np.zeros(shape, "<u2" if kind == SHORT else kind) for name, (kind, shape) in form_of(PLAN).items()}
    found["reached"][..., 0] = 1  # somebody is reached
    found["residents"] += 1
    found["values"] += np.array([fact.low for fact in world_prior().values()])
    return found


def packed(found, kinds=None):
    """Pack arrays as a shard; `kinds` overrides what the header says of some."""
    header, body = [], []
    for name, array in found.items():
        kind = SHORT if form_of(PLAN).get(name, ("", ()))[0] == SHORT else array.dtype.str
        header.append([name, (kinds or {}).get(name, kind), list(array.shape)])
        body.append(array.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T.tobytes())
    return lzma.compress(json.dumps(header).encode() + b"\n" + b"".join(body), preset=0)


def bank(folder, data=None, text=None, **told):
    """Write a bank into a folder and return the folder."""
    folder.mkdir(exist_ok=True)
    written = text if text is not None else tomli_w.dumps(description(**told))
    (folder / "bank.toml").write_text(written)
    if data is not False:
        write_shard(folder, 0, packed(arrays()) if data is None else data)
    return folder
