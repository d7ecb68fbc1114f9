"""Beats: the daemon's against experts' marks, beside other libraries on the same records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ecgd.evaluation.databases import ReferenceBeats
from ecgd.evaluation.matching import Match, match_events
from ecgd.evaluation.rivals import RIVALS
from ecgd.evaluation.stream import Analysed, signal_of
from ecgd.model.assessment import Assessment
from ecgd.sources.recording import Recording

OURS: Final = "ecgd"
OURS_FIRST: Final = "ecgd, first channel"


@dataclass(frozen=True, slots=True)
class BeatRow:
    """One detector on one record."""

    record: str
    detector: str
    match: Match
    unusable_share: float = 0.0


def rival_rows(record: str, recording: Recording, reference: ReferenceBeats) -> list[BeatRow]:
    """Run the other libraries' detectors on the first channel of one record."""
    first_mv = signal_of(recording)[0]
    rows = []
    for name, detect in RIVALS.items():
        found_s = (detect(first_mv, recording.fs_hz) / recording.fs_hz).tolist()
        rows.append(BeatRow(record, name, score(reference, found_s)))
    return rows


def score(reference: ReferenceBeats, found_s: Sequence[float]) -> Match:
    """Match beats; nothing counts in stretches that have no marks."""
    scored = [t for t in reference.times_s if not inside(t, reference.unscored_s)]
    kept = [t for t in found_s if not inside(t, reference.unscored_s)]
    return match_events(scored, kept)


def beat_row(detector: str, record: str, analysed: Analysed, reference: ReferenceBeats) -> BeatRow:
    """Return what our analysis of a record has found."""
    found_s = [beat.r_peak / analysed.fs_hz for beat in analysed.beats]
    assessments = analysed.assessments
    whole = ((0.0, assessments[-1].time_s if assessments else 0.0),)
    unusable = unusable_share(assessments, whole)
    return BeatRow(record, detector, score(reference, found_s), unusable)


def unusable_share(
    assessments: Iterable[Assessment], stretches: Sequence[tuple[float, float]]
) -> float:
    seen = [a for a in assessments if inside(a.time_s, stretches)]
    lost = [a for a in seen if not any(lead.usable for lead in a.quality)]
    return len(lost) / len(seen) if seen else 0.0


def inside(time_s: float, stretches: Iterable[tuple[float, float]]) -> bool:
    return any(start_s <= time_s <= end_s for start_s, end_s in stretches)


def rows_of(rows: Iterable[BeatRow], detector: str) -> Iterator[BeatRow]:
    """Return one detector's rows."""
    return (row for row in rows if row.detector == detector)
