"""Atrial fibrillation over 10 s (PTB-XL, Challenge 2017) and over 30 s (Challenge 2017)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.cells import percent_true
from ecgd.evaluation.databases import read_table
from ecgd.evaluation.stream import analyse_stream, recording_of_uv
from ecgd.features.atrial_fibrillation import SHORT_SPAN_S, SPAN_S
from ecgd.model.finding import EventType
from ecgd.model.rhythm import RhythmSign
from ecgd.sources.recording import Recording

FS_HZ: Final = 250.0
PARTS: Final = 8

FIBRILLATION: Final = frozenset({"AF", "AFIB"})
OTHERS: Final = frozenset({"normal", "other", "SR", "SBRAD", "STACH", "SARRH"})
"""What experts say; noisy pieces, flutter and rarer rhythms take no part."""

SINUS_EVERY: Final = 6
"""Of PTB-XL's many records in plain sinus rhythm every sixth is taken."""


@dataclass(frozen=True, slots=True)
class AfRow:
    """One recording: what experts call it, over which span, and whether fibrillation was told."""

    database: str
    rhythm: str
    span_s: float
    told: bool

    @property
    def fibrillates(self) -> bool:
        return self.rhythm in FIBRILLATION


def study_ptbxl(folder: Path, part: int, parts: int = PARTS) -> list[AfRow]:
    """Judge every ``parts``-th of the chosen records of 10 s from ``part`` on."""
    labels = read_table(folder / "labels.csv")
    held = np.load(folder / "limb250_uV.npy", mmap_mode="r")
    rare = [k for k, row in enumerate(labels) if row["rhythm"] in (FIBRILLATION | OTHERS) - {"SR"}]
    sinus = [k for k, row in enumerate(labels) if row["rhythm"] == "SR"]
    chosen = sorted((*rare, *sinus[::SINUS_EVERY]))
    rows = []
    for number in chosen[part::parts]:
        recording = recording_of_uv("af", ("I", "II"), FS_HZ, np.asarray(held[number]))
        told = told_over(recording, SHORT_SPAN_S)
        rows.append(AfRow("PTB-XL", labels[number]["rhythm"], SHORT_SPAN_S, told))
    return rows


def study_challenge_2017(folder: Path, part: int, parts: int = PARTS) -> list[AfRow]:
    """Judge every ``parts``-th record from ``part`` on: its first 10 s, and the whole if 30 s."""
    held = np.load(folder / "ecg250_uV.npy", mmap_mode="r")
    rows = []
    for rhythm, pieces in list(_records(folder))[part::parts]:
        if rhythm not in FIBRILLATION | OTHERS:
            continue
        signals = [np.atleast_2d(held[number])[:, :length] for number, length in pieces]
        whole = recording_of_uv("af", ("I",), FS_HZ, np.concatenate(signals, axis=1))
        first = recording_of_uv("af", ("I",), FS_HZ, signals[0])
        for recording, span_s in ((first, SHORT_SPAN_S), (whole, SPAN_S)):
            if recording.duration_s >= span_s:
                told = told_over(recording, span_s)
                rows.append(AfRow("Challenge 2017", rhythm, span_s, told))
    return rows


def told_over(recording: Recording, span_s: float) -> bool:
    """Tell whether fibrillation is told: over 30 s as evidence, over 10 s as likely at the end."""
    assessments = analyse_stream(recording, Settings()).assessments
    if not assessments:
        return False
    if span_s >= SPAN_S:
        findings = (finding for each in assessments for finding in each.findings)
        return any(each.event_type is EventType.ATRIAL_FIBRILLATION for each in findings)
    seen = assessments[-1].rhythm.observations
    return any(each.sign is RhythmSign.ATRIAL_FIBRILLATION for each in seen)


def af_section(rows: Sequence[AfRow]) -> str:
    """Return sensitivity and specificity by span and database, as Markdown."""
    lines = [
        "## Atrial fibrillation\n",
        "Over 30 s as the alarm's evidence; over 10 s as the observation that says it is likely.\n"
        "The model's three weights were fitted on these records too. Where too few beats\n"
        "are seen fibrillation counts as missed.\n",
        "| span | records of | AF | Se | not AF | Sp |",
        "|---|---|---|---|---|---|",
    ]
    for span_s in (SHORT_SPAN_S, SPAN_S):
        inside = [row for row in rows if row.span_s == span_s]
        for name in (*sorted({row.database for row in inside}), "**all**"):
            held = [row for row in inside if name in {row.database, "**all**"}]
            lines.append(_line(f"{span_s:.0f} s", name, held))
    return "\n".join((*lines, "")) + "\n"


def _line(span: str, name: str, rows: Sequence[AfRow]) -> str:
    yes = [row.told for row in rows if row.fibrillates]
    no = [not row.told for row in rows if not row.fibrillates]
    return (
        f"| {span} | {name} | {len(yes)} | {percent_true(yes)} | {len(no)} | {percent_true(no)} |"
    )


def _records(folder: Path) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield each record's rhythm and its pieces in order: number and length in samples."""
    records: dict[str, list[tuple[int, int, int]]] = {}
    rhythms: dict[str, str] = {}
    for number, row in enumerate(read_table(folder / "labels.csv")):
        piece = (int(row["segment"]), number, int(float(row["valid_len"])))
        records.setdefault(row["record"], []).append(piece)
        rhythms[row["record"]] = row["rhythm"]
    for name, pieces in sorted(records.items()):
        yield rhythms[name], [(number, length) for _, number, length in sorted(pieces)]
