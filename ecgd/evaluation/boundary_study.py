"""Onset, peak and end of P, QRS and T: the daemon's against experts' marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ecgd.config.settings import Settings
from ecgd.evaluation.databases import Wave, read_ludb, read_waves
from ecgd.evaluation.matching import match_events
from ecgd.evaluation.scores import Counts
from ecgd.evaluation.stream import Analysed, analyse_stream
from ecgd.model.beat import Waves
from ecgd.model.leads import LIMB_LEADS
from ecgd.sources.recording import read_recording

WAVE_MATCH_S: Final = 0.15
POINTS: Final = ("onset", "peak", "end")
KINDS: Final = ("P", "QRS", "T")


@dataclass(slots=True)
class BoundaryTally:
    """Counts per wave, and errors in ms per (wave, point)."""

    counts: dict[str, Counts] = field(default_factory=dict)
    errors_ms: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, other: BoundaryTally) -> None:
        """Take in another record's."""
        for kind, counts in other.counts.items():
            self.counts[kind] = self.counts.get(kind, Counts()) + counts
        for point, errors_ms in other.errors_ms.items():
            self.errors_ms[point] += errors_ms


def study_ludb(folder: Path, name: str) -> BoundaryTally:
    """Score every limb lead of one LUDB record against that lead's own marks."""
    analysed = analyse_stream(read_ludb(folder, name), Settings())
    tally = BoundaryTally()
    for lead in LIMB_LEADS:
        marked = read_waves(folder / name, lead.lower())
        tally.add(compare(marked, _found(analysed, lead)))
    return tally


def study_qtdb(folder: Path, name: str) -> BoundaryTally:
    """Score one QTDB record's marks, which hold for both leads, against the whole beat's."""
    analysed = analyse_stream(read_recording(folder / name), Settings())
    return compare(read_waves(folder / name, "q1c"), _found(analysed, None))


def compare(marked: Sequence[Wave], found: Sequence[Wave]) -> BoundaryTally:
    """Match waves of each kind by their peaks, within the marked stretch only."""
    tally = BoundaryTally()
    if not marked:
        return tally
    first_s, last_s = marked[0].peak_s - 0.01, marked[-1].peak_s + 0.01
    for kind in KINDS:
        reference = {wave.peak_s: wave for wave in marked if wave.kind == kind}
        ours = {w.peak_s: w for w in found if w.kind == kind and first_s <= w.peak_s <= last_s}
        match = match_events(sorted(reference), sorted(ours), WAVE_MATCH_S)
        tally.counts[kind] = match.counts
        for expected_s, seen_s in match.pairs:
            _note_errors(tally, kind, reference[expected_s], ours[seen_s])
    return tally


def _note_errors(tally: BoundaryTally, kind: str, expected: Wave, seen: Wave) -> None:
    for point in POINTS:
        right_s, ours_s = getattr(expected, f"{point}_s"), getattr(seen, f"{point}_s")
        if right_s is not None and ours_s is not None:
            tally.errors_ms[kind, point].append(1000 * (ours_s - right_s))


def _found(analysed: Analysed, lead: str | None) -> list[Wave]:
    """Return the waves of one lead, or with None those of the whole beat."""
    waves: list[Wave] = []
    for beat in analysed.beats:
        own = beat.waves if lead is None else _of_lead(beat.leads, beat.lead_waves, lead)
        waves += _waves(own, beat.r_peak, analysed.fs_hz)
    return waves


def _of_lead(leads: Sequence[str], waves: Sequence[Waves | None], lead: str) -> Waves | None:
    return waves[leads.index(lead)] if lead in leads and waves else None


def _waves(waves: Waves | None, r_peak: int, fs_hz: float) -> Iterable[Wave]:
    if waves is None:
        yield Wave("QRS", None, r_peak / fs_hz, None)
        return
    yield Wave("QRS", waves.qrs_onset / fs_hz, r_peak / fs_hz, waves.qrs_end / fs_hz)
    if waves.p_peak is not None:
        yield Wave("P", _s(waves.p_onset, fs_hz), waves.p_peak / fs_hz, _s(waves.p_end, fs_hz))
    if waves.t_peak is not None:
        yield Wave("T", _s(waves.t_onset, fs_hz), waves.t_peak / fs_hz, _s(waves.t_end, fs_hz))


def _s(index: int | None, fs_hz: float) -> float | None:
    return None if index is None else index / fs_hz
