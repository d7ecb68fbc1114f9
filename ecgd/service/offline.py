"""The daemon's Intake, Analysis and alarm machine over a recording, as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from ecgd.config.settings import DeviceSettings, Settings
from ecgd.decision.alarm import AlarmBook, observe
from ecgd.ensemble.member import Scorer
from ecgd.errors import RecordingError
from ecgd.features.vector import feature_vector
from ecgd.inference.scorer import load_sound_scorer
from ecgd.model.alarm import Alarm, ChangeKind
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Outcome, RiskLevel, Territory
from ecgd.model.link import BytesReceived, SamplesReceived
from ecgd.model.signal import FloatArray, Prepared, SampleBlock, Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.front_end import complete_front_end
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import DeviceSeen, Intake, IntakeEvent, WindowReady
from ecgd.pipeline.observation import observe_heart
from ecgd.protocol import SealGuard
from ecgd.service.verdict import judge_record, name_territory, trusted
from ecgd.sources.byte_log import SUFFIX, ByteLogReader, Direction
from ecgd.sources.byte_log_device import device_from_notes
from ecgd.sources.key_file import load_link_key
from ecgd.sources.recording import Recording, read_recording


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """A recording to analyse; what is None is taken from the file.

    ``features`` asks for the feature vector of every window.
    """

    path: Path
    fs_hz: float | None = None
    leads: tuple[str, ...] | None = None
    unit: str | None = None
    highpass_hz: float | None = None
    features: bool = False
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class RecordOpened:
    """The recording could be read. ``duration_s`` None: known at its end only.

    ``highpass_hz`` is the front end's corner, None where nobody knows; ``notes`` say how the file
    was read.
    """

    path: Path
    fs_hz: float
    leads: tuple[str, ...]
    duration_s: float | None
    highpass_hz: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class WindowAssessed:
    """One window; ``assessment.beats`` are the newly final beats, in the recording's own fs.

    ``features`` are those that ``vector.NAMES`` names, None where nobody asked for them.
    """

    assessment: Assessment
    features: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """An alarm was raised, or escalated, at ``time_s`` of the recording."""

    time_s: float
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """One verdict a recording; None: no window could be judged.

    ``scoring`` says which networks were asked, or why none was.
    """

    verdict: RiskLevel | None
    territory: Territory | None
    windows: int
    judged_windows: int
    scoring: str
    models_hash: str
    anomaly_threshold: float


RecordingEvent = RecordOpened | WindowAssessed | AlertRaised | RecordSummary


def analyse_recording(request: AnalysisRequest, settings: Settings) -> Iterator[RecordingEvent]:
    """Analyse a recording and yield what the daemon would have seen, in order.

    Raises RecordingError for what cannot be read, ModelError for unusable models.
    """
    models_dir = settings.ensemble.models_dir
    scorer = load_sound_scorer(Path(models_dir) if models_dir else None)
    analysis = Analysis(settings.analysis, settings.ensemble, scorer, time.monotonic)
    run = _Run(analysis, settings, features=request.features)
    if request.path.suffix.lower() == SUFFIX:
        windows = _windows_of_log(request, settings)
    else:
        recording = _read(request)
        yield _opened(request.path, recording)
        windows = windows_of(recording, settings)
    previous: Window | None = None
    for window in windows:
        if isinstance(window, RecordOpened):
            yield window
            continue
        if previous is not None:
            yield from run.take(previous, last=previous.origin != window.origin)
        previous = window
    if previous is not None:
        yield from run.take(previous, last=True)
    yield run.summary(scorer)


class _Run:
    """What is carried from window to window of one recording."""

    def __init__(self, analysis: Analysis, settings: Settings, *, features: bool) -> None:
        self._analysis = analysis
        self._features = features
        self._settings = settings
        self._history = History()
        self._book = AlarmBook()
        self._ids = count(1)
        self._assessments: list[Assessment] = []

    def take(self, window: Window, *, last: bool) -> Iterator[RecordingEvent]:
        arrived = replace(window, arrived_s=time.monotonic())
        assessed = self._analysis.assess(arrived, self._history, last=last)
        self._history = assessed.history
        assessment = assessed.assessment
        raised: list[RecordingEvent] = [*self._alarms(assessment)]
        if self._analysis.has_networks:
            opinion = self._analysis.score(assessed)
            self._history = opinion.teach(self._history)
            scored = opinion.assessment
            raised += self._alarms(scored)
            latency = (*assessment.latency, *scored.latency)
            assessment = replace(scored, beats=assessment.beats, latency=latency)
        self._assessments.append(replace(assessment, beats=()))
        yield WindowAssessed(assessment, self._vector(assessment, assessed.prepared))
        yield from raised

    def _vector(self, assessment: Assessment, prepared: Prepared) -> FloatArray | None:
        if not self._features:
            return None
        usable = {
            quality.lead: row
            for quality, row in zip(assessment.quality, prepared.band_mv, strict=True)
            if quality.usable
        }
        return feature_vector(assessment, usable, prepared.fs_hz)

    def summary(self, scorer: Scorer) -> RecordSummary:
        kept = trusted(self._assessments)
        verdict = judge_record(kept)
        judged = [a for a in kept if a.outcome is not Outcome.CANNOT_JUDGE]
        territory = name_territory(kept, verdict)
        return RecordSummary(
            verdict,
            territory,
            len(self._assessments),
            len(judged),
            scoring=scorer.scoring,
            models_hash=scorer.models_hash,
            anomaly_threshold=self._settings.ensemble.anomaly_threshold,
        )

    def _alarms(self, assessment: Assessment) -> Iterator[AlertRaised]:
        observation = observe_heart(assessment, assessment.time_s)
        self._book, changes = observe(
            self._book, observation, self._settings.alarms, lambda: f"{next(self._ids)}"
        )
        for change in changes:
            if change.kind in (ChangeKind.RAISED, ChangeKind.ESCALATED):
                yield AlertRaised(assessment.time_s, change.alarm)


def _read(request: AnalysisRequest) -> Recording:
    recording = read_recording(
        request.path, fs_hz=request.fs_hz, leads=request.leads, unit=request.unit
    )
    device = _front_end(DeviceSettings(), request)
    return replace(recording, device=complete_front_end(recording.device, device))


def _front_end(device: DeviceSettings, request: AnalysisRequest) -> DeviceSettings:
    if request.highpass_hz is None:
        return device
    return replace(device, highpass_hz=max(device.highpass_hz, request.highpass_hz))


def _opened(path: Path, recording: Recording) -> RecordOpened:
    return RecordOpened(
        path,
        recording.fs_hz,
        recording.leads,
        recording.duration_s,
        recording.device.highpass_hz,
        recording.notes,
    )


def windows_of(recording: Recording, settings: Settings) -> Iterator[Window]:
    """Yield the windows of a recording as the daemon would cut them, the rest at its end last."""
    intake = Intake(settings.analysis)
    step = round(settings.analysis.hop_s * recording.fs_hz)
    for start in range(0, recording.sample_count, step):
        stop = start + step
        counts, valid = recording.counts[:, start:stop], recording.valid[start:stop]
        block = SampleBlock(start, counts, valid, time.monotonic())
        for event in intake.receive(SamplesReceived(block, recording.device)):
            if isinstance(event, WindowReady):
                yield event.window
    yield from intake.remainder(time.monotonic())


def _windows_of_log(
    request: AnalysisRequest, settings: Settings
) -> Iterator[Window | RecordOpened]:
    path, reader = request.path, ByteLogReader(request.path)
    try:
        device = device_from_notes(reader.header.notes)
    except RecordingError as error:
        raise RecordingError(f"{path}: {error.what}", error.remedy) from error
    guard = SealGuard(load_link_key(request.key_file)) if request.key_file else None
    intake = Intake(settings.analysis, _front_end(device, request), guard=guard)
    for events in _events_of_log(reader, intake):
        for event in events:
            if isinstance(event, DeviceSeen):
                seen = event.device
                yield RecordOpened(path, seen.fs_hz, seen.leads, None, seen.highpass_hz)
            elif isinstance(event, WindowReady):
                yield event.window
    yield from intake.remainder(time.monotonic())
    if intake.statistics.samples == 0 and intake.seal_trouble:
        raise RecordingError(f"{path}: {intake.seal_trouble}", "Give the device's --key-file.")


def _events_of_log(reader: ByteLogReader, intake: Intake) -> Iterator[tuple[IntakeEvent, ...]]:
    time_s = 0.0
    for logged in reader:
        if logged.direction is Direction.FROM_DEVICE:
            time_s = logged.time_s
            yield intake.receive(BytesReceived(logged.data, time_s))
    yield intake.interrupt(time_s)
