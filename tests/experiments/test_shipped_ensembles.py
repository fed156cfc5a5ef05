"""The ensembles that ship: of this model, whole, and of as many settings as the page says."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from trials.shipping import ensemble_key

from underwatch.experiments.ensemble.names import DEFAULT_DRAWS, DESCRIBED, KNOWN
from underwatch.experiments.ensemble.settings import read_ensemble
from underwatch.experiments.silence import WATCHING, shipped_silence
from underwatch.facts import model_parameters

PAGE = Path(__file__).parents[2] / "docs" / "ensembles.md"
SHIPPED = files("underwatch.experiments.ensemble").joinpath("shipped")


@pytest.mark.parametrize("name", [KNOWN, DESCRIBED, "silence", "statements", "relief"])
def test_the_shipped_ensembles_are_of_this_model_and_prior(name):
    with SHIPPED.joinpath(f"{name}.parquet").open("rb") as stream:
        key = pq.read_schema(stream).metadata[b"key"].decode()
    assert key == ensemble_key(), "the model or its tables have changed: `make study` rebuilds the ensembles"


def test_the_shipped_curve_is_of_the_worlds_of_a_run():
    curve = shipped_silence(DESCRIBED)
    assert curve.incidents.shape == (len(WATCHING), DEFAULT_DRAWS)
    assert curve.watching == WATCHING
    assert (np.diff(curve.incidents.mean(axis=1)) > 0).all()


@pytest.mark.parametrize("name", [KNOWN, DESCRIBED])
def test_settings_are_distinct_many_and_none_weighs_more_than_a_hundredth(name):
    ensemble = read_ensemble(name)
    assert len(set(zip(ensemble.parameters, ensemble.forms, strict=True))) == len(ensemble.weights) >= 400
    assert f"{name}: {len(ensemble.weights)} distinct settings ship" in PAGE.read_text(encoding="utf-8")
    assert ensemble.weights.sum() == pytest.approx(1)
    assert ensemble.weights.max() <= 0.01 * (1 + 1e-9)
    for fact in model_parameters().values():
        values = np.array([one[fact.name] for one in ensemble.parameters])
        assert fact.low <= values.min() <= values.max() <= fact.high
