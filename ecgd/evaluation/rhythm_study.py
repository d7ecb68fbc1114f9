"""Ventricular fibrillation, flutter and tachycardia: what is told, how soon, and what falsely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from ecgd.evaluation.stream import Analysed
from ecgd.model.rhythm import VENTRICULAR_FIBRILLATION, VENTRICULAR_TACHYCARDIA

VENTRICULAR: Final = frozenset({"VF", "VFIB", "VFL", "VT"})
UNCLEAR: Final = frozenset({"NOISE", "HGEA", "VER"})
"""Noise, and ectopy or rhythms from the ventricle with runs that nobody marked: told apart."""

TOLD: Final = frozenset({VENTRICULAR_FIBRILLATION, VENTRICULAR_TACHYCARDIA})

LEAST_EPISODE_S: Final = 10.0
"""An alarm has to come within this (IEC 60601-2-27): shorter episodes have no onset to alarm."""

NEW_AFTER_S: Final = 10.0
"""An alarm without evidence for so long is over; the next is another one."""


class Stretch(NamedTuple):
    """A rhythm as experts marked it, in s."""

    rhythm: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class RhythmRow:
    """One record. ``windows`` and ``told`` count per rhythm those that lie in it wholly.

    ``delays_s``: from each longer episode's onset to its alarm, None: no alarm. ``false_alarms``
    are those in ``other_s`` seconds of other, clear rhythms.
    """

    record: str
    windows: dict[str, int]
    told: dict[str, int]
    delays_s: tuple[float | None, ...]
    false_alarms: int
    other_s: float


def score_rhythm(name: str, analysed: Analysed, stretches: Sequence[Stretch]) -> RhythmRow:
    """Count windows, episodes and false alarms of one record."""
    windows: dict[str, int] = {}
    told: dict[str, int] = {}
    for each in analysed.assessments:
        inside = _around(stretches, each.start_index / analysed.fs_hz, each.time_s)
        if inside is None:
            continue
        windows[inside.rhythm] = windows.get(inside.rhythm, 0) + 1
        told[inside.rhythm] = told.get(inside.rhythm, 0) + (each.rhythm.label in TOLD)
    alarms_s = [each.time_s for each in analysed.assessments if each.rhythm.label in TOLD]
    others = list(_others(stretches))
    false_s = [at for at in alarms_s if any(s.start_s <= at <= s.end_s for s in others)]
    return RhythmRow(
        name,
        windows,
        told,
        tuple(_delay(each, alarms_s) for each in _episodes(stretches)),
        sum(1 for k, at in enumerate(false_s) if k == 0 or at - false_s[k - 1] > NEW_AFTER_S),
        sum(each.end_s - each.start_s for each in others),
    )


def read_rhythms(record: Path, duration_s: float) -> tuple[Stretch, ...]:
    """Return the rhythms of a record: "(VT" and the like, or "[" and "]" around fibrillation."""
    import wfdb  # noqa: PLC0415 - of the extra eval

    marks = wfdb.rdann(str(record), "atr")
    fs_hz = float(marks.fs or wfdb.rdheader(str(record)).fs)
    changes = [(0.0, "N")]
    for at, symbol, note in zip(marks.sample.tolist(), marks.symbol, marks.aux_note, strict=True):
        rhythm = note.strip("\0 ").removeprefix("(") if note.startswith("(") else ""
        rhythm = {"[": "VF", "]": "N"}.get(symbol, rhythm)
        if rhythm:
            changes.append((at / fs_hz, rhythm))
    ends = (*(at for at, _ in changes[1:]), duration_s)
    return tuple(
        Stretch(rhythm, at, end)
        for (at, rhythm), end in zip(changes, ends, strict=True)
        if end > at
    )


def sensitivity(rows: Iterable[RhythmRow], rhythms: Iterable[str]) -> tuple[int, int]:
    """Return how many windows of these rhythms were told, and how many there are."""
    kinds = frozenset(rhythms)
    held = list(rows)
    return (
        sum(count for row in held for rhythm, count in row.told.items() if rhythm in kinds),
        sum(count for row in held for rhythm, count in row.windows.items() if rhythm in kinds),
    )


def others_of(rows: Iterable[RhythmRow]) -> frozenset[str]:
    """Return the clear rhythms that are not ventricular."""
    return frozenset(rhythm for row in rows for rhythm in row.windows) - VENTRICULAR - UNCLEAR


def _around(stretches: Iterable[Stretch], start_s: float, end_s: float) -> Stretch | None:
    return next((s for s in stretches if s.start_s <= start_s and end_s <= s.end_s), None)


def _episodes(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield ventricular stretches, joined where they touch, that are long enough to alarm."""
    begun: Stretch | None = None
    for each in (*stretches, Stretch("", float("inf"), float("inf"))):
        if each.rhythm in VENTRICULAR:
            begun = each if begun is None else begun._replace(end_s=each.end_s)
        elif begun is not None:
            if begun.end_s - begun.start_s >= LEAST_EPISODE_S:
                yield begun
            begun = None


def _others(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield clear stretches of other rhythms, from when an alarm before them would be over."""
    for number, each in enumerate(stretches):
        clear = each.rhythm not in VENTRICULAR | UNCLEAR
        start_s = each.start_s + (NEW_AFTER_S if number else 0.0)
        if clear and start_s < each.end_s:
            yield each._replace(start_s=start_s)


def _delay(episode: Stretch, alarms_s: Iterable[float]) -> float | None:
    found = (at for at in alarms_s if episode.start_s < at <= episode.end_s)
    first = next(found, None)
    return None if first is None else first - episode.start_s
