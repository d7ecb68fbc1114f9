"""A recording through the daemon's own Intake and Analysis, a window at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from ecgd.config.settings import Settings
from ecgd.ensemble.member import Scorer
from ecgd.evaluation.boundary_folds import unseen_network
from ecgd.inference.scorer import NoModels
from ecgd.model.assessment import Assessment
from ecgd.model.beat import Beat
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import BoolArray, CountArray, FloatArray
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.service.offline import windows_of
from ecgd.sources.recording import COUNTS_PER_MV, Recording


@dataclass(frozen=True, slots=True)
class Analysed:
    """What the daemon would have seen: every window's answer, every beat once.

    ``opinions`` are the networks' of each window, none without networks.
    """

    assessments: tuple[Assessment, ...]
    fs_hz: float
    opinions: tuple[Assessment, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.assessments[-1].time_s if self.assessments else 0.0

    @property
    def beats(self) -> tuple[Beat, ...]:
        return tuple(beat for each in self.assessments for beat in each.beats)

    @property
    def in_turn(self) -> Iterator[Assessment]:
        """Every answer in the order in which the alarm machine gets them."""
        if not self.opinions:
            return iter(self.assessments)
        return chain.from_iterable(zip(self.assessments, self.opinions, strict=True))


def analyse_stream(
    recording: Recording, settings: Settings, scorer: Scorer | None = None
) -> Analysed:
    """Analyse a whole recording by the rules, and the networks where ``scorer`` has any, exactly
    as the daemon analyses a device.

    But for one thing: where the shipped boundary network has learned from this very record, one
    takes its place that has not.
    """
    analysis = analysis_of(recording, settings, scorer or NoModels("evaluation"))
    history = History()
    assessments, opinions = [], []
    windows = list(windows_of(recording, settings))
    for number, window in enumerate(windows, start=1):
        assessed = analysis.assess(window, history, last=number == len(windows))
        history = assessed.history
        assessments.append(assessed.assessment)
        if analysis.has_networks:
            scored = analysis.score(assessed)
            history = scored.teach(history)
            opinions.append(scored.assessment)
    return Analysed(tuple(assessments), recording.fs_hz, tuple(opinions))


def analysis_of(recording: Recording, settings: Settings, scorer: Scorer) -> Analysis:
    """Return the daemon's analysis, with a boundary network that the recording has not taught."""
    network = unseen_network(recording.path)
    return Analysis(settings.analysis, settings.ensemble, scorer, time.monotonic, network)


def recording_of_uv(
    name: str,
    leads: tuple[str, ...],
    fs_hz: float,
    signal_uv: CountArray | FloatArray,
    valid: BoolArray | None = None,
) -> Recording:
    """Return whole microvolts (lead, sample) as a device would have sent them."""
    counts = signal_uv.astype(np.int32)
    device = DeviceInfo(name, fs_hz, leads, COUNTS_PER_MV, adc_bits=32, protocol="recording")
    whole = np.ones(counts.shape[1], np.bool_) if valid is None else valid
    return Recording(name, leads, fs_hz, counts, whole, device)


def first_channel(recording: Recording) -> Recording:
    """Return a recording with its first lead alone."""
    leads = recording.leads[:1]
    device = replace(recording.device, leads=leads)
    return replace(recording, leads=leads, counts=recording.counts[:1], device=device)


def cut_recording(recording: Recording, begin_s: float, length_s: float) -> Recording:
    """Return a piece of a recording; its time begins anew."""
    first, last = (round(at_s * recording.fs_hz) for at_s in (begin_s, begin_s + length_s))
    return replace(
        recording, counts=recording.counts[:, first:last], valid=recording.valid[first:last]
    )


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
