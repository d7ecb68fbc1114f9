"""Intervals of the usual beat, and how the intervals between beats vary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intervals:
    """Medians over the last beats; None: not measurable.

    ``qt_ms`` is corrected for the rate in four ways (AHA/ACC/HRS part IV, 2009). ``axis_deg`` is
    the electrical axis of the QRS in the frontal plane.
    """

    rr_ms: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtc_bazett_ms: float | None = None
    qtc_fridericia_ms: float | None = None
    qtc_framingham_ms: float | None = None
    qtc_hodges_ms: float | None = None
    axis_deg: float | None = None
    beat_count: int = 0


@dataclass(frozen=True, slots=True)
class Variability:
    """Variability of the intervals between normal beats (Task Force, 1996).

    Over ``span_s``, of which the intervals cover ``covered_share``. A figure is None where the
    record is too short for it: LF and HF need two minutes, VLF five.
    """

    span_s: float
    covered_share: float
    interval_count: int
    sdnn_ms: float | None = None
    rmssd_ms: float | None = None
    pnn50_percent: float | None = None
    sd1_ms: float | None = None
    sd2_ms: float | None = None
    vlf_ms2: float | None = None
    lf_ms2: float | None = None
    hf_ms2: float | None = None
    lf_hf_ratio: float | None = None
