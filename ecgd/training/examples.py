"""What the networks would have seen of each recording, by the daemon's own analysis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.ensemble.fusion import MEMBERS
from ecgd.ensemble.member import Answer
from ecgd.evaluation.anomaly_labels import Truth
from ecgd.evaluation.boundary_folds import unseen_network
from ecgd.inference.manifest import Platt
from ecgd.model.beat import Beat
from ecgd.model.network_label import LABELS
from ecgd.model.signal import Float32Array, FloatArray
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.pipeline.model_inputs import (
    BEAT_FIGURES,
    FRAMES,
    PAIR,
    STRIP_FS_HZ,
    STRIP_LEAST_S,
    STRIP_SAMPLES,
    WINDOW_SAMPLES,
    Strip,
    beat_frames,
)
from ecgd.pipeline.model_memory import ModelMemory
from ecgd.pipeline.progression import FIGURES, ROWS, progression_input
from ecgd.service.offline import windows_of
from ecgd.sources.recording import Recording

UNKNOWN: Final = -1.0
"""Truth of a label of which nothing is said."""

HALF: Final = np.float16
"""Inputs are kept so: its rounding lies far below a step of int8."""


class Listener:
    """Stands in for networks, so that the analysis remembers for them what they would see."""

    names: tuple[str, ...] = MEMBERS
    scoring = "training"
    models_hash = ""
    fused_calibration: Mapping[str, Platt] = {}

    def score(self, inputs: Mapping[str, FloatArray | None]) -> Mapping[str, Answer | None]:
        """Return nothing: the inputs are what is wanted."""
        return {}


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What was seen at the ends of some windows of one recording.

    ``windows_mv`` (moment, 2, 1250) and ``strips_mv`` (moment, 2, 500) hold leads I and II as
    ``model_inputs`` prepares them, ``beats`` (moment, 125, 9) the frames' beat figures, ``rows``
    (moment, 30, figure) the figures of the last minutes, zeros where there is none. A moment has
    a strip or enough rows only where ``has_strip`` or ``has_rows`` (moment,) says so. ``truth``
    (moment, label) is 1, 0 or UNKNOWN for each of ``LABELS``. ``times_s`` (moment,).
    """

    windows_mv: np.ndarray[tuple[int, ...], np.dtype[np.float16]]
    strips_mv: np.ndarray[tuple[int, ...], np.dtype[np.float16]]
    beats: np.ndarray[tuple[int, ...], np.dtype[np.float16]]
    rows: np.ndarray[tuple[int, ...], np.dtype[np.float16]]
    has_strip: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    has_rows: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    truth: Float32Array
    times_s: Float32Array

    @property
    def count(self) -> int:
        return int(self.times_s.size)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One window's memory, and the beats that became final in it."""

    time_s: float
    memory: ModelMemory
    beats: tuple[Beat, ...]


def watch(recording: Recording, *, hop_s: float | None = None) -> Iterator[Seen]:
    """Yield what is remembered after each window, exactly as the daemon would remember it.

    ``hop_s`` in place of the usual hop costs less and changes nothing that is shown but for
    which windows there are.
    """
    settings = Settings()
    if hop_s is not None:
        settings = replace(settings, analysis=replace(settings.analysis, hop_s=hop_s))
    network = unseen_network(recording.path)
    analysis = Analysis(settings.analysis, settings.ensemble, Listener(), time.monotonic, network)
    history = History()
    for window in windows_of(recording, settings):
        assessed = analysis.assess(window, history)
        history = assessed.history
        yield Seen(window.time_s, history.models, assessed.assessment.beats)


def gather_moments(
    recording: Recording,
    truth_at: Callable[[float], Truth],
    *,
    every_s: float,
    first_s: float = 5.0,
    hop_s: float | None = None,
) -> Moments:
    """Return the moments of a recording, one every so often from ``first_s`` on."""
    taken: list[Seen] = []
    due_s = first_s
    for seen in watch(recording, hop_s=hop_s):
        if seen.time_s >= due_s - 1e-6 and _shows(seen.memory):
            taken.append(seen)
            due_s = seen.time_s + every_s
    return _moments_of(taken, truth_at)


def _shows(memory: ModelMemory) -> bool:
    return memory.pair_mv is not None and memory.pair_mv.shape[-1] >= WINDOW_SAMPLES


def _moments_of(taken: list[Seen], truth_at: Callable[[float], Truth]) -> Moments:
    count = len(taken)
    windows_mv = np.zeros((count, len(PAIR), WINDOW_SAMPLES), HALF)
    strips_mv = np.zeros((count, len(PAIR), STRIP_SAMPLES), HALF)
    beats = np.zeros((count, FRAMES, len(BEAT_FIGURES)), HALF)
    rows = np.zeros((count, ROWS, FIGURES), HALF)
    has_strip, has_rows = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for k, seen in enumerate(taken):
        memory = seen.memory
        assert memory.pair_mv is not None
        windows_mv[k] = _half(memory.pair_mv[:, -WINDOW_SAMPLES:])
        if memory.strip is not None:
            has_strip[k] = _is_long(memory.strip)
            strips_mv[k, :, -memory.strip.pair_mv.shape[1] :] = _half(memory.strip.pair_mv)
            beats[k] = beat_frames(memory.strip)
        course = progression_input(memory.rows, memory.time_s)
        has_rows[k] = course is not None
        rows[k] = newest_row(memory) if course is None else course
    truth = np.array([vector_of(truth_at(seen.time_s)) for seen in taken], np.float32)
    times_s = np.array([seen.time_s for seen in taken], np.float32)
    truth = truth.reshape(count, len(LABELS))
    return Moments(windows_mv, strips_mv, beats, rows, has_strip, has_rows, truth, times_s)


def newest_row(memory: ModelMemory) -> FloatArray:
    """Return (30, figure) with the newest row alone, at the end."""
    alone = np.zeros((ROWS, FIGURES))
    if memory.rows:
        alone[-1] = memory.rows[-1][1]
    return alone


def vector_of(truth: Truth) -> list[float]:
    """Return a truth as one figure for each of ``LABELS``."""
    return [float(truth[label]) if label in truth else UNKNOWN for label in LABELS]


def _is_long(strip: Strip) -> bool:
    return bool(strip.pair_mv.shape[1] >= STRIP_LEAST_S * STRIP_FS_HZ)


def _half(signal_mv: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    return np.clip(signal_mv, -1000.0, 1000.0).astype(HALF)
