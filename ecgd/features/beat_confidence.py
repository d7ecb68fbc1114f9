"""How sure it is that the beats of one window are right, told from its leads and its rhythm.

A beat too many halves an interval, a missed one doubles it: how far the shortest and the longest
RR of the window are from the usual one says as much as the signal's quality does. True ectopy looks
the same to it, so a window with extra beats is called less sure, never more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log, log1p, log10
from statistics import fmean, median
from typing import Final

GOOD_CONFIDENCE: Final = 0.96
"""From here on a window is called good: of such windows more than 99 % have every beat right."""

QUALITY_WEIGHT: Final = 0.97
LONGEST_WEIGHT: Final = -7.02
SHORTEST_WEIGHT: Final = 10.26
CONSTANT: Final = 2.65
"""Log-odds on the mean log-odds of the leads and the common logarithms of the longest and shortest
RR over the median. Fitted on 29,000 windows of one and of both leads of MIT-BIH (DS1), clean and
with the noises of NSTDB (24 to -6 dB, and in bursts), some made faster or slower; checked
patient-wise."""

FARTHEST: Final = 8.0
LEAST_BEATS: Final = 2
LEAST_RR_S: Final = 1e-3


def beat_confidence(sqi: Sequence[float], r_peaks_s: Sequence[float]) -> float | None:
    """Return the probability that the window's beats are right.

    ``sqi`` are those of the measured leads; one of 0 is lost and takes no part. ``r_peaks_s`` are
    all beats of the window, in order. None where there is no lead, or no interval to judge by.
    """
    seen = [each for each in sqi if each > 0]
    if not seen or len(r_peaks_s) < LEAST_BEATS:
        return None
    odds = [log(each) - log1p(-min(each, 1 - 1e-9)) for each in seen]
    rr_s = [max(after_s - before_s, LEAST_RR_S) for before_s, after_s in pairwise(r_peaks_s)]
    usual_s = median(rr_s)
    score = (
        CONSTANT
        + QUALITY_WEIGHT * fmean(min(max(each, -FARTHEST), FARTHEST) for each in odds)
        + LONGEST_WEIGHT * log10(max(rr_s) / usual_s)
        + SHORTEST_WEIGHT * log10(min(rr_s) / usual_s)
    )
    return 1.0 / (1.0 + exp(-min(max(score, -50.0), 50.0)))
