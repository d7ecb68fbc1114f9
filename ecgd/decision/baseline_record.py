"""A patient's baseline as plain JSON, for the store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ecgd.model.baseline import BEAT_POINTS, Baseline, Confirmation, MedianBeat, Vector
from ecgd.model.signal import FloatArray
from ecgd.model.st_change import StReference, StVector

VERSION: Final = 1

LARGEST_MV: Final = 100.0
"""No heart gives more: a record that holds it is damaged."""


def baseline_to_dict(baseline: Baseline) -> dict[str, Any]:
    """Return a baseline as a JSON object; the signal is rounded to 0.1 µV."""
    beat = baseline.beat
    return {
        "version": VERSION,
        "learned_s": round(baseline.learned_s, 3),
        "st_mv": {lead: round(mv, 6) for lead, mv in baseline.st_mv},
        "signal_mv": np.round(beat.signal_mv, 4).tolist(),
        "qrs": [beat.qrs_onset, beat.qrs_end],
        "qrs_area_uvs": list(beat.qrs_area_uvs),
        "p_area_uvs": None if beat.p_area_uvs is None else list(beat.p_area_uvs),
        "t_area_uvs": None if beat.t_area_uvs is None else list(beat.t_area_uvs),
        "rr_s": beat.rr_s,
        "beat_count": beat.beat_count,
        "postures": [_posture_to_dict(posture) for posture in baseline.postures],
        "confirmed": _confirmed_to_dict(baseline.confirmed),
    }


def baseline_from_dict(record: Mapping[str, Any]) -> Baseline:
    """Return the baseline of a JSON object.

    Raises ValueError where the record is not one, or holds what no heart shows: a baseline is
    learned anew in minutes, and a wrong one misleads for days.
    """
    try:
        if record["version"] != VERSION:
            raise ValueError(f"version {record['version']!r} is not known")
        onset, end = (int(point) for point in record["qrs"])
        if not 0 <= onset < end < BEAT_POINTS:
            raise ValueError(f"QRS from {onset} to {end}")
        beat = MedianBeat(
            signal_mv=_signal(record["signal_mv"]),
            qrs_onset=onset,
            qrs_end=end,
            qrs_area_uvs=_vector(record["qrs_area_uvs"]),
            p_area_uvs=_maybe(record["p_area_uvs"]),
            t_area_uvs=_maybe(record["t_area_uvs"]),
            rr_s=_figure(record["rr_s"]),
            beat_count=int(record["beat_count"]),
        )
        st_mv = tuple((str(lead), _figure(mv)) for lead, mv in record["st_mv"].items())
        learned_s = max(0.0, _figure(record["learned_s"], math.inf))
        # Records that were written before these were known have none.
        postures = tuple(_posture(each) for each in record.get("postures", ()))
        return Baseline(beat, st_mv, learned_s, postures, _confirmed(record.get("confirmed")))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _posture_to_dict(posture: StReference) -> dict[str, Any]:
    return {
        "turn_deg": posture.turn_deg,
        "level_mv": _rounded(posture.level),
        "drift_mv": round(posture.drift_mv, 6),
        "learned_s": round(posture.learned_s, 3),
    }


def _posture(record: Mapping[str, Any]) -> StReference:
    drift_mv, learned_s = _figure(record["drift_mv"]), _figure(record["learned_s"], math.inf)
    turn_deg = int(record["turn_deg"])
    if drift_mv <= 0 or learned_s <= 0 or abs(turn_deg) > 180:
        raise ValueError(f"posture {turn_deg}: drift {drift_mv}, learned for {learned_s}")
    return StReference(_level(record["level_mv"]), drift_mv, learned_s, turn_deg)


def _confirmed_to_dict(confirmed: Confirmation | None) -> dict[str, Any] | None:
    if confirmed is None:
        return None
    return {
        "by": confirmed.by,
        "at_unix_s": confirmed.at_unix_s,
        "until_unix_s": confirmed.until_unix_s,
        "level_mv": _rounded(confirmed.level),
        "until": confirmed.until,
    }


def _confirmed(record: Mapping[str, Any] | None) -> Confirmation | None:
    if record is None:
        return None
    return Confirmation(
        str(record["by"]),
        _figure(record["at_unix_s"], math.inf),
        _figure(record["until_unix_s"], math.inf),
        _level(record["level_mv"]),
        str(record["until"]),
    )


def _rounded(level: StVector) -> list[float]:
    return [round(level.x_mv, 6), round(level.y_mv, 6)]


def _level(pair: Any) -> StVector:
    x_mv, y_mv = pair
    return StVector(_figure(x_mv), _figure(y_mv))


def _signal(rows: Any) -> FloatArray:
    signal_mv: FloatArray = np.array(rows, dtype=np.float64)
    if signal_mv.shape != (2, BEAT_POINTS) or not (np.abs(signal_mv) < LARGEST_MV).all():
        raise ValueError(f"no beat in leads I and II: shape {signal_mv.shape}")
    return signal_mv


def _vector(pair: Any) -> Vector:
    one, two = pair
    return _figure(one, math.inf), _figure(two, math.inf)


def _maybe(pair: Any) -> Vector | None:
    return None if pair is None else _vector(pair)


def _figure(value: Any, limit: float = LARGEST_MV) -> float:
    figure = float(value)
    if not math.isfinite(figure) or abs(figure) > limit:
        raise ValueError(f"{value!r} is no figure of a heart")
    return figure
