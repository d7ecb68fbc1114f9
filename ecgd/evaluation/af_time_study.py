"""Atrial fibrillation in long recordings: how much of it is told, and what is told falsely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ecgd.evaluation.cells import percent_of
from ecgd.evaluation.rhythm_study import UNCLEAR, VENTRICULAR, Stretch
from ecgd.evaluation.stream import Analysed
from ecgd.features.atrial_fibrillation import SPAN_S
from ecgd.model.finding import EventType

FIBRILLATION: Final = "AFIB"
FLUTTER: Final = "AFL"
NO_OTHERS: Final = VENTRICULAR | UNCLEAR | {FIBRILLATION, FLUTTER}

NEW_AFTER_S: Final = 30.0
"""Told again after so long without is another false alarm."""


@dataclass(frozen=True, slots=True)
class AfTimeRow:
    """One record: windows by what the 30 s before their end are, and how many of them are told.

    ``fibrillating`` and ``others`` are (told, all); ``others`` lie in clear rhythms of the atria
    wholly. ``false_alarms`` are those told in them, in ``others_s`` seconds.
    """

    record: str
    fibrillating: tuple[int, int]
    flutter: tuple[int, int]
    others: tuple[int, int]
    false_alarms: int
    others_s: float


def score_af_time(name: str, analysed: Analysed, stretches: Sequence[Stretch]) -> AfTimeRow:
    """Count the windows of one record; nothing is told before 30 s."""
    kinds: dict[str, list[tuple[float, bool]]] = {"fibrillating": [], "flutter": [], "others": []}
    for each in analysed.assessments:
        rhythms = frozenset(_touched(stretches, each.time_s - SPAN_S, each.time_s))
        kind = _kind(rhythms) if each.time_s >= SPAN_S else None
        if kind is not None:
            told = any(f.event_type is EventType.ATRIAL_FIBRILLATION for f in each.findings)
            kinds[kind].append((each.time_s, told))
    counts = {kind: (sum(told for _, told in rows), len(rows)) for kind, rows in kinds.items()}
    false_s = [time_s for time_s, told in kinds["others"] if told]
    hop_s = analysed.duration_s / max(len(analysed.assessments), 1)
    return AfTimeRow(
        name,
        counts["fibrillating"],
        counts["flutter"],
        counts["others"],
        sum(k == 0 or at - false_s[k - 1] > NEW_AFTER_S for k, at in enumerate(false_s)),
        len(kinds["others"]) * hop_s,
    )


def af_time_section(title: str, rows: Sequence[AfTimeRow]) -> str:
    """Return the shares told, per record where there is anything to say, as Markdown."""
    hours = sum(row.others_s for row in rows) / 3600
    alarms = sum(row.false_alarms for row in rows)
    per_day = f"{24 * alarms / hours:.1f}" if hours else "–"
    told = [row for row in rows if row.fibrillating[1] or row.flutter[1] or row.others[0]]
    lines = [
        f"## Atrial fibrillation, {title}\n",
        "Windows by the 30 s before their end, where these lie in one rhythm wholly; told is the\n"
        "alarm's evidence, before its hold-off. The model was fitted on some of these records\n"
        "too. Records without fibrillation in which nothing is told stand in the sum alone.\n",
        "| record | fibrillation told | flutter told | others told | false alarms |",
        "|---|---|---|---|---|",
        *(_line(row.record, [row]) for row in told),
        _line("**all**", rows),
        f"\nFalse alarms: {alarms} in {hours:.1f} h of {len(rows)} records, {per_day} in 24 h.\n",
    ]
    return "\n".join((*lines, ""))


def _line(name: str, rows: Sequence[AfTimeRow]) -> str:
    shares = (
        percent_of(sum(told for told, _ in counts), sum(whole for _, whole in counts))
        for counts in (
            [row.fibrillating for row in rows],
            [row.flutter for row in rows],
            [row.others for row in rows],
        )
    )
    return f"| {name} | {' | '.join(shares)} | {sum(row.false_alarms for row in rows)} |"


def _touched(stretches: Sequence[Stretch], begin_s: float, end_s: float) -> Iterator[str]:
    return (each.rhythm for each in stretches if each.start_s < end_s and each.end_s > begin_s)


def _kind(rhythms: frozenset[str]) -> str | None:
    """Return the group of a window; None where the rhythm changes or is none of the atria's."""
    if rhythms == {FIBRILLATION}:
        return "fibrillating"
    if rhythms == {FLUTTER}:
        return "flutter"
    return None if rhythms & NO_OTHERS else "others"
