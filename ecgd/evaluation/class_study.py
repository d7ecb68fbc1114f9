"""Beat classes against experts' (ANSI/AAMI EC57): ventricular and supraventricular ectopic beats.

As EC57 counts: a fusion beat called V is no error, nor is one that the experts could not class; a
missed ectopic beat is a miss, and one found where no beat is, a false one. Paced records are left
out, and so is ventricular flutter; there is no learning period.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ecgd.evaluation.cells import percent
from ecgd.evaluation.databases import ReferenceBeats
from ecgd.evaluation.matching import match_events
from ecgd.evaluation.scores import Counts, gross
from ecgd.evaluation.stream import Analysed
from ecgd.model.beat import Beat, BeatClass

GROUPS: Final = {
    **dict.fromkeys("NLRBej", "N"),
    **dict.fromkeys("AaJS", "S"),
    **dict.fromkeys("VEr", "V"),
    "F": "F",
    **dict.fromkeys("/fQ?", "Q"),
}
"""WFDB's annotations as EC57 groups them."""

NO_BEAT: Final = "O"
UNSCORED: Final = ""
FALSE: Final = {"V": frozenset({"N", "S", NO_BEAT}), "S": frozenset({"N", "V", "F", NO_BEAT})}
"""What makes a beat called V, or S, a false one."""

PACED: Final = frozenset({"102", "104", "107", "217"})
RUNS: Final = (3, 5)
"""Beats in a row that make a run, and a tachycardia (Challenge 2015)."""

SURE: Final = 0.8
"""False runs are also counted among the beats that are told with this confidence."""

BOTH: Final = "both channels"
FIRST: Final = "first channel"


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One record. ``ectopic`` counts per class V and S; ``false_runs`` are those of at least
    ``RUNS`` beats called V of which none is, all and among the sure ones, in ``hours``."""

    record: str
    leads: str
    ectopic: dict[str, Counts]
    false_runs: dict[int, int]
    sure_false_runs: dict[int, int]
    hours: float


def class_row(name: str, leads: str, analysed: Analysed, reference: ReferenceBeats) -> ClassRow:
    """Hold the classes of an analysed record against the reference."""
    beats = analysed.beats
    truth, missed = label_beats(reference, [b.r_peak / analysed.fs_hz for b in beats])
    ectopic = {
        group: _count(group, truth, [b.beat_class.value for b in beats], missed[group])
        for group in FALSE
    }
    return ClassRow(
        name,
        leads,
        ectopic,
        {length: _false_runs(truth, beats, length, 0.0) for length in RUNS},
        {length: _false_runs(truth, beats, length, SURE) for length in RUNS},
        analysed.duration_s / 3600.0,
    )


def label_beats(
    reference: ReferenceBeats, found_s: Sequence[float]
) -> tuple[list[str], Counter[str]]:
    """Return the experts' group of each found beat, and how many of each group were missed."""
    marked = {
        time_s: GROUPS[symbol]
        for time_s, symbol in zip(reference.times_s, reference.symbols, strict=True)
        if symbol in GROUPS and not _unscored(reference, time_s)
    }
    match = match_events(sorted(marked), found_s)
    truth = {found: marked[time_s] for time_s, found in match.pairs}
    labels = [UNSCORED if _unscored(reference, at) else truth.get(at, NO_BEAT) for at in found_s]
    return labels, Counter(marked[time_s] for time_s in match.missed_s)


def _unscored(reference: ReferenceBeats, time_s: float) -> bool:
    return any(start <= time_s <= end for start, end in reference.unscored_s)


def _count(group: str, truth: Sequence[str], told: Sequence[str], missed: int) -> Counts:
    pairs = Counter(zip(truth, told, strict=True))
    right = pairs[group, group]
    everyone = sum(count for (is_group, _), count in pairs.items() if is_group == group)
    false = sum(pairs[other, group] for other in FALSE[group])
    return Counts(right, everyone - right + missed, false)


def _false_runs(truth: Sequence[str], beats: Sequence[Beat], length: int, sure: float) -> int:
    """Count the runs of beats told as V, none of which is one or fused with one."""
    runs, lasting = 0, 0
    for label, beat in zip((*truth, UNSCORED), (*beats, None), strict=True):
        told = beat is not None and beat.beat_class is BeatClass.V and beat.class_confidence >= sure
        if told and label in FALSE["V"]:
            lasting += 1
            continue
        runs += lasting >= length
        lasting = 0
    return runs


def class_section(rows: Sequence[ClassRow]) -> str:
    """Return the tables of ectopic beats: gross, and per record."""
    lines = [
        "## Beat classes, MIT-BIH Arrhythmia Database\n",
        "Ventricular (VEB) and supraventricular (SVEB) ectopic beats as ANSI/AAMI EC57 counts\n"
        "them. The networks that class beats were trained on these records (DS1) and on the QT\n"
        "Database: `scripts/train-beat-classes --check` gives the figures of records left out of\n"
        "training.\n",
        "| leads | VEB Se | VEB +P | SVEB Se | SVEB +P | false runs of 3, of 5 V per hour | sure |",
        "|---|---|---|---|---|---|---|",
        *(_line(leads, [row for row in rows if row.leads == leads]) for leads in (BOTH, FIRST)),
        "",
        f"Sure: a confidence of {SURE:g} or more. Per record, both channels (found, missed,",
        "false):\n",
        "| record | VEB | SVEB |",
        "|---|---|---|",
        *(_record_line(row) for row in rows if row.leads == BOTH),
    ]
    return "\n".join((*lines, ""))


def _line(leads: str, rows: Sequence[ClassRow]) -> str:
    figures = []
    for group in ("V", "S"):
        total = gross(row.ectopic[group] for row in rows)
        figures += [percent(total.sensitivity), percent(total.predictivity)]
    hours = sum(row.hours for row in rows)
    return (
        f"| {leads} | {' | '.join(figures)} "
        f"| {_per_hour([row.false_runs for row in rows], hours)} "
        f"| {_per_hour([row.sure_false_runs for row in rows], hours)} |"
    )


def _per_hour(runs: Iterable[dict[int, int]], hours: float) -> str:
    total: Counter[int] = Counter()
    for each in runs:
        total.update(each)
    return ", ".join(f"{total[length] / hours:.2f}" if hours else "-" for length in RUNS)


def _record_line(row: ClassRow) -> str:
    counts = (row.ectopic[group] for group in ("V", "S"))
    told = " | ".join(f"{each.found}, {each.missed}, {each.extra}" for each in counts)
    return f"| {row.record} | {told} |"
