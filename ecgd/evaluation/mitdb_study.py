"""One record of MIT-BIH, analysed once for all that its experts' marks can tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecgd.config.settings import Settings
from ecgd.evaluation.af_time_study import AfTimeRow, score_af_time
from ecgd.evaluation.alarm_course import count_critical
from ecgd.evaluation.beat_study import OURS, OURS_FIRST, BeatRow, beat_row, rival_rows
from ecgd.evaluation.class_study import BOTH, FIRST, PACED, ClassRow, class_row
from ecgd.evaluation.databases import read_beats
from ecgd.evaluation.rhythm_study import RhythmRow, read_rhythms, score_rhythm
from ecgd.evaluation.stream import analyse_stream, first_channel
from ecgd.sources.recording import read_recording


@dataclass(frozen=True, slots=True)
class MitdbRow:
    """One record. ``alarms`` counts the CRITICAL ones by kind, after hold-off, in ``hours``."""

    beats: list[BeatRow]
    classes: list[ClassRow]
    rhythm: RhythmRow
    atria: AfTimeRow
    alarms: dict[str, int]
    hours: float


def study_mitdb(path: Path, *, alone: bool = True, rivals: bool = True) -> MitdbRow:
    """Analyse both channels and, ``alone``, the first; run the other libraries on the first."""
    recording, reference, name = read_recording(path), read_beats(path), path.name
    both = analyse_stream(recording, Settings())
    beats = [beat_row(OURS, name, both, reference)]
    classes = [class_row(name, BOTH, both, reference)]
    if alone:
        first = analyse_stream(first_channel(recording), Settings())
        beats.append(beat_row(OURS_FIRST, name, first, reference))
        classes.append(class_row(name, FIRST, first, reference))
    stretches = read_rhythms(path, recording.duration_s)
    if rivals:
        beats += rival_rows(name, recording, reference)
    return MitdbRow(
        beats=beats,
        classes=[] if name in PACED else classes,
        rhythm=score_rhythm(name, both, stretches),
        atria=score_af_time(name, both, stretches),
        alarms=count_critical(both.assessments),
        hours=recording.duration_s / 3600.0,
    )
