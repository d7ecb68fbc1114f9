"""What the quality of a lead is judged by: figures of its height, steepness, noise and steps.

All are measured before any beat is looked for, in twentieths of a second: between the beats of
a heart at 200 bpm there is still quiet in between, if the signal is quiet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.model.order import median_of
from ecgd.model.signal import FloatArray, Prepared

LEAST_FIGURE = 1e-3
LEAST_PEAK_MV = 1e-4
SAME_MV = 1e-6
TINY = 1e-9

STEP_BLOCK_S = 0.2
PIECE_S = 0.05
PIECES_OF_CREST = 5
MUSCLE_REACH_S = 0.006
STEEP_LAG_S = 0.012
NOISE_SCALE = 1.4826 / 1.5**0.5

CREST_QUANTILE = 0.9
UNSURE_QUANTILE = 0.65
QUIET_QUANTILE = 0.7
CALM_QUANTILE = 0.65
SILENT_QUANTILE = 0.25
STEEP_QUIET_QUANTILE = 0.1

APART_PIECES = 4
MOST_PEAKS = 23
LEAST_PEAKS = 1
"""Peaks stand 0.2 s apart; one to 22 of them in a window may be beats."""

RHYTHM_PIECES: Final = (5, 40)
"""Intervals of 0.25 to 2 s."""


@dataclass(frozen=True, slots=True, eq=False)
class QualityFigures:
    """What quality is judged by, per lead: arrays of shape (lead,), or (lead, second).

    ``noise_mv``: deviation of each sample from the middle of those 6 ms before and after, in the
    usual second; ``step_mv``: largest change of the mean from one fifth of a second to the next;
    ``crest_mv``: usual deflection of a quarter second that holds a QRS. The others are common
    logarithms of ratios, but ``rhythm``, the autocorrelation of the steepness at the interval
    that fits best.

    Twentieths of a second leave room for the quiet between beats at any rate. ``quiet``: crest over
    what seven in ten of them stay below, ``calm``: crest of the usual second over what most of the
    least calm second stays below; ``unsure``: quarter seconds that rarely hold a QRS, over the
    crest. ``steepness`` is that of a QRS over its crest, ``steep_quiet`` the same over the least
    steep twentieths. Peaks part where the gap from one to the next smaller is widest: those above
    look like beats. ``valley`` and ``rest`` tell how far the least of these, and the largest of the
    others, stands above the silent twentieths; ``uneven`` how far the steepest of those that look
    like beats is above the least steep.
    """

    span_mv: FloatArray
    flat_share: FloatArray
    noise_mv: FloatArray
    step_mv: FloatArray
    crest_mv: FloatArray
    quiet: FloatArray
    calm: FloatArray
    valley: FloatArray
    rest: FloatArray
    uneven: FloatArray
    unsure: FloatArray
    rhythm: FloatArray
    steepness: FloatArray
    steep_quiet: FloatArray
    noise_each_mv: FloatArray
    step_each_mv: FloatArray


def quality_figures(prepared: Prepared) -> QualityFigures:
    """Measure each lead of a window that has valid samples; those that are not are bridged."""
    fs_hz, valid = prepared.fs_hz, prepared.valid
    signal, band = prepared.st_path_mv, prepared.band_mv
    raw = prepared.raw_mv if valid.all() else prepared.raw_mv[:, valid]
    noise_each = _noise_each(signal, fs_hz)
    means = _blocks(signal, STEP_BLOCK_S * fs_hz).mean(axis=2)
    steps = np.abs(means[:, 1:] - means[:, :-1])
    lag = max(1, round(STEEP_LAG_S * fs_hz))
    heights = _pieces(np.abs(band), fs_hz)
    rises = _pieces(np.abs(band[:, lag:] - band[:, :-lag]), fs_hz)
    # Heights and rises have the same shape and are measured alike.
    both = np.concatenate((heights, rises))
    ordered = np.sort(both, axis=1)
    crests = np.sort(_crests(both), axis=1)
    usual = _at(crests, CREST_QUANTILE)
    parting = _part(both, _at(ordered, SILENT_QUANTILE))
    count = heights.shape[0]
    crest_mv, steep_mv = usual[:count], usual[count:]
    return QualityFigures(
        span_mv=signal.max(axis=1) - signal.min(axis=1),
        flat_share=(np.abs(raw[:, 1:] - raw[:, :-1]) < SAME_MV).mean(axis=1),
        noise_mv=median_of(noise_each),
        step_mv=steps.max(axis=1, initial=0.0),
        crest_mv=crest_mv,
        quiet=logarithm(crest_mv / np.maximum(_at(ordered[:count], QUIET_QUANTILE), SAME_MV)),
        calm=_calm(heights),
        valley=(parting.least_beat - parting.silent)[:count],
        rest=(parting.largest_other - parting.silent)[:count],
        uneven=(parting.largest - parting.least_beat)[count:],
        unsure=logarithm(_at(crests[:count], UNSURE_QUANTILE) / np.maximum(crest_mv, LEAST_FIGURE)),
        rhythm=_rhythm(rises),
        steepness=logarithm(steep_mv) - logarithm(crest_mv),
        steep_quiet=logarithm(
            steep_mv / np.maximum(_at(ordered[count:], STEEP_QUIET_QUANTILE), SAME_MV)
        ),
        noise_each_mv=noise_each,
        step_each_mv=_steps_each(steps, noise_each.shape[1]),
    )


def _noise_each(signal: FloatArray, fs_hz: float) -> FloatArray:
    """Return the noise of each second, shape (lead, second), from every second sample."""
    reach = max(1, round(MUSCLE_REACH_S * fs_hz))
    middle = signal[:, 2 * reach :: 2] + signal[:, : -2 * reach : 2]
    uneven = np.abs(signal[:, reach:-reach:2] - middle / 2)
    seconds = _seconds_of(uneven, signal.shape[1], fs_hz)
    half = seconds.shape[2] // 2
    noise: FloatArray = NOISE_SCALE * np.partition(seconds, half, axis=2)[:, :, half]
    return noise


def _pieces(rows: FloatArray, fs_hz: float) -> FloatArray:
    """Return the largest value of each twentieth of a second: shape (lead, piece)."""
    count = max(1, round(rows.shape[1] / fs_hz / PIECE_S))
    begins = (np.arange(count) * (rows.shape[1] / count)).astype(np.int64)
    largest: FloatArray = np.maximum.reduceat(rows, begins, axis=1)
    return largest


def _crests(heights: FloatArray) -> FloatArray:
    """Return the largest value of each quarter second."""
    whole = max(1, heights.shape[1] // PIECES_OF_CREST)
    size = min(PIECES_OF_CREST, heights.shape[1])
    largest: FloatArray = heights[:, : whole * size].reshape(-1, whole, size).max(axis=2)
    return largest


def _calm(heights: FloatArray) -> FloatArray:
    """Return how far the usual second's crest is above most of the least calm second."""
    count = heights.shape[1]
    seconds = max(1, round(count * PIECE_S))
    size = count // seconds
    each = np.sort(heights[:, : seconds * size].reshape(-1, seconds, size), axis=2)
    usual = np.sort(each[:, :, -1], axis=1)[:, seconds // 2]
    loudest = each[:, :, int(CALM_QUANTILE * size)].max(axis=1)
    return logarithm(usual / np.maximum(loudest, SAME_MV))


@dataclass(frozen=True, slots=True, eq=False)
class _Parting:
    """Peaks that look like beats and others: common logarithms, one a row."""

    largest: FloatArray
    least_beat: FloatArray
    largest_other: FloatArray
    silent: FloatArray


def _part(pieces: FloatArray, silent_mv: FloatArray) -> _Parting:
    """Part the peaks of each row where the gap from one to the next smaller is widest."""
    count = pieces.shape[1]
    peaks = np.zeros((pieces.shape[0], max(count, MOST_PEAKS)))
    np.negative(pieces, out=peaks[:, :count], where=pieces >= _largest_around(pieces))
    peaks.sort(axis=1)
    silent = logarithm(silent_mv, LEAST_PEAK_MV)
    ordered = np.maximum(logarithm(-peaks[:, :MOST_PEAKS], LEAST_PEAK_MV), silent[:, None])
    gaps = ordered[:, LEAST_PEAKS - 1 : -1] - ordered[:, LEAST_PEAKS:]
    last = gaps.argmax(axis=1) + LEAST_PEAKS - 1
    each = np.arange(last.size)
    return _Parting(ordered[:, 0], ordered[each, last], ordered[each, last + 1], silent)


def _largest_around(pieces: FloatArray) -> FloatArray:
    """Return for each piece the largest of it and of the four on either side."""
    around = np.zeros((pieces.shape[0], pieces.shape[1] + 2 * APART_PIECES))
    around[:, APART_PIECES:-APART_PIECES] = pieces
    pairs = np.maximum(around[:, :-1], around[:, 1:])
    fours = np.maximum(pairs[:, :-2], pairs[:, 2:])
    eights = np.maximum(fours[:, :-4], fours[:, 4:])
    largest: FloatArray = np.maximum(eights[:, :-1], around[:, 2 * APART_PIECES :])
    return largest


def _rhythm(rises: FloatArray) -> FloatArray:
    """Return the autocorrelation of the logarithms at the lag of a heart that fits best."""
    count = rises.shape[1]
    first, last = RHYTHM_PIECES[0], min(RHYTHM_PIECES[1], count)
    if last <= first:
        return np.zeros(rises.shape[0])
    level = logarithm(rises)
    level -= level.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(level, 2 * count, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    same = np.fft.irfft(power, 2 * count, axis=1)[:, :last]
    same /= np.maximum(same[:, :1], TINY) * (1.0 - np.arange(last) / count)
    best: FloatArray = same[:, first:].max(axis=1)
    return best


def logarithm(value: FloatArray, least: float = LEAST_FIGURE) -> FloatArray:
    """Return common logarithms; what is smaller than ``least`` counts as that."""
    common: FloatArray = np.log10(np.maximum(value, least))
    return common


def _at(ordered: FloatArray, quantile: float) -> FloatArray:
    """Return the value of each ordered row that stands at ``quantile``."""
    value: FloatArray = ordered[:, int(quantile * ordered.shape[1])]
    return value


def _seconds_of(uneven: FloatArray, sample_count: int, fs_hz: float) -> FloatArray:
    """Return every second sample, but for some at both ends, in seconds of the window."""
    count = max(1, sample_count // round(fs_hz))
    size = uneven.shape[1] // count
    return uneven[:, : count * size].reshape(uneven.shape[0], count, size)


def _steps_each(steps: FloatArray, count: int) -> FloatArray:
    """Return the largest step in each second, shape (lead, second)."""
    per_s = round(1 / STEP_BLOCK_S)
    padded = np.zeros((steps.shape[0], max(count * per_s, steps.shape[1] + 1)))
    padded[:, 1 : steps.shape[1] + 1] = steps
    each: FloatArray = padded[:, : count * per_s].reshape(-1, count, per_s).max(axis=2)
    return each


def _blocks(rows: FloatArray, size: float) -> FloatArray:
    """Return ``rows`` (lead, sample) in blocks of ``size`` samples: (lead, block, sample)."""
    length = max(1, min(round(size), rows.shape[1]))
    count = rows.shape[1] // length
    return rows[:, : count * length].reshape(rows.shape[0], count, length)
