"""The example that ships with the studio, made anew: the default question answered, and what is kept of the answer.

    python benchmarks/studio_example.py             # `make example`; some minutes on two cores

It is to be remade when the model, the ensemble that ships or the figures of a run change; tests/web/test_stored.py
says so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from underwatch.experiments.engine.cores import cores
from underwatch.record.measures import Measured
from underwatch.record.ranges import ranges_of
from underwatch.web.session.request import question_of
from underwatch.web.session.simulation import answer
from underwatch.web.session.stored import DRAWN, key_of, stored_path
from underwatch.web.session.studio_run import StudioRun
from underwatch.web.views.life import examples, life
from underwatch.web.views.outsider import seen_from_outside

QUESTION = {"place": "Hoeryong"}
SHOWN_FIRST = "call_given_up"  # the life that is on the page before anybody chooses one: the first of this kind
LIVES = 1  # of each kind; others are simulated when they are asked for


def kept_of(run: StudioRun) -> dict[str, Any]:
    """Return what the page asks of a run that is made from its incidents, which are not kept."""
    chosen = examples(run)
    lives = {str(who): life(run, who) for kind in chosen.values() for who in kind[:LIVES]}
    return {"seen": seen_from_outside(run), "examples": chosen, "lives": lives}


def packed(run: StudioRun, more: Mapping[str, Any]) -> bytes:
    """Return a finished run as it ships; the same run gives the same bytes."""
    study = run.study
    if study is None or study.twin is None:
        raise ValueError("only a finished run with its twin is stored")
    example = study.example
    plain = {
        "key": key_of(study.source), "digest": run.digest, "question": run.question.record(), "ledger": run.ledger,
        "draw": example.draw, "left_out": example.left_out, "n_figures": example.n_figures,
        "published": dict(example.published), **more,
    }  # fmt: skip
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    arrays: dict[str, np.ndarray] = {"plain": np.frombuffer(text, np.uint8), "change": example.change}
    arrays["unit_start"] = np.asarray(run.unit_start, np.int32)
    before: dict[str, Any] = {}
    for world, lived in run.lived.items():
        for name in ("listed", "followed"):
            days = getattr(lived, name).astype(np.uint16)
            arrays[f"{world}.{name}"] = days ^ before.get(name, np.uint16(0))
            before[name] = days
        drawn, own = study.drawn[world], example.figures[world]
        arrays |= {f"{world}.drawn.{part}": getattr(drawn, part).astype(np.float32) for part in DRAWN}
        arrays |= {f"{world}.example.{part}": getattr(own, part) for part in Measured.__slots__}
        arrays[f"{world}.published"] = study.published[world].astype(np.float32)
        arrays[f"{world}.bands"] = np.stack(ranges_of(drawn.weekly)).astype(np.float32)
    sink = BytesIO()
    np.savez_compressed(sink, **arrays)  # type: ignore[arg-type]
    return sink.getvalue()


def main() -> None:
    """Answer the default question and write what is kept."""
    run = StudioRun(1, question_of(QUESTION), kept=True)
    answer(run, cores())
    found = packed(run, kept_of(run))
    stored_path().parent.mkdir(exist_ok=True)
    stored_path().write_bytes(found)
    print(f"{stored_path().name}: {len(found):,} bytes, digest {run.digest}", file=sys.stderr)


if __name__ == "__main__":
    main()
