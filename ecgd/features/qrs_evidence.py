"""How much speaks for a crest being a QRS: its height, its likeness, and what the leads agree on.

In a quiet signal every crest that stands out is a QRS, whatever its shape. In noise a crest is
asked for more: that it looks like the usual QRS of this patient (a matched filter over all
leads), that it is as steep as one, and that it stands out of what is around it. Both log-odds were
fitted on MIT-BIH (DS1), clean and with the noises of NSTDB at 12, 6 and 0 dB; how far the crests
stand out of the window's noise says which of them counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import NamedTuple

import numpy as np

from ecgd.model.order import median_of
from ecgd.model.signal import BoolArray, FloatArray, IntArray

SHAPE_AT_S = np.arange(-11, 12) * 0.008
LAGS_S = np.arange(-5, 6) * 0.008
"""A shape's points around its crest, and how far it may be moved to find it alike."""

_AROUND_S = np.arange(-16, 17) * 0.008
_MOVED = np.arange(LAGS_S.size)[:, None] + np.arange(SHAPE_AT_S.size)
"""All points of a shape at all lags, and which of them it has at each lag."""

_NEAR_S = np.arange(-3, 4) * 0.012
"""Where a lead may have its own crest."""

TINY = 1e-9
"""Added to lengths, that may be zero."""

LEAST_SHARE = 0.2
LEAST_NOISE_SHARE = 0.25
"""No lead counts as quieter than this share of the noisiest, or it alone would decide."""

HIGH_QUANTILE = 0.97
STRONG_SHARE = 0.4
LEAST_STRONG = 3
UNKNOWN_LIKENESS = 0.5
"""Crests above ``STRONG_SHARE`` of the usual one may stand for the window; fewer than three say
nothing, and all count as this much alike."""

BEFORE_S = 0.36
AFTER_S = 0.30
"""A higher crest so soon before, or after, makes this one a T, or a P, wave."""

HEIGHTS = (-3.0, 0.7)
RATIOS = (0.7, 4.0)
MIDDLE_RATIO = 2.0
"""Logarithms of the height and of the signal-to-noise ratio are held within these."""

QUIET_RATIOS = (1.9, 2.35)
"""Logarithms of the ratio up to which a window counts as noisy, and from which as quiet."""

PROMINENCES = (-1.0, 4.0)
"""The logarithm of a crest over what is around it is held within these."""


class Weight(NamedTuple):
    """What one figure adds to the log-odds in a quiet window, and in a noisy one.

    ``_clear`` counts times how far the window's crests stand out of its noise: the logarithm of
    that over ``MIDDLE_RATIO``.
    """

    quiet: float
    quiet_clear: float
    noisy: float
    noisy_clear: float


WEIGHTS = (
    Weight(2.00, 2.64, 1.69, -0.84),  # always
    Weight(1.16, 0.53, -1.14, 0.0),  # height
    Weight(-0.12, 0.0, 0.0, 0.0),  # its square
    Weight(10.43, 0.78, 0.0, 0.0),  # likeness
    Weight(0.0, 0.0, 13.69, -14.57),  # likeness to the usual QRS alone
    Weight(1.82, 0.73, 4.07, 0.0),  # agreement of the leads
    Weight(-2.91, 0.0, -2.05, 0.0),  # a higher crest soon before
    Weight(-3.17, 0.0, -1.32, 0.0),  # a higher crest soon after
    Weight(0.0, 0.0, -0.55, 0.48),  # prominence
    Weight(0.0, 0.0, 0.71, 0.0),  # its square
    Weight(0.0, 0.0, 2.60, 0.0),  # steepness
    Weight(0.0, 0.0, -5.58, 0.0),  # its square
)
_WEIGHTS = np.array(WEIGHTS).T
_STRONG = log(STRONG_SHARE)

USUAL_LIKENESS = 0.6
LEAST_USUAL = 2
FOLLOW = 0.1
"""How alike, and how many, beats must be for the usual shape to follow them, and how fast."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """``log_odds`` and ``likeness`` (crest,) and ``shapes_mv`` (crest, lead, point), aligned.

    ``quiet`` is 0 for a window full of noise and 1 for one whose crests stand out clearly, and
    ``in_quiet`` the log-odds as they would be in such a one.
    """

    log_odds: FloatArray
    in_quiet: FloatArray
    likeness: FloatArray
    shapes_mv: FloatArray
    quiet: float


@dataclass(frozen=True, slots=True, eq=False)
class CrestFigures:
    """What a crest is judged by before its shape is known, each (crest,); all are logarithms.

    ``height`` is over the usual crest, ``prominence`` over what is around it, ``steepness`` is the
    score over the energy. ``clear`` is the usual crest over the window's noise.
    """

    height: FloatArray
    prominence: FloatArray
    steepness: FloatArray
    clear: float


def weigh_leads(envelope_mv: FloatArray, high_mv: FloatArray) -> FloatArray:
    """Return each lead's share of the say, shape (lead,), from ``envelope_mv`` (lead, sample).

    It grows with the square of the lead's crests, ``high_mv`` (lead,), over its noise.
    """
    ratio = high_mv / np.maximum(median_of(envelope_mv), TINY)
    weights = np.where(high_mv >= LEAST_SHARE * high_mv.max(), ratio, 0.0) ** 2 + 1e-12
    share: FloatArray = weights / weights.sum()
    return share


def weigh_crests(
    bands_mv: FloatArray,
    envelopes_mv: FloatArray,
    high_mv: FloatArray,
    indices: IntArray,
    figures: CrestFigures,
    *,
    fs_hz: float,
    usual_mv: FloatArray | None,
) -> Evidence:
    """Weigh each crest of one window.

    ``bands_mv`` (lead, sample) is the sum of both bands, ``envelopes_mv`` (band, lead, sample)
    their envelopes and ``high_mv`` (lead,) the height of the first one's crests. ``usual_mv``
    (lead, point) is the usual shape, None where none is known.
    """
    noise_mv = median_of(envelopes_mv.sum(axis=0))
    noise_mv = np.maximum(noise_mv, max(LEAST_NOISE_SHARE * float(noise_mv.max()), TINY))
    shapes = _cut_shapes(bands_mv, indices, noise_mv, fs_hz)
    likeness, lag = _likeness_within(shapes, figures.height)
    usual_likeness = likeness
    if usual_mv is not None:
        usual = usual_mv.ravel()
        each = shapes.likeness(usual, float(np.sqrt(usual**2 @ shapes.weights)))
        lag, usual_likeness = each.argmax(axis=1), each.max(axis=1)
        likeness = np.maximum(likeness, usual_likeness)
    table = _table(
        figures,
        likeness,
        usual_likeness,
        _agreement(envelopes_mv[0], high_mv, indices, fs_hz),
        indices / fs_hz,
    )
    low, high = QUIET_RATIOS
    quiet = min(max((figures.clear - low) / (high - low), 0.0), 1.0)
    in_quiet, in_noise = _log_odds(table, figures.clear)
    return Evidence(
        quiet * in_quiet + (1 - quiet) * in_noise,
        in_quiet,
        likeness,
        shapes.at(lag).reshape(indices.size, bands_mv.shape[0], SHAPE_AT_S.size),
        quiet,
    )


def _table(
    figures: CrestFigures,
    likeness: FloatArray,
    usual_likeness: FloatArray,
    agreement: FloatArray,
    at_s: FloatArray,
) -> FloatArray:
    """Return what ``WEIGHTS`` weigh, shape (figure, crest)."""
    height = _held(figures.height, *HEIGHTS)
    prominence = _held(figures.prominence, *PROMINENCES)
    before, after = _overtopped(at_s, height)
    return np.array(
        (
            *(np.ones(height.size), height, height**2),
            *(np.maximum(each - UNKNOWN_LIKENESS, 0.0) ** 2 for each in (likeness, usual_likeness)),
            *(agreement, before, after, prominence, prominence**2),
            *(figures.steepness, figures.steepness**2),
        )
    )


def _log_odds(table: FloatArray, clear: float) -> tuple[FloatArray, FloatArray]:
    """Return the log-odds of each crest in a quiet window and in a noisy one."""
    plain_quiet, by_clear_quiet, plain_noisy, by_clear_noisy = _WEIGHTS
    quiet = min(max(clear, RATIOS[0]), RATIOS[1]) - MIDDLE_RATIO
    noisy = min(max(clear, RATIOS[0]), QUIET_RATIOS[1]) - MIDDLE_RATIO
    return (
        (plain_quiet + quiet * by_clear_quiet) @ table,
        (plain_noisy + noisy * by_clear_noisy) @ table,
    )


def follow_shape(
    usual_mv: FloatArray | None,
    evidence: Evidence,
    chosen: list[int],
    usable: BoolArray,
) -> FloatArray | None:
    """Return the usual shape after a window, (lead, point), over all leads; unseen leads are 0."""
    likeness: list[float] = evidence.likeness.tolist()
    alike = [k for k in chosen if likeness[k] > USUAL_LIKENESS]
    if len(alike) < LEAST_USUAL:
        return usual_mv
    seen_mv = median_of(evidence.shapes_mv[alike], axis=0)
    if usual_mv is None:
        usual_mv = np.zeros((usable.size, SHAPE_AT_S.size))
    known = np.abs(usual_mv[usable]).sum(axis=1, keepdims=True) > 0
    share = np.where(known, FOLLOW, 1.0)
    followed = usual_mv.copy()
    followed[usable] = (1 - share) * usual_mv[usable] + share * seen_mv
    followed.setflags(write=False)
    return followed


@dataclass(frozen=True, slots=True, eq=False)
class _Shapes:
    """Each crest's signal at each lag, all leads behind one another.

    ``pieces_mv`` is (crest, lag, lead × point), ``sizes`` (crest, lag) their lengths in units of
    the leads' noise and ``weights`` (lead × point,) what makes these units of millivolts, squared.
    """

    pieces_mv: FloatArray
    sizes: FloatArray
    weights: FloatArray

    def at(self, lag: IntArray) -> FloatArray:
        """Return each crest's shape at its lag, (crest, lead × point)."""
        shapes_mv: FloatArray = self.pieces_mv[np.arange(lag.size), lag]
        return shapes_mv

    def likeness(self, shape_mv: FloatArray, size: float) -> FloatArray:
        """Return the correlation with a shape (lead × point,) of a length, (crest, lag)."""
        product: FloatArray = self.pieces_mv @ (shape_mv * self.weights / (size + TINY))
        return product / self.sizes


def _cut_shapes(
    bands_mv: FloatArray, indices: IntArray, noise_mv: FloatArray, fs_hz: float
) -> _Shapes:
    at = indices[:, None] + np.rint(_AROUND_S * fs_hz).astype(np.int64)
    around_mv = bands_mv.take(at, axis=1, mode="clip").swapaxes(0, 1)
    size = bands_mv.shape[0] * SHAPE_AT_S.size
    moved_mv = around_mv.take(_MOVED, axis=2).swapaxes(1, 2)
    pieces_mv = moved_mv.reshape(indices.size, LAGS_S.size, size)
    weights = np.repeat(noise_mv**-2, SHAPE_AT_S.size)
    return _Shapes(pieces_mv, np.sqrt(pieces_mv**2 @ weights) + TINY, weights)


def _likeness_within(shapes: _Shapes, height: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return each crest's likeness to the window's own, and the lag where it is most alike.

    The window's own is the strong crest most like its better half.
    """
    middle = LAGS_S.size // 2
    strong = (height >= _STRONG).nonzero()[0]
    if strong.size < LEAST_STRONG:
        return np.full(height.size, UNKNOWN_LIKENESS), np.full(height.size, middle)
    unmoved_mv, sizes = shapes.pieces_mv[strong, middle], shapes.sizes[strong, middle]
    products = shapes.pieces_mv[strong] @ (unmoved_mv * (shapes.weights / sizes[:, None])).T
    alike = (products / shapes.sizes[strong, :, None]).max(axis=1)
    better = max(2, (strong.size + 1) // 2)
    own = int(np.sort(alike, axis=0)[-better:].mean(axis=0).argmax())
    each = shapes.likeness(unmoved_mv[own], float(sizes[own]) - TINY)
    return each.max(axis=1), each.argmax(axis=1)


def _agreement(
    envelope_mv: FloatArray, high_mv: FloatArray, indices: IntArray, fs_hz: float
) -> FloatArray:
    """Return the mean logarithm, over the leads, of a crest as a share of the lead's high level."""
    at = indices[:, None] + np.rint(_NEAR_S * fs_hz).astype(np.int64)
    crest_mv = envelope_mv.take(at, axis=1, mode="clip").max(axis=2)
    share = crest_mv / np.maximum(high_mv, TINY)[:, None]
    agreement: FloatArray = np.log(np.exp(np.log(np.maximum(share, 1e-3)).mean(axis=0)) + 1e-3)
    return agreement


def _held(values: FloatArray, low: float, high: float) -> FloatArray:
    held: FloatArray = np.minimum(np.maximum(values, low), high)
    return held


def _overtopped(at_s: FloatArray, height: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return by how much the crests soon before, and soon after, are higher; 0 where none is."""
    apart_s = at_s - at_s[:, None]
    higher = height - height[:, None]
    before = np.where((apart_s < 0) & (apart_s > -BEFORE_S), higher, 0.0)
    after = np.where((apart_s > 0) & (apart_s < AFTER_S), higher, 0.0)
    return before.max(axis=1, initial=0.0), after.max(axis=1, initial=0.0)
