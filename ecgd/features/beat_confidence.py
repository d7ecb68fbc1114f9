"""How sure it is that the beats of one window are right, told from its leads and its rhythm.

A beat too many halves an interval, a missed one doubles it: how far the shortest and the longest
RR of the window are from the usual one says as much as the signal's quality does. True ectopy looks
the same to it, so a window with extra beats is called less sure, never more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

GOOD_CONFIDENCE: Final = 0.97
"""From here on a window is called good: of such windows more than 99 % have every beat right."""

QUALITY_WEIGHT: Final = 1.15
LONGEST_WEIGHT: Final = -7.73
SHORTEST_WEIGHT: Final = 11.27
CONSTANT: Final = 3.42
"""Log-odds on the mean log-odds of the leads and the common logarithms of the longest and shortest
RR over the median. Fitted on 13,800 windows of both leads of MIT-BIH (DS1), clean and with
electrode motion (18 to 0 dB), muscle (12, 6 dB) and wander (6 dB) of NSTDB, checked
patient-wise."""

FARTHEST: Final = 8.0
LEAST_BEATS: Final = 2
LEAST_RR_S: Final = 1e-3


def beat_confidence(sqi: Sequence[float], r_peaks_s: Sequence[float]) -> float | None:
    """Return the probability that the window's beats are right.

    ``sqi`` are those of the measured leads; one of 0 is lost and takes no part. ``r_peaks_s`` are
    all beats of the window, in order. None where there is no lead, or no interval to judge by.
    """
    seen = np.array([each for each in sqi if each > 0])
    if not seen.size or len(r_peaks_s) < LEAST_BEATS:
        return None
    odds = np.log(seen) - np.log1p(-np.minimum(seen, 1 - 1e-9))
    rr_s = np.maximum(np.diff(np.asarray(r_peaks_s, dtype=np.float64)), LEAST_RR_S)
    usual_s = float(np.median(rr_s))
    score = (
        CONSTANT
        + QUALITY_WEIGHT * float(np.clip(odds, -FARTHEST, FARTHEST).mean())
        + LONGEST_WEIGHT * float(np.log10(rr_s.max() / usual_s))
        + SHORTEST_WEIGHT * float(np.log10(rr_s.min() / usual_s))
    )
    return float(1.0 / (1.0 + np.exp(-np.clip(score, -50.0, 50.0))))
