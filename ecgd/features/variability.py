"""Heart rate variability from the intervals between normal beats (Task Force, 1996).

The spectrum is that of the tachogram, not of the samples: a Lomb-Scargle periodogram (Lomb 1976,
Scargle 1982), which takes the intervals where they lie, so that left-out beats need no invention.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ecgd.model.beat import Beat, BeatClass
from ecgd.model.intervals import Variability
from ecgd.model.signal import BoolArray, FloatArray

SPAN_S: Final = 300.0
"""The standard short record."""

LEAST_SPAN_S: Final = 60.0
LEAST_BAND_SPAN_S: Final = 120.0
LEAST_VLF_SPAN_S: Final = 285.0
"""Shortest stretch for any figure, for LF and HF, and for VLF: five minutes but for the beats at
both ends."""

LEAST_COVERED: Final = 0.8
"""With more of the stretch lost to ectopic beats and noise, nothing is told."""

RR_RANGE_S: Final = (0.3, 2.0)
MOST_CHANGE: Final = 0.3
"""An interval that differs by more from the median of its neighbours holds a missed or an extra
beat; Kamath & Fallen (1995) take 0.325."""

NEIGHBOURS: Final = 5

VLF_HZ: Final = (0.0033, 0.04)
LF_HZ: Final = (0.04, 0.15)
HF_HZ: Final = (0.15, 0.4)


def measure_variability(
    beats: Sequence[Beat], *, now_index: int, watched_from_index: int, fs_hz: float
) -> Variability | None:
    """Return the variability over the last five minutes before ``now_index``.

    None with less than a minute that was watched without a break, or too few normal beats.
    """
    first = max(watched_from_index, now_index - round(SPAN_S * fs_hz))
    seen = [beat for beat in beats if first <= beat.r_peak < now_index]
    if len(seen) <= NEIGHBOURS:
        return None
    r_s = np.array([beat.r_peak for beat in seen], dtype=np.float64) / fs_hz
    span_s = float(r_s[-1] - r_s[0])
    if span_s < LEAST_SPAN_S:
        return None
    rr_s = np.diff(r_s)
    normal = np.array([beat.beat_class is BeatClass.N for beat in seen])
    kept = normal[1:] & normal[:-1] & _is_plausible(rr_s)
    covered_share = float(rr_s[kept].sum()) / span_s
    if covered_share < LEAST_COVERED:
        return Variability(span_s, covered_share, int(kept.sum()))
    return _figures(r_s[1:], rr_s, kept, span_s, covered_share)


def _is_plausible(rr_s: FloatArray) -> BoolArray:
    half = NEIGHBOURS // 2
    around = np.lib.stride_tricks.sliding_window_view(np.pad(rr_s, half, "edge"), NEIGHBOURS)
    usual_s = np.median(around, axis=1)
    low_s, high_s = RR_RANGE_S
    near: BoolArray = np.abs(rr_s - usual_s) <= MOST_CHANGE * usual_s
    return near & (rr_s >= low_s) & (rr_s <= high_s)


def _figures(
    at_s: FloatArray, rr_s: FloatArray, kept: BoolArray, span_s: float, covered_share: float
) -> Variability:
    nn_ms = 1000.0 * rr_s[kept]
    step_ms = 1000.0 * np.diff(rr_s)[kept[1:] & kept[:-1]]
    sdnn_ms = float(nn_ms.std(ddof=1))
    told = step_ms.size > 1
    sd1_ms = float(step_ms.std(ddof=1)) / np.sqrt(2.0) if told else None
    bands = tachogram_power(at_s[kept], nn_ms) if span_s >= LEAST_BAND_SPAN_S else None
    vlf, lf, hf = bands or (None, None, None)
    return Variability(
        span_s,
        covered_share,
        int(nn_ms.size),
        sdnn_ms=sdnn_ms,
        rmssd_ms=float(np.sqrt((step_ms**2).mean())) if told else None,
        pnn50_percent=float(100.0 * (np.abs(step_ms) > 50.0).mean()) if told else None,
        sd1_ms=sd1_ms,
        sd2_ms=None if sd1_ms is None else float(np.sqrt(max(0.0, 2 * sdnn_ms**2 - sd1_ms**2))),
        vlf_ms2=vlf if span_s >= LEAST_VLF_SPAN_S else None,
        lf_ms2=lf,
        hf_ms2=hf,
        lf_hf_ratio=lf / hf if lf is not None and hf else None,
    )


def tachogram_power(at_s: FloatArray, nn_ms: FloatArray) -> tuple[float, float, float]:
    """Return the power of VLF, LF and HF in ms² of intervals ``nn_ms`` that end at ``at_s``."""
    time_s = at_s - at_s[0]
    # A trend would leak over the whole spectrum.
    level_ms = nn_ms - np.polynomial.Polynomial.fit(time_s, nn_ms, 1)(time_s)
    span_s = float(time_s[-1])
    hz = np.arange(max(VLF_HZ[0], 1.0 / span_s), HF_HZ[1], 1.0 / span_s)
    angle = 2 * np.pi * hz[:, None] * time_s
    # Scargle's offset makes sine and cosine orthogonal at the times there are.
    offset = 0.5 * np.arctan2(np.sin(2 * angle).sum(axis=1), np.cos(2 * angle).sum(axis=1))
    angle -= offset[:, None]
    cosine, sine = np.cos(angle), np.sin(angle)
    power = (cosine @ level_ms) ** 2 / (cosine**2).sum(axis=1)
    power += (sine @ level_ms) ** 2 / np.maximum((sine**2).sum(axis=1), 1e-9)
    # A wave of amplitude A has the power A²/2, spread over 1/span around its frequency.
    power /= nn_ms.size

    def within(band_hz: tuple[float, float]) -> float:
        return float(power[(hz >= band_hz[0]) & (hz < band_hz[1])].sum())

    return within(VLF_HZ), within(LF_HZ), within(HF_HZ)
