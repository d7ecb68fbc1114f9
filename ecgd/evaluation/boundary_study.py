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
from ecgd.evaluation.stream import Analysed, analyse_stream, cut_recording
from ecgd.model.beat import Waves
from ecgd.model.leads import LIMB_LEADS
from ecgd.sources.recording import read_recording

WAVE_MATCH_S: Final = 0.15

RUN_UP_S: Final = 60.0
RUN_OUT_S: Final = 5.0
"""What is analysed around the marked stretch."""

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


def study_qtdb(folder: Path, name: str) -> tuple[BoundaryTally, BoundaryTally]:
    """Score one QTDB record's marks, which hold for both leads.

    First against the whole beat's boundaries, then, as Martinez et al. (2004) and the papers that
    follow them do, against those of the lead that is nearest to the expert at each point.
    """
    recording, marked = read_recording(folder / name), read_waves(folder / name, "q1c")
    begin_s = max(0.0, marked[0].peak_s - RUN_UP_S)
    length_s = marked[-1].peak_s + RUN_OUT_S - begin_s
    analysed = analyse_stream(cut_recording(recording, begin_s, length_s), Settings())
    marked = tuple(wave.shifted(-begin_s) for wave in marked)
    leads = analysed.beats[0].leads if analysed.beats else ()
    each = [_found(analysed, lead) for lead in leads]
    return compare(marked, _found(analysed, None)), compare_nearest(marked, each)


def compare(marked: Sequence[Wave], found: Sequence[Wave]) -> BoundaryTally:
    """Match waves of each kind by their peaks, within the marked stretch only."""
    tally = BoundaryTally()
    for kind in KINDS if marked else ():
        pairs, counts = _matched(marked, found, kind)
        tally.counts[kind] = counts
        for expected, seen in pairs:
            for point in POINTS:
                tally.errors_ms[kind, point] += _errors_ms(point, expected, seen)
    return tally


def compare_nearest(marked: Sequence[Wave], leads: Sequence[Sequence[Wave]]) -> BoundaryTally:
    """Compare each point with the lead that comes nearest; found is what any of them shows."""
    tally = BoundaryTally()
    for kind in KINDS if marked else ():
        seen_by: dict[Wave, list[Wave]] = defaultdict(list)
        for found in leads:
            for expected, seen in _matched(marked, found, kind)[0]:
                seen_by[expected].append(seen)
        total = sum(wave.kind == kind for wave in marked)
        tally.counts[kind] = Counts(len(seen_by), total - len(seen_by))
        for expected, waves in seen_by.items():
            for point in POINTS:
                errors_ms = [e for seen in waves for e in _errors_ms(point, expected, seen)]
                tally.errors_ms[kind, point] += sorted(errors_ms, key=abs)[:1]
    return tally


def _matched(
    marked: Sequence[Wave], found: Sequence[Wave], kind: str
) -> tuple[list[tuple[Wave, Wave]], Counts]:
    """Return the pairs (marked, found); what is found outside the marked stretch is not extra.

    Leads peak at different times: the first and last marked wave may lie just inside our own.
    """
    first_s, last_s = marked[0].peak_s, marked[-1].peak_s
    reference = {wave.peak_s: wave for wave in marked if wave.kind == kind}
    ours = {wave.peak_s: wave for wave in found if wave.kind == kind}
    match = match_events(sorted(reference), sorted(ours), WAVE_MATCH_S)
    extra = sum(first_s <= time_s <= last_s for time_s in match.extra_s)
    pairs = [(reference[expected_s], ours[seen_s]) for expected_s, seen_s in match.pairs]
    return pairs, Counts(len(pairs), len(match.missed_s), extra)


def _errors_ms(point: str, expected: Wave, seen: Wave) -> list[float]:
    """Return the error of one point; empty where either side has not marked it."""
    right_s, ours_s = getattr(expected, f"{point}_s"), getattr(seen, f"{point}_s")
    return [] if right_s is None or ours_s is None else [1000 * (ours_s - right_s)]


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
