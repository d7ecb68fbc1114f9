"""Hours of leads I and II made from one patient's ten real seconds; constructed, and said so.

Runs of beats follow each other in random order, joined between T and P where both leads are made
to meet. Real noise (NSTDB) comes in episodes, and the heart turns in the chest as posture does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians, sin, sqrt
from typing import Final

import numpy as np

from ecgd.evaluation.databases import Noise
from ecgd.model.beat import Beat
from ecgd.model.signal import FloatArray

LEAST_BEATS: Final = 5
LEAST_RUN: Final = 3
"""A record needs so many whole beats, and a run holds so many."""

CUT_S: Final = 0.2
"""A beat begins so long before its R peak, or in the middle between T and P where that is known."""

BLEND_S: Final = 0.04
LEVEL_S: Final = 0.04

QUIET_DB: Final = 24.0
EPISODE_DB: Final = (18.0, 12.0, 6.0, 0.0)
EPISODE_S: Final = (5.0, 40.0)
CALM_S: Final = (60.0, 300.0)
"""Noise: always a little, and every few minutes a stretch of more."""

TURN_DEG: Final = 25.0
POSTURE_S: Final = (600.0, 1800.0)
TURNING_S: Final = 2.0
"""Posture: so far to either side, kept for so long, changed within so long."""


@dataclass(frozen=True, slots=True, eq=False)
class Cycles:
    """A record's beats: ``cuts`` are the sample indices between them, ``signal_mv`` (2, sample)."""

    signal_mv: FloatArray
    cuts: tuple[int, ...]
    fs_hz: float


def cut_cycles(signal_mv: FloatArray, beats: Sequence[Beat], fs_hz: float) -> Cycles | None:
    """Return where a record can be cut between beats; None with too few of them."""
    cuts = []
    for before, beat in pairwise(beats):
        rr = beat.r_peak - before.r_peak
        cut = beat.r_peak - min(round(CUT_S * fs_hz), rr // 3)
        one, other = before.waves, beat.waves
        if one is not None and other is not None and one.t_end is not None:
            p_onset = other.p_onset if other.p_onset is not None else other.qrs_onset
            if p_onset > one.t_end:
                cut = (one.t_end + p_onset) // 2
        cuts.append(cut)
    margin = round(BLEND_S * fs_hz)
    kept = tuple(cut for cut in cuts if margin <= cut < signal_mv.shape[1] - margin)
    return Cycles(signal_mv, kept, fs_hz) if len(kept) > LEAST_BEATS else None


def lengthen(cycles: Cycles, duration_s: float, chance: np.random.Generator) -> FloatArray:
    """Return leads I and II (2, sample) of at least ``duration_s``, cut to it."""
    wanted = round(duration_s * cycles.fs_hz)
    made = np.empty((2, wanted + cycles.signal_mv.shape[1]))
    blend = round(BLEND_S * cycles.fs_hz)
    weight = np.linspace(0.0, 1.0, blend)
    filled = 0
    for run_mv in _runs(cycles, chance):
        if filled:
            # The last samples of the run before lie over the first of this one.
            filled -= blend
            before_mv = made[:, filled : filled + blend]
            run_mv[:, :blend] = before_mv * (1 - weight) + run_mv[:, :blend] * weight
        length = min(run_mv.shape[1], made.shape[1] - filled)
        made[:, filled : filled + length] = run_mv[:, :length]
        filled += length
        if filled >= wanted:
            break
    return made[:, :wanted]


def _runs(cycles: Cycles, chance: np.random.Generator) -> Iterator[FloatArray]:
    """Yield runs of beats without end; each begins at the level where the last one ended."""
    half = round(LEVEL_S / 2 * cycles.fs_hz)
    blend = round(BLEND_S * cycles.fs_hz)
    signal_mv, cuts = cycles.signal_mv, cycles.cuts
    ended_mv: FloatArray | None = None
    while True:
        first = int(chance.integers(0, len(cuts) - LEAST_RUN))
        last = int(chance.integers(first + LEAST_RUN, len(cuts)))
        begin, end = cuts[first], cuts[last] + blend
        run_mv = signal_mv[:, begin:end]
        levels_mv = [signal_mv[:, at - half : at + half + 1].mean(axis=1) for at in (begin, end)]
        step_mv = np.zeros(2) if ended_mv is None else ended_mv - levels_mv[0]
        # What was missing to the level before is given back until the run ends.
        yield run_mv + np.outer(step_mv, np.linspace(1.0, 0.0, run_mv.shape[1]))
        ended_mv = levels_mv[1]


def add_noise(
    signal_mv: FloatArray, fs_hz: float, noises: Mapping[str, Noise], chance: np.random.Generator
) -> FloatArray:
    """Return the signal with noise of all kinds in episodes; noises are at the same rate.

    The SNR is that of the noise stress test: a sine of the height of the QRS against the noise.
    """
    noisy = signal_mv.copy()
    height_mv = float(np.ptp(signal_mv[:, : round(10 * fs_hz)], axis=1).mean())
    at, total = 0, signal_mv.shape[1]
    while at < total:
        calm = at + round(chance.uniform(*CALM_S) * fs_hz)
        _add(noisy[:, at:calm], noises, height_mv, QUIET_DB, chance)
        loud = calm + round(chance.uniform(*EPISODE_S) * fs_hz)
        _add(noisy[:, calm:loud], noises, height_mv, float(chance.choice(EPISODE_DB)), chance)
        at = loud
    return noisy


def _add(
    piece_mv: FloatArray,
    noises: Mapping[str, Noise],
    height_mv: float,
    snr_db: float,
    chance: np.random.Generator,
) -> None:
    length = piece_mv.shape[1]
    if length == 0:
        return
    noise = noises[str(chance.choice(sorted(noises)))].signal_mv
    start = int(chance.integers(0, noise.shape[1] - length))
    part = noise[:, start : start + length]
    part = part - part.mean(axis=1, keepdims=True)
    power = float((part**2).mean()) or 1.0
    wanted = height_mv**2 / 8 / 10 ** (snr_db / 10)
    # It swells and ebbs within a second: nobody starts to move in a single sample.
    edge = min(250, length // 2)
    swell = np.minimum(1.0, np.minimum(np.arange(length), np.arange(length)[::-1]) / max(1, edge))
    piece_mv += part * sqrt(wanted / power) * swell


def turn_axis(signal_mv: FloatArray, fs_hz: float, chance: np.random.Generator) -> FloatArray:
    """Return the signal of a heart that posture turns in the frontal plane."""
    angles = np.zeros(signal_mv.shape[1])
    at, angle = 0, 0.0
    ramp = round(TURNING_S * fs_hz)
    while at < angles.size:
        until = at + round(chance.uniform(*POSTURE_S) * fs_hz)
        aim = float(chance.uniform(-TURN_DEG, TURN_DEG)) if at else 0.0
        angles[at : at + ramp] = np.linspace(angle, aim, ramp)[: angles.size - at]
        angles[at + ramp : until] = aim
        at, angle = until, aim
    turn = np.radians(angles)
    x, y = signal_mv[0], (2 * signal_mv[1] - signal_mv[0]) / sqrt(3.0)
    turned_x, turned_y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    return np.stack((turned_x, cos(radians(60)) * turned_x + sin(radians(60)) * turned_y))
