"""Ventricular fibrillation and tachycardia, told from the wave itself where no beat can be found.

A lead is judged by how its power and its swings are spread, whatever their size: fibrillation,
flutter and fast ventricular tachycardia swing all the time and slowly; a heart that beats is steep
for a tenth of a second and then rests. A logistic model of eight such figures gives each lead its
log-odds; the mean over the leads, and over five windows, decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean, median
from typing import Final, NamedTuple

import numpy as np

from ecgd.model.order import quantile_of
from ecgd.model.rhythm import UNKNOWN, VENTRICULAR_FIBRILLATION, VENTRICULAR_TACHYCARDIA
from ecgd.model.signal import BoolArray, FloatArray


class Weight(NamedTuple):
    """How one figure counts: its distance from ``centre`` in units of ``scale``."""

    centre: float
    scale: float
    weight: float


WEIGHTS: Final = (
    Weight(0.290, 0.179, 0.957),  # share of the power near the peak
    Weight(-0.790, 0.514, -2.056),  # share above 10 Hz, logarithm
    Weight(-0.824, 0.419, -0.409),  # share below 2 Hz, logarithm
    Weight(0.879, 0.308, 0.458),  # kurtosis, logarithm
    Weight(0.519, 0.200, 0.556),  # share of small samples
    Weight(-0.748, 0.324, 1.365),  # quiet over busy fifth of a second, logarithm
    Weight(0.480, 0.284, 1.753),  # crossings of half the swing per second, logarithm
    Weight(-0.213, 0.203, -0.941),  # calmest over wildest second, logarithm
)
_CENTRES, _SCALES = (np.array([[each[k]] for each in WEIGHTS]) for k in (0, 1))
_WEIGHTS: Final = np.array([each.weight for each in WEIGHTS])
CONSTANT: Final = -3.238
"""Fitted on one lead at a time of 122,000 windows of 5 s: Creighton (cudb), Malignant Ventricular
Arrhythmia (vfdb) and MIT-BIH arrhythmia databases, the latter also with electrode motion and muscle
noise of NSTDB at 6 and 0 dB, PTB-XL, Challenges 2011 and 2017, NSTDB alone. Ridge penalty, each
record weighted by the root of its windows, both classes alike. Wanted: VF, VFL, VFIB and VT. Of
vfdb what is neither (NOISE, HGEA, VER) and the "N" of record 418, wide and fast, took no part."""

FARTHEST: Final = 4.0
EVIDENT: Final = 1.5
"""Log-odds from which it is taken for certain."""

SPAN_S: Final = 5.0
LEAST_SPAN_S: Final = 4.0
"""Fibrillatory or oscillatory wave of 4 s or longer (PhysioNet/CinC challenge 2015)."""

CONFIRMED_S: Final = 4.0
"""Windows must have followed each other for so long, and be evidence in the mean: five of them at
the usual hop, which leaves an alarm within ten seconds of the onset (IEC 60601-2-27)."""

LEAST_MV: Final = 0.1
"""Deflection under which a wave is not told from a standstill: coarse fibrillation is 0.2 mV from
peak to peak (AHA 1997)."""

GRID_HZ: Final = 100.0
BAND_HZ: Final = (1.0, 30.0)
STEEP_HZ: Final = 10.0
SLOW_HZ: Final = 2.0
PEAK_HZ: Final = (1.6, 10.0)
PEAK_REACH: Final = 0.3
SMALL_SHARE: Final = 0.15
CROSSED_SHARE: Final = 0.5
BLOCK_S: Final = 0.2

REGULAR: Final = 0.75
"""Likeness of the wave with itself a period later from which it is called tachycardia."""
PERIOD_S: Final = (0.15, 1.5)
AS_GOOD: Final = 0.9

TINY: Final = 1e-12


class Oscillation(NamedTuple):
    """One window: log-odds, regularity (0 to 1) and rate of the wave, at the window's end."""

    end_index: int
    log_odds: float
    regularity: float
    rate_bpm: float


def measure_oscillation(
    band_mv: FloatArray, seen: BoolArray, *, end_index: int, fs_hz: float
) -> Oscillation | None:
    """Judge the last five seconds of ``band_mv`` (lead, sample) on the leads ``seen`` (lead,).

    None where there is no such lead, less than four seconds, or too small a wave to tell.
    """
    wave_mv = band_mv[seen][:, -round(SPAN_S * fs_hz) :]
    if wave_mv.shape[0] == 0 or wave_mv.shape[1] < LEAST_SPAN_S * fs_hz:
        return None
    power, hz, even_mv = _in_band(_level(wave_mv), fs_hz)
    swing_mv = quantile_of(np.abs(even_mv), 0.98)
    told = swing_mv >= LEAST_MV
    if not told.any():
        return None
    even, power = even_mv[told] / swing_mv[told, None], power[told]
    figures = np.array((*_spectral(power, hz), *_shape(even)))
    distance = np.minimum(np.maximum((figures - _CENTRES) / _SCALES, -FARTHEST), FARTHEST)
    log_odds = float((_WEIGHTS @ distance).mean()) + CONSTANT
    regularity, period_s = _regularity(even)
    return Oscillation(end_index, log_odds, regularity, 60.0 / period_s)


def remember(
    waves: Sequence[Oscillation], wave: Oscillation | None, fs_hz: float
) -> tuple[Oscillation, ...]:
    """Return the waves of the last seconds with the newest; one that is missing ends the row."""
    if wave is None:
        return ()
    oldest = wave.end_index - round(2 * SPAN_S * fs_hz)
    joined = waves and wave.end_index - waves[-1].end_index <= SPAN_S * fs_hz
    return (*(w for w in waves if w.end_index >= oldest), wave) if joined else (wave,)


def judge_oscillation(waves: Sequence[Oscillation], fs_hz: float) -> tuple[str, float | None]:
    """Return the rhythm that a row of waves, up to this moment, shows, and its rate in bpm.

    "unknown" without evidence. Fibrillation has no rate.
    """
    if not waves:
        return UNKNOWN, None
    since = waves[-1].end_index - round(CONFIRMED_S * fs_hz)
    recent = [wave for wave in waves if wave.end_index >= since]
    evidence = fmean(wave.log_odds for wave in recent)
    if waves[0].end_index > since or evidence < EVIDENT:
        return UNKNOWN, None
    if median(wave.regularity for wave in recent) < REGULAR:
        return VENTRICULAR_FIBRILLATION, None
    return VENTRICULAR_TACHYCARDIA, median(wave.rate_bpm for wave in recent)


def _level(wave_mv: FloatArray) -> FloatArray:
    """Return the wave without the line from its beginning to its end: it shall not leak."""
    reach = wave_mv.shape[1] // 50
    first = wave_mv[:, :reach].mean(axis=1, keepdims=True)
    last = wave_mv[:, -reach:].mean(axis=1, keepdims=True)
    level: FloatArray = wave_mv - first - (last - first) * _rise(wave_mv.shape[1])
    return level


@lru_cache(maxsize=16)
def _rise(sample_count: int) -> FloatArray:
    """Return a straight line from 0 to 1."""
    return np.linspace(0, 1, sample_count)


def _in_band(wave_mv: FloatArray, fs_hz: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return power (lead, frequency), frequencies in Hz, and the wave at 100 Hz, 1 to 30 Hz.

    Frequencies end with the band.
    """
    count = wave_mv.shape[1]
    hz, below = _frequencies_hz(count, fs_hz)
    spectrum = np.fft.rfft(wave_mv, axis=1)[:, : hz.size] / count
    power = spectrum.real**2 + spectrum.imag**2
    grid = round(count / fs_hz * GRID_HZ)
    spectrum[:, :below] = 0.0
    return power, hz, np.fft.irfft(spectrum, grid, axis=1) * grid


@lru_cache(maxsize=16)
def _frequencies_hz(sample_count: int, fs_hz: float) -> tuple[FloatArray, int]:
    """Return the frequencies up to the band's end, and how many of them lie below it."""
    hz = np.arange(sample_count // 2 + 1) * fs_hz / sample_count
    return hz[hz <= BAND_HZ[1]], int(np.count_nonzero(hz < BAND_HZ[0]))


def _spectral(power: FloatArray, hz: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the share of power near the peak, and the logarithms of the steep and slow shares."""

    def share(low_hz: float | FloatArray, high_hz: float | FloatArray) -> FloatArray:
        inside = (hz >= low_hz) & (hz < high_hz)
        part: FloatArray = (power * inside).sum(axis=1) + TINY
        return part

    total = share(*BAND_HZ)
    smooth = power.copy()
    smooth[:, 1:-1] = (power[:, :-2] + 2 * power[:, 1:-1] + power[:, 2:]) / 4
    sought = (hz >= PEAK_HZ[0]) & (hz <= PEAK_HZ[1])
    peak_hz = hz[sought][np.argmax(smooth[:, sought], axis=1)][:, None]
    near = share((1 - PEAK_REACH) * peak_hz, (1 + PEAK_REACH) * peak_hz) / total
    steep = np.log10(share(STEEP_HZ, BAND_HZ[1]) / total)
    return near, steep, np.log10(share(BAND_HZ[0], SLOW_HZ) / total)


def _shape(even: FloatArray) -> tuple[FloatArray, ...]:
    """Return what waves of unit swing, (lead, sample) at 100 Hz, look like.

    Logarithm of the kurtosis; share of small samples; logarithms of the quiet over the busy fifth
    of a second, of the crossings of half the swing per second, and of the calmest over the wildest
    second.
    """
    size = np.abs(even)
    power = even**2
    kurtosis = (power * power).mean(axis=1) / power.mean(axis=1) ** 2
    swings = np.sort(_swings(even, BLOCK_S), axis=1)
    count = swings.shape[1]
    quiet = swings[:, int(0.2 * count)] / swings[:, int(0.9 * count)]
    crossed = (size[:, 1:] >= CROSSED_SHARE) & (size[:, :-1] < CROSSED_SHARE)
    per_s = crossed.sum(axis=1) / (even.shape[1] / GRID_HZ)
    seconds = _swings(even, 1.0)
    steady = seconds.min(axis=1) / seconds.max(axis=1)
    return (
        np.log10(kurtosis),
        (size < SMALL_SHARE).mean(axis=1),
        _log(quiet),
        _log(per_s + 0.2),
        _log(steady),
    )


def _swings(even: FloatArray, block_s: float) -> FloatArray:
    """Return the swing of each block, shape (lead, block)."""
    length = round(block_s * GRID_HZ)
    whole = even[:, : even.shape[1] // length * length]
    blocks = whole.reshape(even.shape[0], -1, length)
    swings: FloatArray = blocks.max(axis=2) - blocks.min(axis=2)
    return swings


def _log(value: FloatArray) -> FloatArray:
    logarithm: FloatArray = np.log10(np.maximum(value, 1e-4))
    return logarithm


def _regularity(even: FloatArray) -> tuple[float, float]:
    """Return the likeness of the waves with themselves a period later, and that period in s."""
    count = even.shape[1]
    spectrum = np.fft.rfft(even, 2 * count, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=0)
    first, last = (round(edge_s * GRID_HZ) for edge_s in PERIOD_S)
    alike = np.fft.irfft(power)[: last + 1]
    alike = alike / alike[0] * count / (count - np.arange(last + 1))
    largest = float(alike[first:last].max())
    # The first of the peaks that are as good: two periods are as like as one.
    tops = (alike[first:last] >= alike[first - 1 : last - 1]) & (
        alike[first:last] >= alike[first + 1 : last + 1]
    )
    good = np.flatnonzero(tops & (alike[first:last] >= AS_GOOD * largest))
    at = first + (int(good[0]) if good.size else int(np.argmax(alike[first:last])))
    return largest, at / GRID_HZ
