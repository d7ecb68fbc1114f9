"""Bedside monitors' alarms, true and false, judged anew (PhysioNet/CinC Challenge 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.alarm_course import raised_events
from ecgd.evaluation.cells import percent_true
from ecgd.evaluation.databases import read_table
from ecgd.evaluation.stream import analyse_stream, recording_of_uv
from ecgd.model.finding import EventType
from ecgd.model.signal import CountArray
from ecgd.sources.recording import Recording

FS_HZ: Final = 250.0
MISSING: Final = -32768
ALL_MISSING: Final = 0.99
"""A lead that is missing for more than this share was not recorded."""

TIMELY_S: Final = 16.0
"""The challenge's event lies within the 10 s before the alarm; a window is 5 s, a hop 1 s."""

PARTS: Final = 16

_VENTRICULAR: Final = frozenset(
    {EventType.VENTRICULAR_TACHYCARDIA, EventType.VENTRICULAR_FIBRILLATION}
)
ANSWERS: Final = {
    "Asystole": frozenset({EventType.ASYSTOLE, EventType.VENTRICULAR_FIBRILLATION}),
    "Bradycardia": frozenset({EventType.EXTREME_BRADYCARDIA, EventType.ASYSTOLE}),
    "Tachycardia": frozenset({EventType.EXTREME_TACHYCARDIA, *_VENTRICULAR}),
    "Ventricular_Tachycardia": _VENTRICULAR,
    "Ventricular_Flutter_Fib": _VENTRICULAR,
}
"""Which of our alarms say the same as the monitor's, or something graver of the same kind."""

MISS_WEIGHT: Final = 5
"""What a suppressed true alarm counts in the challenge's score."""


@dataclass(frozen=True, slots=True)
class ChallengeRow:
    """One alarm of a bedside monitor, whether it was true, and whether we raised it in time."""

    record: str
    kind: str
    true: bool
    raised: bool


def study_challenge(folder: Path, part: int, parts: int = PARTS) -> list[ChallengeRow]:
    """Judge every ``parts``-th alarm from ``part`` on."""
    labels = read_table(folder / "labels.csv")
    held = np.load(folder / "ecg250_uV.npy", mmap_mode="r")
    rows = []
    for number in range(part, len(labels), parts):
        label = labels[number]
        recording = recording_of(np.asarray(held[number]), (label["lead0"], label["lead1"]))
        analysed = analyse_stream(recording, Settings())
        raised = raised_events(analysed.assessments, recording.duration_s - TIMELY_S)
        kind = label["alarm"]
        rows.append(
            ChallengeRow(
                label["record"], kind, label["alarm_true"] == "1", bool(raised & ANSWERS[kind])
            )
        )
    return rows


def recording_of(counts_uv: CountArray, names: Sequence[str]) -> Recording:
    """Return one alarm's signal; a lead that is missing for a while is flat there.

    Only where all leads are missing the samples are invalid.
    """
    missing = counts_uv == MISSING
    kept = np.flatnonzero(missing.mean(axis=1) < ALL_MISSING)
    counts = np.where(missing, 0, counts_uv)[kept]
    leads = tuple(names[k] for k in kept.tolist())
    return recording_of_uv("challenge", leads, FS_HZ, counts, ~missing[kept].all(axis=0))


def challenge_score(rows: Sequence[ChallengeRow]) -> float:
    """Return (TP + TN) / (TP + TN + FP + 5 FN) as a share; NaN without a row."""
    right = sum(row.raised == row.true for row in rows)
    missed = sum(row.true and not row.raised for row in rows)
    total = len(rows) + (MISS_WEIGHT - 1) * missed
    return right / total if total else nan


def challenge_section(rows: Sequence[ChallengeRow]) -> str:
    """Return what became of the true and of the false alarms, kind by kind, as Markdown."""
    kinds = [kind for kind in ANSWERS if any(row.kind == kind for row in rows)]
    lines = [
        "## Alarms of bedside monitors (Challenge 2015)\n",
        "The 90 s before each alarm, nothing after it; ECG leads only, no pulse waveform.\n"
        "*Raised*: our alarm of that kind, or a graver one of its family, stood within the last\n"
        "16 s. The weights for runs of ventricular beats were fitted on these records too.\n",
        "| the monitor's alarm | true | raised by us | false | not raised by us | score |",
        "|---|---|---|---|---|---|",
        *(
            _line(kind.replace("_", " ").lower(), [row for row in rows if row.kind == kind])
            for kind in kinds
        ),
        _line("**all**", rows),
    ]
    return "\n".join((*lines, "")) + "\n"


def _line(name: str, rows: Sequence[ChallengeRow]) -> str:
    true = [row.raised for row in rows if row.true]
    false = [not row.raised for row in rows if not row.true]
    score = f"{100 * challenge_score(rows):.1f}"
    kept, dropped = percent_true(true), percent_true(false)
    return f"| {name} | {len(true)} | {kept} | {len(false)} | {dropped} | {score} |"
