"""Effort: how much each list could hear in each week. Without it a week without a report is no zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

OPEN, LIMITED, CUT, UNKNOWN = "open", "limited", "cut", "unknown"
_LEAST_LEFT = 1e-3  # of a usual week: what the log-normal of unknown effort may fall to


@dataclass(frozen=True)
class EffortWeek:
    """What is recorded of a list in a week: codes of the vocabularies effort_state, capacity and effort_event."""

    state: str = UNKNOWN
    capacity: str = UNKNOWN
    event: str = UNKNOWN


def effort_factors(
    weeks: Sequence[EffortWeek],
    quarter_of_week: np.ndarray,
    values: Mapping[str, np.ndarray],
    drift_luck: np.random.Generator,
    lost_luck: np.random.Generator,
) -> np.ndarray:
    """Return float64[draws, weeks]: what a list hears relative to a usual week with open contact, 0 where cut.

    `values` holds float64[draws] of the parameters by name. Where the state is unknown the effort is a log-normal step
    from quarter to quarter (`drift_luck`), or cut for a whole quarter (`lost_luck`); a recorded state is taken as
    it is.
    """
    n = len(next(iter(values.values())))
    quarters = int(quarter_of_week.max()) + 1
    drift = np.exp(values["effort_unknown_log_sd"][:, None] * drift_luck.standard_normal((n, quarters)))
    lost = lost_luck.random((n, quarters)) < values["effort_unknown_cut"][:, None]
    unknown = np.where(lost, 0.0, np.maximum(drift, _LEAST_LEFT))
    high = values["effort_capacity"]
    by_capacity = {"high": high, "low": 1.0 / high}
    result = np.ones((n, len(weeks)))
    office = np.ones(n)
    for index, week in enumerate(weeks):
        if week.event == "new_office" and week.capacity == UNKNOWN:
            office = values["effort_new_office"]
        by_state = {OPEN: np.ones(n), LIMITED: values["effort_limited"], CUT: np.zeros(n)}
        now = by_state.get(week.state, unknown[:, quarter_of_week[index]])
        now = now * by_capacity.get(week.capacity, office if week.capacity == UNKNOWN else 1.0)
        if week.event == "campaign":
            now = now * values["effort_campaign"]
        if week.event == "border_closed":
            now = now * values["effort_border_closed"]
        result[:, index] = now
    return result
