"""The names of the ensembles, and what stands in front of every figure: light, so that a page can tell them at once."""

PRIOR, KNOWN, DESCRIBED = "prior", "known", "described"
ENSEMBLES = (PRIOR, KNOWN, DESCRIBED)
DEFAULT_ENSEMBLE = DESCRIBED
DEFAULT_DRAWS = 200  # worlds in front of every figure
