"""How much speaks for a crest being a QRS: its height, its likeness, and what the leads agree on.

In a quiet signal every crest that stands out is a QRS, whatever its shape. In noise a crest is
asked for more: that it looks like the usual QRS of this patient (a matched filter over all
leads), that it is as steep as one, and that it stands out of what is around it. Both log-odds were
fitted on MIT-BIH (DS1), clean and with the noises of NSTDB at 12, 6 and 0 dB; how far the crests
stand out of the window's noise says which of them counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray, IntArray

SHAPE_AT_S = np.arange(-11, 12) * 0.008
LAGS_S = np.arange(-5, 6) * 0.008
"""A shape's points around its crest, and how far it may be moved to find it alike."""

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

HEIGHT_WEIGHT = 1.16
HEIGHT_SQUARE_WEIGHT = -0.12
HEIGHT_CLEAR_WEIGHT = 0.53
LIKENESS_WEIGHT = 10.43
LIKENESS_CLEAR_WEIGHT = 0.78
CLEAR_WEIGHT = 2.64
BEFORE_WEIGHT = -2.91
AFTER_WEIGHT = -3.17
AGREEMENT_WEIGHT = 1.82
AGREEMENT_CLEAR_WEIGHT = 0.73
CONSTANT = 2.0
"""Log-odds in a quiet window."""

NOISY_HEIGHT_WEIGHT = -1.14
NOISY_CLEAR_WEIGHT = -0.84
NOISY_AGREEMENT_WEIGHT = 4.07
NOISY_BEFORE_WEIGHT = -2.05
NOISY_AFTER_WEIGHT = -1.32
NOISY_USUAL_WEIGHT = 13.69
NOISY_USUAL_CLEAR_WEIGHT = -14.57
NOISY_PROMINENCE_WEIGHT = -0.55
NOISY_PROMINENCE_CLEAR_WEIGHT = 0.48
NOISY_PROMINENCE_SQUARE_WEIGHT = 0.71
NOISY_STEEP_WEIGHT = 2.60
NOISY_STEEP_SQUARE_WEIGHT = -5.58
NOISY_CONSTANT = 1.69
"""Log-odds in a noisy window: likeness counts to the usual QRS alone."""

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


def weigh_leads(envelope_mv: FloatArray) -> FloatArray:
    """Return each lead's share of the say, shape (lead,), from ``envelope_mv`` (lead, sample).

    It grows with the square of the lead's crests over its noise.
    """
    level_mv = np.quantile(envelope_mv, HIGH_QUANTILE, axis=1)
    noise_mv = np.median(envelope_mv, axis=1)
    ratio = level_mv / np.maximum(noise_mv, 1e-9)
    weights = np.where(level_mv >= LEAST_SHARE * level_mv.max(), ratio, 0.0) ** 2 + 1e-12
    share: FloatArray = weights / weights.sum()
    return share


def weigh_crests(
    bands_mv: FloatArray,
    envelopes_mv: FloatArray,
    indices: IntArray,
    figures: CrestFigures,
    *,
    fs_hz: float,
    usual_mv: FloatArray | None,
) -> Evidence:
    """Weigh each crest of one window.

    ``bands_mv`` (lead, sample) is the sum of both bands and ``envelopes_mv`` (band, lead, sample)
    their envelopes. ``usual_mv`` (lead, point) is the usual shape, None where none is known.
    """
    at = np.rint((SHAPE_AT_S + LAGS_S[:, None]) * fs_hz).astype(np.int64)
    at = np.clip(indices[:, None, None] + at, 0, bands_mv.shape[1] - 1)
    noise_mv = np.median(envelopes_mv.sum(axis=0), axis=1)
    noise_mv = np.maximum(noise_mv, max(LEAST_NOISE_SHARE * float(noise_mv.max()), 1e-9))
    shapes = (bands_mv / noise_mv[:, None])[:, at].transpose(1, 2, 0, 3)
    size = SHAPE_AT_S.size * bands_mv.shape[0]
    shapes = shapes.reshape(indices.size, LAGS_S.size, size)
    shapes /= np.linalg.norm(shapes, axis=2, keepdims=True) + 1e-9
    likeness, lag = _likeness_within(shapes, figures.height)
    usual_likeness = likeness
    if usual_mv is not None:
        usual = (usual_mv / noise_mv[:, None]).ravel()
        each = shapes @ (usual / (np.linalg.norm(usual) + 1e-9))
        lag, usual_likeness = each.argmax(axis=1), each.max(axis=1)
        likeness = np.maximum(likeness, usual_likeness)
    agreement = _agreement(envelopes_mv[0], indices, fs_hz)
    overtopped = _overtopped(indices / fs_hz, np.clip(figures.height, *HEIGHTS))
    low, high = QUIET_RATIOS
    quiet = min(max((figures.clear - low) / (high - low), 0.0), 1.0)
    in_quiet = _quiet_log_odds(figures, likeness, agreement, *overtopped)
    in_noise = _noisy_log_odds(figures, usual_likeness, agreement, *overtopped)
    shapes_mv = bands_mv[:, at[np.arange(indices.size), lag]].transpose(1, 0, 2)
    log_odds = quiet * in_quiet + (1 - quiet) * in_noise
    return Evidence(log_odds, in_quiet, likeness, shapes_mv, quiet)


def _quiet_log_odds(
    figures: CrestFigures,
    likeness: FloatArray,
    agreement: FloatArray,
    before: FloatArray,
    after: FloatArray,
) -> FloatArray:
    clear = min(max(figures.clear, RATIOS[0]), RATIOS[1]) - MIDDLE_RATIO
    height = np.clip(figures.height, *HEIGHTS)
    alike = np.maximum(likeness - UNKNOWN_LIKENESS, 0.0) ** 2
    log_odds: FloatArray = (
        CONSTANT
        + CLEAR_WEIGHT * clear
        + (HEIGHT_WEIGHT + HEIGHT_SQUARE_WEIGHT * height + HEIGHT_CLEAR_WEIGHT * clear) * height
        + (LIKENESS_WEIGHT + LIKENESS_CLEAR_WEIGHT * clear) * alike
        + (AGREEMENT_WEIGHT + AGREEMENT_CLEAR_WEIGHT * clear) * agreement
        + BEFORE_WEIGHT * before
        + AFTER_WEIGHT * after
    )
    return log_odds


def _noisy_log_odds(
    figures: CrestFigures,
    likeness: FloatArray,
    agreement: FloatArray,
    before: FloatArray,
    after: FloatArray,
) -> FloatArray:
    clear = min(max(figures.clear, RATIOS[0]), QUIET_RATIOS[1]) - MIDDLE_RATIO
    prominence = np.clip(figures.prominence, *PROMINENCES)
    alike = np.maximum(likeness - UNKNOWN_LIKENESS, 0.0) ** 2
    log_odds: FloatArray = (
        NOISY_CONSTANT
        + NOISY_CLEAR_WEIGHT * clear
        + NOISY_HEIGHT_WEIGHT * np.clip(figures.height, *HEIGHTS)
        + NOISY_AGREEMENT_WEIGHT * agreement
        + (NOISY_USUAL_WEIGHT + NOISY_USUAL_CLEAR_WEIGHT * clear) * alike
        + (NOISY_PROMINENCE_WEIGHT + NOISY_PROMINENCE_CLEAR_WEIGHT * clear) * prominence
        + NOISY_PROMINENCE_SQUARE_WEIGHT * prominence**2
        + (NOISY_STEEP_WEIGHT + NOISY_STEEP_SQUARE_WEIGHT * figures.steepness) * figures.steepness
        + NOISY_BEFORE_WEIGHT * before
        + NOISY_AFTER_WEIGHT * after
    )
    return log_odds


def follow_shape(
    usual_mv: FloatArray | None,
    evidence: Evidence,
    chosen: list[int],
    usable: BoolArray,
) -> FloatArray | None:
    """Return the usual shape after a window, (lead, point), over all leads; unseen leads are 0."""
    alike = [k for k in chosen if evidence.likeness[k] > USUAL_LIKENESS]
    if len(alike) < LEAST_USUAL:
        return usual_mv
    seen_mv = np.median(evidence.shapes_mv[alike], axis=0)
    if usual_mv is None:
        usual_mv = np.zeros((usable.size, SHAPE_AT_S.size))
    known = np.abs(usual_mv[usable]).sum(axis=1, keepdims=True) > 0
    share = np.where(known, FOLLOW, 1.0)
    followed = usual_mv.copy()
    followed[usable] = (1 - share) * usual_mv[usable] + share * seen_mv
    followed.setflags(write=False)
    return followed


def _likeness_within(shapes: FloatArray, height: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return each crest's likeness to the window's own, and the lag where it is most alike.

    ``shapes`` is (crest, lag, point), of unit length. The window's own is the strong crest most
    like its better half.
    """
    middle = LAGS_S.size // 2
    strong = np.flatnonzero(height >= np.log(STRONG_SHARE))
    if strong.size < LEAST_STRONG:
        return np.full(height.size, UNKNOWN_LIKENESS), np.full(height.size, middle)
    unmoved = shapes[strong, middle]
    alike = np.sort((shapes[strong] @ unmoved.T).max(axis=1), axis=0)
    better = max(2, (strong.size + 1) // 2)
    own = unmoved[int(alike[-better:].mean(axis=0).argmax())]
    each = shapes @ own
    return each.max(axis=1), each.argmax(axis=1)


def _agreement(envelope_mv: FloatArray, indices: IntArray, fs_hz: float) -> FloatArray:
    """Return the mean logarithm, over the leads, of a crest as a share of the lead's high level."""
    reach = np.rint(np.arange(-3, 4) * 0.012 * fs_hz).astype(np.int64)
    at = np.clip(indices[:, None] + reach, 0, envelope_mv.shape[1] - 1)
    level_mv = np.maximum(np.quantile(envelope_mv, HIGH_QUANTILE, axis=1), 1e-9)
    share = envelope_mv[:, at].max(axis=2) / level_mv[:, None]
    agreement: FloatArray = np.log(np.exp(np.log(np.maximum(share, 1e-3)).mean(axis=0)) + 1e-3)
    return agreement


def _overtopped(at_s: FloatArray, height: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return by how much the crests soon before, and soon after, are higher; 0 where none is."""
    apart_s = at_s - at_s[:, None]
    higher = height - height[:, None]
    before = np.where((apart_s < 0) & (apart_s > -BEFORE_S), higher, 0.0)
    after = np.where((apart_s > 0) & (apart_s < AFTER_S), higher, 0.0)
    return before.max(axis=1, initial=0.0), after.max(axis=1, initial=0.0)
