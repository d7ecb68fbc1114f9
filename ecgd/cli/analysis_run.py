"""Runs the offline analysis over recordings and tells whoever watches: lines, report, files."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ecgd.cli.analysis_lines import (
    Json,
    alert_line,
    assessment_line,
    beat_line,
    dump_line,
    error_line,
    record_line,
    summary_line,
)
from ecgd.cli.analysis_report import Report, closing_line, describe
from ecgd.cli.annotation_files import Annotations, annotation_name
from ecgd.cli.feature_file import FeatureFile
from ecgd.cli.options import command_error
from ecgd.cli.recording_paths import find_recordings
from ecgd.cli.words import clean
from ecgd.config.settings import Settings
from ecgd.errors import EcgdError
from ecgd.service.offline import (
    AlertRaised,
    AnalysisRequest,
    RecordingEvent,
    RecordOpened,
    RecordSummary,
    WindowAssessed,
    analyse_recording,
)
from ecgd.service.settings import load_settings


class Watcher(Protocol):
    """Is told every event of every recording, and which of them failed."""

    def event(self, path: Path, event: RecordingEvent) -> None:
        """Take an event. RecordOpened comes first; one that comes again is another device."""
        ...

    def failed(self, path: Path, error: EcgdError) -> None: ...

    def finished(self) -> None: ...


def settings_of(config: Path | None, hold_off_s: float | None) -> Settings:
    """Return the settings to analyse with; ``hold_off_s`` replaces every hold-off."""
    settings = Settings() if config is None else load_settings(config)
    if hold_off_s is None:
        return settings
    hold_off = settings.alarms.hold_off
    changed = replace(hold_off, **{member.name: hold_off_s for member in fields(hold_off)})
    return replace(settings, alarms=replace(settings.alarms, hold_off=changed))


def requests_of(
    paths: Iterable[Path],
    *,
    fs_hz: float | None,
    leads: Sequence[str] | None,
    unit: str | None,
    highpass_hz: float | None,
    features: bool = False,
    key_file: Path | None = None,
) -> list[AnalysisRequest]:
    """Return one request per recording."""
    named = None if leads is None else tuple(leads)
    found = find_recordings(paths)
    return [
        AnalysisRequest(path, fs_hz, named, unit, highpass_hz, features, key_file) for path in found
    ]


def watchers_of(
    requests: Sequence[AnalysisRequest],
    *,
    as_json: bool,
    annotations: Path | None,
    features: Path | None = None,
) -> list[Watcher]:
    """Return who is to be told; raises EcgdError when two recordings' files would collide."""
    watchers: list[Watcher] = []
    if sys.stderr.isatty() and not (as_json and sys.stdout.isatty()):
        # First, so that the bar is gone before anybody else prints what a recording came to.
        watchers.append(ProgressBar(len(requests)))
    watchers.append(JsonLines() if as_json else HumanReport())
    if annotations is not None:
        _check_names(request.path for request in requests)
        watchers.append(AnnotationFiles(annotations))
    if features is not None:
        watchers.append(FeatureTable(features))
    return watchers


def _check_names(paths: Iterable[Path]) -> None:
    for name, number in Counter(annotation_name(path) for path in paths).items():
        if number > 1:
            raise EcgdError(
                f"{number} recordings would write the annotation files {name}.*",
                "analyse them one by one, each with a directory of its own for --annotations",
            )


def analyse_all(
    requests: Iterable[AnalysisRequest], settings: Settings, watchers: Sequence[Watcher]
) -> int:
    """Analyse every recording and return how many failed; one that fails stops no other."""
    failed = 0
    try:
        for request in requests:
            try:
                for event in analyse_recording(request, settings):
                    for watcher in watchers:
                        watcher.event(request.path, event)
            except EcgdError as error:
                failed += 1
                for watcher in watchers:
                    watcher.failed(request.path, error)
    finally:
        for watcher in watchers:
            watcher.finished()
    return failed


class JsonLines:
    """Prints every event as a JSON line."""

    def __init__(self) -> None:
        self._beats = 0
        self._alerts = 0

    def event(self, path: Path, event: RecordingEvent) -> None:
        name = str(path)
        match event:
            case RecordOpened():
                _print(self._record(name, event))
            case WindowAssessed():
                self._beats += len(event.assessment.beats)
                for beat in event.assessment.beats:
                    _print(beat_line(name, beat, event.assessment.fs_hz))
                _print(assessment_line(name, event.assessment))
            case AlertRaised():
                self._alerts += 1
                _print(alert_line(name, event.time_s, event.alarm))
            case RecordSummary():
                _print(self._summary(name, event))
                self._beats = self._alerts = 0

    def _record(self, name: str, opened: RecordOpened) -> Json:
        return record_line(
            name,
            opened.fs_hz,
            opened.leads,
            opened.duration_s,
            highpass_hz=opened.highpass_hz,
            notes=opened.notes,
        )

    def _summary(self, name: str, summary: RecordSummary) -> Json:
        return summary_line(
            name,
            verdict=summary.verdict,
            territory=summary.territory,
            windows=summary.windows,
            judged_windows=summary.judged_windows,
            beats=self._beats,
            alerts=self._alerts,
            scoring=summary.scoring,
            models_hash=summary.models_hash,
        )

    def failed(self, path: Path, error: EcgdError) -> None:
        self._beats = self._alerts = 0
        _print(error_line(str(path), error))
        sys.stdout.flush()
        command_error(error).show()

    def finished(self) -> None:
        sys.stdout.flush()


def _print(line: Json) -> None:
    sys.stdout.write(dump_line(line) + "\n")


class HumanReport:
    """Prints a table per recording, and one line over several."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._report = Report()
        self._verdicts: Counter[str] = Counter()
        self._failed = 0

    def event(self, path: Path, event: RecordingEvent) -> None:
        match event:
            case RecordOpened():
                about = describe(event.fs_hz, event.leads, event.duration_s)
                self._report.opened(about, event.notes)
            case WindowAssessed():
                self._report.take(event.assessment)
            case AlertRaised():
                self._report.alarms.append((event.time_s, event.alarm))
            case RecordSummary():
                self._verdicts[event.verdict.value if event.verdict else "cannot judge"] += 1
                page = self._report.page(
                    str(path),
                    verdict=event.verdict,
                    territory=event.territory,
                    windows=event.windows,
                    judged_windows=event.judged_windows,
                    scoring=event.scoring,
                    threshold=event.anomaly_threshold,
                )
                self._console.print(page)
                self._report = Report()

    def failed(self, path: Path, error: EcgdError) -> None:
        self._failed += 1
        self._report = Report()
        command_error(error).show()

    def finished(self) -> None:
        if self._verdicts.total() + self._failed > 1:
            self._console.print(closing_line(self._verdicts, self._failed))


class AnnotationFiles:
    """Writes the annotation files of each recording when it is done."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._fs_hz = 1.0
        self._annotations = Annotations()

    def event(self, path: Path, event: RecordingEvent) -> None:
        match event:
            case WindowAssessed():
                self._fs_hz = event.assessment.fs_hz
                for beat in event.assessment.beats:
                    self._annotations.add(beat)
            case RecordSummary():
                annotations, self._annotations = self._annotations, Annotations()
                if not annotations.write(self._directory, annotation_name(path), self._fs_hz):
                    click.echo(f"ecgctl: {path} has no beat to annotate", err=True)

    def failed(self, path: Path, error: EcgdError) -> None:
        """Nothing is written of a recording that failed."""
        self._annotations = Annotations()

    def finished(self) -> None:
        """Every file is complete when its recording ends."""


class FeatureTable:
    """Writes every window's feature vector as it comes."""

    def __init__(self, path: Path) -> None:
        self._file = FeatureFile(path)

    def event(self, path: Path, event: RecordingEvent) -> None:
        if isinstance(event, WindowAssessed) and event.features is not None:
            self._file.add(path, event.assessment.time_s, event.features)

    def failed(self, path: Path, error: EcgdError) -> None:
        """The windows before the fault stay."""

    def finished(self) -> None:
        self._file.close()


class ProgressBar:
    """A bar on the terminal's standard error while a recording is analysed."""

    def __init__(self, recordings: int) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
        )
        self._done = 0
        self._duration_s: float | None = None
        self._task: TaskID = self._progress.add_task("", total=float(recordings), name="")

    def event(self, path: Path, event: RecordingEvent) -> None:
        match event:
            case RecordOpened():
                self._duration_s = event.duration_s
                self._progress.update(self._task, name=clean(path.name))
                self._progress.start()
            case WindowAssessed() if self._duration_s:
                share = min(1.0, event.assessment.time_s / self._duration_s)
                self._progress.update(self._task, completed=self._done + share)
            case RecordSummary():
                self._advance()

    def failed(self, path: Path, error: EcgdError) -> None:
        self._advance()

    def _advance(self) -> None:
        self._done += 1
        self._progress.update(self._task, completed=float(self._done))
        self._progress.stop()

    def finished(self) -> None:
        self._progress.stop()
