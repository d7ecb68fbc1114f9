"""One long record with marked rhythms, analysed once for ventricles and atria."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecgd.config.settings import Settings
from ecgd.evaluation.af_time_study import AfTimeRow, score_af_time
from ecgd.evaluation.rhythm_study import RhythmRow, read_rhythms, score_rhythm
from ecgd.evaluation.stream import analyse_stream
from ecgd.sources.recording import read_recording


@dataclass(frozen=True, slots=True)
class LongRow:
    """What was told of the ventricles, and of the atria."""

    rhythm: RhythmRow
    atria: AfTimeRow


def study_long(record: Path) -> LongRow:
    """Analyse one record as the daemon would, and hold it against its rhythm marks."""
    recording = read_recording(record)
    stretches = read_rhythms(record, recording.duration_s)
    analysed = analyse_stream(recording, Settings())
    return LongRow(
        score_rhythm(record.name, analysed, stretches),
        score_af_time(record.name, analysed, stretches),
    )
