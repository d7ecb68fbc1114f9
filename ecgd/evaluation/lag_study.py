"""How long after its R peak a beat is seen: in the first window that holds it, and as final."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.dsp.prepare import prepare
from ecgd.evaluation.databases import read_beats
from ecgd.evaluation.matching import BEAT_MATCH_S
from ecgd.evaluation.stream import signal_of
from ecgd.features.beats import FINAL_AFTER_S
from ecgd.features.r_peaks import PeakHints, detect_r_peaks
from ecgd.model.signal import FloatArray, IntArray, Window
from ecgd.sources.recording import Recording, read_recording

STEPS_S: Final = tuple(round(0.05 * step, 2) for step in range(1, 17))
EVERY_BEAT: Final = 40
"""So much signal behind the R peak is tried, at every so manieth beat."""

FROM_S: Final = 12.0
HINTS_S: Final = 1.0
"""Beats from there on are tried; what is usual is known from a window that ended so long before."""


@dataclass(frozen=True, slots=True)
class LagRow:
    """Signal that one record's beats need behind the R peak, in s; infinite: never seen."""

    record: str
    lags_s: tuple[float, ...]


def study_lag(path: Path) -> LagRow:
    """Let windows end ever later behind some beats of a record, until they show them."""
    recording = read_recording(path)
    beats = [round(at_s * recording.fs_hz) for at_s in read_beats(path).times_s]
    last = recording.sample_count - round(STEPS_S[-1] * recording.fs_hz)
    sampled = [
        at for at in beats[EVERY_BEAT // 2 :: EVERY_BEAT] if FROM_S * recording.fs_hz < at < last
    ]
    signal_mv = signal_of(recording)
    return LagRow(path.name, tuple(_lag_s(recording, signal_mv, at) for at in sampled))


def lag_section(rows: Sequence[LagRow]) -> str:
    """Return how soon beats are seen."""
    lags_s = np.array([lag_s for row in rows for lag_s in row.lags_s])
    shares = ", ".join(
        f"{100 * float((lags_s <= within_s).mean()):.1f} % within {within_s:g} s"
        for within_s in (0.1, 0.2, 0.3, 0.5)
    )
    return (
        "## Lag of beats, MIT-BIH Arrhythmia Database\n\n"
        f"Signal that must follow an R peak until a window shows the beat, {lags_s.size} beats, "
        f"one in {EVERY_BEAT}:\n{shares}. Windows come once per hop (1 s unless set otherwise), "
        f"so the next one\nmay be that much later. A beat is final, measured and told once "
        f"{FINAL_AFTER_S:g} s follow it.\n"
    )


def _lag_s(recording: Recording, signal_mv: FloatArray, at: int) -> float:
    """Return the lag from which on every window shows the beat at index ``at``."""
    _, hints = _peaks(recording, signal_mv, at - round(HINTS_S * recording.fs_hz), None)
    needed_s = float("inf")
    for step_s in reversed(STEPS_S):
        end = at + round(step_s * recording.fs_hz)
        found, _ = _peaks(recording, signal_mv, end, hints)
        if not (np.abs(found - at) <= BEAT_MATCH_S * recording.fs_hz).any():
            return needed_s
        needed_s = step_s
    return needed_s


def _peaks(
    recording: Recording, signal_mv: FloatArray, end: int, hints: PeakHints | None
) -> tuple[IntArray, PeakHints | None]:
    settings = AnalysisSettings()
    length = round(settings.window_s * recording.fs_hz)
    start = end - length
    window = Window(
        start_index=start,
        fs_hz=recording.fs_hz,
        leads=recording.leads,
        signal_mv=signal_mv[:, start:end],
        valid=np.ones(length, dtype=np.bool_),
        arrived_s=0.0,
        device=recording.device,
    )
    prepared = prepare(window, settings)
    heard = np.ones(len(prepared.leads), dtype=np.bool_)
    peaks = detect_r_peaks(prepared.band_mv, heard, prepared.valid, recording.fs_hz, hints)
    return peaks.indices + start, peaks.hints
