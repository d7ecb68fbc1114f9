"""A recording through the daemon's own Intake and Analysis, a window at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ecgd.config.settings import Settings
from ecgd.inference.scorer import NoModels
from ecgd.model.assessment import Assessment
from ecgd.model.beat import Beat
from ecgd.model.signal import FloatArray
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.service.offline import windows_of
from ecgd.sources.recording import Recording


@dataclass(frozen=True, slots=True)
class Analysed:
    """What the daemon would have seen: every window's answer, every beat once."""

    assessments: tuple[Assessment, ...]
    fs_hz: float

    @property
    def beats(self) -> tuple[Beat, ...]:
        return tuple(beat for each in self.assessments for beat in each.beats)


def analyse_stream(recording: Recording, settings: Settings) -> Analysed:
    """Analyse a whole recording by the rules, exactly as the daemon analyses a device."""
    analysis = Analysis(
        settings.analysis, settings.ensemble, NoModels("evaluation"), time.monotonic
    )
    history = History()
    assessments = []
    windows = list(windows_of(recording, settings))
    for number, window in enumerate(windows, start=1):
        assessed = analysis.assess(window, history, last=number == len(windows))
        history = assessed.history
        assessments.append(assessed.assessment)
    return Analysed(tuple(assessments), recording.fs_hz)


def with_signal(recording: Recording, signal_mv: FloatArray) -> Recording:
    """Return the recording with other millivolts, shape (lead, sample)."""
    device = recording.device
    counts = np.rint(signal_mv * device.counts_per_mv + device.baseline_counts).astype(np.int32)
    return replace(recording, counts=counts)


def signal_of(recording: Recording) -> FloatArray:
    """Return the millivolts, shape (lead, sample)."""
    device = recording.device
    signal_mv: FloatArray = (recording.counts - device.baseline_counts) / device.counts_per_mv
    return signal_mv
