"""The course of a patient in rows of figures, one every ten seconds: what the RNN sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import cos, radians, sin
from typing import Final

import numpy as np

from ecgd.model.assessment import Assessment
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.finding import LeadSt
from ecgd.model.intervals import Intervals
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.morphology import Morphology
from ecgd.model.signal import FloatArray

ROW_S: Final = 10.0
ROWS: Final = 30
LEAST_ROWS: Final = 12
"""A row every so often, five minutes of them, and two minutes at least."""

ROW_LIMIT: Final = 4.0
BEATS_S: Final = 30.0
"""Ectopy and P waves are counted over so long."""

_Q_LEADS: Final = ("I", "aVL", "II", "aVF", "III")
_WAVE_LEADS: Final = ("I", "II", "III")

SCALES: Final[Mapping[str, tuple[float, float]]] = {
    "heart_rate_bpm": (75.0, 25.0),
    "rr_irregularity": (0.0, 0.1),
    "longest_pause_s": (1.0, 0.5),
    "oscillation": (0.0, 2.0),
    "fibrillation": (0.0, 2.0),
    "sqi": (0.5, 0.25),
    "ventricular_share": (0.0, 0.1),
    "supraventricular_share": (0.0, 0.1),
    "p_confidence": (0.5, 0.25),
    "qrs_ms": (90.0, 20.0),
    "pr_ms": (160.0, 40.0),
    "qtc_ms": (420.0, 30.0),
    "axis_cosine": (0.0, 0.5),
    "axis_sine": (0.0, 0.5),
    "has_p": (0.5, 0.5),
    "is_paced": (0.0, 0.5),
    **{f"st_{lead}_mv": (0.0, 0.08) for lead in LIMB_LEADS},
    **{f"t_{lead}_mv": (0.0, 0.15) for lead in _WAVE_LEADS},
    **{f"r_{lead}_mv": (0.5, 0.3) for lead in _WAVE_LEADS},
    **{f"s_{lead}_mv": (0.2, 0.3) for lead in _WAVE_LEADS},
    **{f"q_{lead}_mv": (0.0, 0.1) for lead in _Q_LEADS},
    **{f"q_{lead}_s": (0.0, 0.02) for lead in _Q_LEADS},
}
"""Each figure of a row, from which value and in which unit it is counted."""

NAMES: Final = ("known", *SCALES)
FIGURES: Final = len(NAMES)

_CENTRES: Final = np.array([centre for centre, _ in SCALES.values()])
_UNITS: Final = np.array([unit for _, unit in SCALES.values()])

Rows = tuple[tuple[int, FloatArray], ...]
"""Rows with the ten seconds that each is of, counted from index 0."""


def row_of(
    assessment: Assessment,
    beats: Sequence[Beat],
    shape: Morphology | None,
    oscillation: float | None,
    fibrillation: float | None,
) -> FloatArray:
    """Return the figures of one window, shape (FIGURES,), scaled and cut to ``ROW_LIMIT``.

    ``beats`` are those of the last ``BEATS_S``, ``shape`` is the usual beat's. What is not known
    is 0, the middle of its scale.
    """
    known: dict[str, float | None] = {
        "heart_rate_bpm": assessment.rhythm.heart_rate_bpm,
        "rr_irregularity": assessment.rhythm.rr_irregularity,
        "longest_pause_s": assessment.rhythm.longest_pause_s,
        "oscillation": oscillation,
        "fibrillation": fibrillation,
        "sqi": assessment.sqi,
    }
    known |= dict(_ectopy(beats))
    known |= dict(_intervals(assessment.intervals or Intervals()))
    known |= dict(_levels(assessment.st.leads if assessment.st else ()))
    if shape is not None:
        known |= dict(_waves(shape))
    values = np.array([np.nan if (v := known.get(name)) is None else v for name in SCALES])
    scaled = np.clip((values - _CENTRES) / _UNITS, -ROW_LIMIT, ROW_LIMIT)
    row: FloatArray = np.concatenate(([1.0], np.where(np.isfinite(scaled), scaled, 0.0)))
    return row


def extend_rows(rows: Rows, time_s: float, row: FloatArray) -> Rows:
    """Return the rows after one window, one for every ten seconds: the first that comes."""
    return (*rows, (int(time_s // ROW_S), row))[-ROWS:]


def is_due(rows: Rows, time_s: float) -> bool:
    """Tell whether no row is of the ten seconds that ``time_s`` lies in."""
    return not rows or int(time_s // ROW_S) > rows[-1][0]


def progression_input(rows: Rows, time_s: float) -> FloatArray | None:
    """Return what the RNN sees, shape (30, FIGURES), the newest row last.

    Ten seconds without a row are zeros. None: fewer than ``LEAST_ROWS`` rows of the last minutes.
    """
    newest = int(time_s // ROW_S)
    recent = [(slot, row) for slot, row in rows if newest - ROWS < slot <= newest]
    if len(recent) < LEAST_ROWS:
        return None
    seen = np.zeros((ROWS, FIGURES))
    for slot, row in recent:
        seen[slot - newest - 1] = row
    return seen


def _ectopy(beats: Sequence[Beat]) -> Iterator[tuple[str, float]]:
    if not beats:
        return
    yield "ventricular_share", sum(b.beat_class == BeatClass.V for b in beats) / len(beats)
    yield "supraventricular_share", sum(b.beat_class == BeatClass.S for b in beats) / len(beats)
    p_waves = [b.waves.p_confidence for b in beats if b.waves and b.waves.p_confidence is not None]
    if p_waves:
        yield "p_confidence", sum(p_waves) / len(p_waves)


def _intervals(intervals: Intervals) -> Iterator[tuple[str, float | None]]:
    yield "qrs_ms", intervals.qrs_ms
    yield "pr_ms", intervals.pr_ms
    yield "qtc_ms", intervals.qtc_fridericia_ms
    if intervals.axis_deg is not None:
        yield "axis_cosine", cos(radians(intervals.axis_deg))
        yield "axis_sine", sin(radians(intervals.axis_deg))


def _levels(leads: Sequence[LeadSt]) -> Iterator[tuple[str, float | None]]:
    for each in leads:
        yield f"st_{each.lead}_mv", each.level_mv


def _waves(shape: Morphology) -> Iterator[tuple[str, float | None]]:
    yield "has_p", float(shape.has_p)
    yield "is_paced", float(shape.is_paced)
    for lead in _WAVE_LEADS:
        yield f"t_{lead}_mv", shape.leads[lead].t_mv
        yield f"r_{lead}_mv", shape.leads[lead].r_mv
        yield f"s_{lead}_mv", shape.leads[lead].s_mv
    for lead in _Q_LEADS:
        yield f"q_{lead}_mv", shape.leads[lead].q_mv
        yield f"q_{lead}_s", shape.leads[lead].q_s
