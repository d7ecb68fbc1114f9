"""A patient's own distribution of scores as plain JSON, for the store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ecgd.decision.score_watch import BINS, FORGET_S, ScoreWatch
from ecgd.model.signal import FloatArray

VERSION: Final = 1

_MOST_S: Final = 10.0 * FORGET_S
"""More than this cannot have been learned: a record that holds it is damaged."""


def scores_to_dict(watch: ScoreWatch) -> dict[str, Any]:
    """Return the distribution as a JSON object: seconds by number of the step."""
    return {
        "version": VERSION,
        "usual_s": _to_steps(watch.usual_s),
        "news_s": _to_steps(watch.news_s),
        "adoptions": watch.adoptions,
    }


def scores_from_dict(record: Mapping[str, Any]) -> ScoreWatch:
    """Return the distribution of a JSON object; raises ValueError where it is none."""
    try:
        if record["version"] != VERSION:
            raise ValueError(f"version {record['version']!r} is not known")
        adoptions = max(0, int(record["adoptions"]))
        return ScoreWatch(_of_steps(record["usual_s"]), _of_steps(record["news_s"]), adoptions)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _to_steps(seconds: FloatArray) -> dict[str, float]:
    return {str(k): round(float(seconds[k]), 1) for k in np.flatnonzero(seconds > 0.0).tolist()}


def _of_steps(steps: Mapping[str, Any]) -> FloatArray:
    seconds = np.zeros(BINS)
    for name, value in steps.items():
        number, figure = int(name), float(value)
        if not 0 <= number < BINS or not math.isfinite(figure) or not 0.0 <= figure <= _MOST_S:
            raise ValueError(f"step {name}: {value!r}")
        seconds[number] = figure
    return seconds
