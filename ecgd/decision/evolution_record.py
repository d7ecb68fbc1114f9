"""The course of a patient's ST, T and Q as plain JSON, for the store."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from ecgd.decision.evolution import MOST_MOMENTS, OUT_OF_REACH_S
from ecgd.model.evolution import Evolution, Moment, TerritoryCourse

VERSION: Final = 1

LARGEST_MV: Final = 100.0
"""No heart gives more: a record that holds it is damaged."""


def evolution_to_dict(evolution: Evolution, until_unix_s: float) -> dict[str, Any]:
    """Return a course that was seen until ``until_unix_s`` as a JSON object.

    Of each moment: how long before the end in s, of how many windows, and ST, T and Q of both
    territories in mV, rounded to 0.1 µV.
    """
    return {
        "version": VERSION,
        "until_unix_s": until_unix_s,
        "moments": [_row(each, evolution.until_s) for each in evolution.moments],
    }


def evolution_from_dict(record: Mapping[str, Any]) -> tuple[Evolution, float]:
    """Return the course of a JSON object, ending at 0 s, and the wall time of its end.

    Raises ValueError where the record is not one, or holds what no heart shows.
    """
    try:
        if record["version"] != VERSION:
            raise ValueError(f"version {record['version']!r} is not known")
        moments = tuple(_moment(row) for row in record["moments"][-MOST_MOMENTS:])
        if any(now.time_s < before.time_s for before, now in pairwise(moments)):
            raise ValueError("the moments are not in order")
        return Evolution(moments), _figure(record["until_unix_s"], math.inf)
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _row(moment: Moment, until_s: float) -> list[float]:
    courses = (moment.inferior, moment.high_lateral)
    figures = [mv for each in courses for mv in (each.st_mv, each.t_mv, each.q_mv)]
    return [round(until_s - moment.time_s, 1), moment.count, *(round(mv, 4) for mv in figures)]


def _moment(row: Sequence[Any]) -> Moment:
    ago_s, count, *figures = row
    before_s = _figure(ago_s, 2 * OUT_OF_REACH_S)
    if len(figures) != 6 or before_s < 0 or int(count) < 1:
        raise ValueError(f"{row!r} is no moment")
    inferior_st, inferior_t, inferior_q, lateral_st, lateral_t, lateral_q = map(_figure, figures)
    return Moment(
        -before_s,
        TerritoryCourse(inferior_st, inferior_t, inferior_q),
        TerritoryCourse(lateral_st, lateral_t, lateral_q),
        int(count),
    )


def _figure(value: Any, limit: float = LARGEST_MV) -> float:
    figure = float(value)
    if not math.isfinite(figure) or abs(figure) > limit:
        raise ValueError(f"{value!r} is no figure of a course")
    return figure
