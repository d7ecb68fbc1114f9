"""Runs of ventricular beats that can still be told apart: five or more, faster than 100 a minute.

Whether one beat comes from the ventricle is often open; five in a row that are like each other,
unlike the patient's usual beat, and blunt are not. A logistic model of four such figures
judges each five beats in a row. What is usual is learned from beats outside runs, so that a
tachycardia that lasts does not become usual. Broad beats that fill a hole in the row of beats
count as beats here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

import numpy as np

from ecgd.model.beat import Beat, BeatClass
from ecgd.model.signal import FloatArray, IntArray

GROUP: Final = 5
LEAST_BPM: Final = 100.0
"""Ventricular tachycardia: five beats or more faster than this (PhysioNet/CinC challenge 2015)."""

GRID_HZ: Final = 125.0
BEFORE_S: Final = 0.12
AFTER_S: Final = 0.28
LAG_POINTS: Final = 3
"""A beat's shape: from 120 ms before to 280 ms after its R peak, movable by 24 ms."""

STEEP_S: Final = 0.06
LEAST_STEEPNESS: Final = 0.1

USUAL_BEATS: Final = 40
LEAST_USUAL: Final = 4
CLOSE: Final = 0.8
"""Usual is the mean of those of the last beats that are as like the one most like all others."""

FORGET_S: Final = 300.0
"""A run that lasts longer is what the heart does now."""

MEMORY_S: Final = 40.0
JOINED_S: Final = 2.0


class Weight(NamedTuple):
    """How one figure counts: its distance from ``centre`` in units of ``scale``."""

    centre: float
    scale: float
    weight: float


WEIGHTS: Final = (
    Weight(0.620, 0.409, -0.632),  # likeness to the usual beat, median
    Weight(0.712, 0.328, 1.945),  # likeness to each other, median
    Weight(3.791, 0.383, -0.992),  # steepest slope over the swing per second, logarithm
    Weight(0.393, 0.255, 1.324),  # probability of class V, mean
)
CONSTANT: Final = -2.055
EVIDENT: Final = -0.4
"""Fitted on the Challenge 2015: of each true alarm of ventricular tachycardia the two groups that
speak most for it, of every other alarm the six that do, both sides alike."""

FARTHEST: Final = 4.0

CLASSLESS: Final = 0.4
"""Probability of class V that a beat without a class counts with."""

OWN: Final = 0.25
"""A beat that is so unlikely to be of class V becomes usual though it lies in a run: after another
place of the electrodes every beat looks new."""

MOST_OTHERS: Final = 1
"""So many of the five may surely be of another class: in bigeminy two or three are."""

USUAL_LIKENESS: Final = 0.85
"""A run neither begins nor ends with a beat that is as like the usual one."""

LEAST_MV: Final = 1e-3
TINY: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class BeatShape:
    """One final beat: ``shape_mv`` is (lead, point), ``ventricular`` the probability of class V.

    A ``broad`` one fills a hole in the row of beats; it never becomes usual.
    """

    r_peak: int
    shape_mv: FloatArray
    ventricular: float = CLASSLESS
    broad: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Five beats in a row: log-odds, the figures behind them, and how usual first and last are."""

    log_odds: float
    figures: FloatArray
    ends: tuple[float, float]


class Run(NamedTuple):
    """A run of ventricular beats: its first and last R peak, beats, rate and greatest log-odds."""

    first: int
    last: int
    beat_count: int
    log_odds: float

    def rate_bpm(self, fs_hz: float) -> float:
        """Return the mean rate over the run."""
        return 60.0 * (self.beat_count - 1) * fs_hz / max(1, self.last - self.first)


@dataclass(frozen=True, slots=True, eq=False)
class RunMemory:
    """Usual beats, the newest ones, and the runs of the last seconds."""

    usual: tuple[BeatShape, ...] = ()
    newest: tuple[BeatShape, ...] = ()
    runs: tuple[Run, ...] = ()


def cut_shapes(band_mv: FloatArray, r_peaks: IntArray, fs_hz: float) -> FloatArray:
    """Return the shapes of beats, (beat, lead, point), from ``band_mv`` (lead, sample)."""
    first = -round(BEFORE_S * GRID_HZ) - LAG_POINTS
    last = round(AFTER_S * GRID_HZ) + LAG_POINTS
    points = np.arange(first, last + 1) / GRID_HZ
    spread = np.array([-1, 0, 1]) * max(1, round(0.005 * fs_hz))
    at = np.rint(r_peaks[:, None, None] + points[:, None] * fs_hz).astype(np.int64) + spread
    near = band_mv.take(at, axis=1, mode="clip")
    shapes: FloatArray = near.mean(axis=-1).transpose(1, 0, 2)
    return shapes


def follow_run(memory: RunMemory, beat: BeatShape, fs_hz: float) -> RunMemory:
    """Return the memory with one more final beat; another number of leads begins anew."""
    if memory.newest and memory.newest[-1].shape_mv.shape != beat.shape_mv.shape:
        memory = RunMemory(runs=memory.runs)
    newest = (*memory.newest, beat)[-GROUP:]
    left = memory.newest[0] if len(memory.newest) == GROUP else None
    runs = tuple(r for r in memory.runs if beat.r_peak - r.last <= MEMORY_S * fs_hz)
    usual = memory.usual
    if (
        left
        and not left.broad
        and (left.ventricular <= OWN or not any(r.first <= left.r_peak <= r.last for r in runs))
    ):
        usual = (*usual, left)[-USUAL_BEATS:]
    memory = replace(memory, usual=usual, newest=newest, runs=runs)
    group = judge_group(memory.usual, newest, fs_hz)
    if group is None or group.log_odds < EVIDENT or max(group.ends) >= USUAL_LIKENESS:
        return memory
    if sum(each.ventricular <= OWN for each in newest) > MOST_OTHERS:
        return memory
    log_odds = group.log_odds
    runs = _joined(runs, newest, log_odds, fs_hz)
    if runs[-1].last - runs[-1].first > FORGET_S * fs_hz:
        return RunMemory(newest=newest)
    return replace(memory, runs=runs)


def ventricular_probability(beat: Beat) -> float:
    """Return the probability of class V as far as the beat's class tells it."""
    if beat.beat_class is BeatClass.V:
        return beat.class_confidence
    if beat.beat_class is BeatClass.Q:
        return CLASSLESS
    return (1.0 - beat.class_confidence) / 2


def usual_rr_s(memory: RunMemory, fs_hz: float) -> float | None:
    """Return the usual interval; None while nothing is usual."""
    if len(memory.usual) < LEAST_USUAL:
        return None
    return median(after.r_peak - before.r_peak for before, after in pairwise(memory.usual)) / fs_hz


def usual_swing_mv(memory: RunMemory) -> FloatArray:
    """Return how far the usual beat swings, shape (lead,)."""
    swings_mv = np.ptp(np.stack([beat.shape_mv for beat in memory.usual]), axis=2)
    swing_mv: FloatArray = np.median(swings_mv, axis=0)
    return swing_mv


def judge_group(
    usual: Sequence[BeatShape], group: Sequence[BeatShape], fs_hz: float
) -> Group | None:
    """Judge five beats in a row; None: too few, too slow, or nothing is usual."""
    if len(group) < GROUP or len(usual) < LEAST_USUAL:
        return None
    rr_s = (group[-1].r_peak - group[0].r_peak) / (len(group) - 1) / fs_hz
    if rr_s >= 60.0 / LEAST_BPM:
        return None
    past = np.stack([beat.shape_mv for beat in usual])[:, :, LAG_POINTS:-LAG_POINTS]
    past = past - past.mean(axis=2, keepdims=True)
    size = np.sqrt((past**2).mean(axis=(0, 2))) + LEAST_MV
    template = _usual(_unit((past / size[:, None]).reshape(len(usual), -1)))
    shapes = np.stack([beat.shape_mv for beat in group])
    moved = _unit(_moved(shapes, size))
    like_usual = (moved @ template).max(axis=1)
    pairs = np.einsum("alp,bp->abl", moved, moved[:, LAG_POINTS]).max(axis=2)
    figures = np.array(
        (
            float(np.median(like_usual)),
            float(np.median(pairs[np.triu_indices(GROUP, 1)])),
            float(np.log(np.median(_steepness(shapes)) + LEAST_STEEPNESS)),
            float(np.mean([beat.ventricular for beat in group])),
        )
    )
    weights = np.array(WEIGHTS)
    distance = (figures - weights[:, 0]) / weights[:, 1]
    distance = np.minimum(np.maximum(distance, -FARTHEST), FARTHEST)
    log_odds = float(distance @ weights[:, 2]) + CONSTANT
    return Group(log_odds, figures, (float(like_usual[0]), float(like_usual[-1])))


def _joined(
    runs: tuple[Run, ...], group: Sequence[BeatShape], log_odds: float, fs_hz: float
) -> tuple[Run, ...]:
    """Return the runs with one more group: it goes on with the last run or is a new one."""
    first, last = group[0].r_peak, group[-1].r_peak
    if runs and first - runs[-1].last <= JOINED_S * fs_hz:
        run = runs[-1]
        added = sum(beat.r_peak > run.last for beat in group)
        longer = Run(run.first, last, run.beat_count + added, max(run.log_odds, log_odds))
        return (*runs[:-1], longer)
    return (*runs, Run(first, last, len(group), log_odds))


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + TINY)
    return unit


def _usual(past: FloatArray) -> FloatArray:
    """Return the usual shape, of unit length, from those of the past, (beat, point)."""
    alike = past @ past.T
    middle = int(np.argmax(np.median(alike, axis=1)))
    alike[middle, middle] = 1.0
    return _unit(np.asarray(past[alike[middle] >= CLOSE].mean(axis=0)))


def _moved(shapes: FloatArray, size: FloatArray) -> FloatArray:
    """Return each shape at each lag, (beat, lag, point of all leads)."""
    count = shapes.shape[2] - 2 * LAG_POINTS
    at = np.arange(2 * LAG_POINTS + 1)[:, None] + np.arange(count)
    moved = shapes[:, :, at]
    moved = (moved - moved.mean(axis=3, keepdims=True)) / size[:, None, None]
    joined: FloatArray = moved.transpose(0, 2, 1, 3).reshape(shapes.shape[0], at.shape[0], -1)
    return joined


def _steepness(shapes: FloatArray) -> FloatArray:
    """Return each beat's steepest slope near R over its swing, per second, of its best lead."""
    middle = round(BEFORE_S * GRID_HZ) + LAG_POINTS
    reach = round(STEEP_S * GRID_HZ)
    slope = np.abs(np.diff(shapes[:, :, middle - reach : middle + reach + 1], axis=2)).max(axis=2)
    swing = np.ptp(shapes, axis=2)
    steepness: FloatArray = (slope * GRID_HZ / (swing + LEAST_MV)).max(axis=1)
    return steepness
