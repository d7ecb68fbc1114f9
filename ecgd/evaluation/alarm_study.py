"""False alarms: CRITICAL ones over hours of constructed signal, after hold-off, and the networks'.

A piece is some time of one patient; what was found is kept a line a piece, so that a thousand hours
can be measured in several goes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.ensemble.member import Scorer
from ecgd.evaluation.alarm_course import count_by_networks, count_critical
from ecgd.evaluation.databases import NOISE_KINDS, read_noise
from ecgd.evaluation.diagnoses import Diagnosis
from ecgd.evaluation.judged_networks import judged_hash, networks, taught
from ecgd.evaluation.long_signal import Cycles, add_noise, cut_cycles, lengthen, turn_axis
from ecgd.evaluation.short_records import FS_HZ, ShortRecord, as_recording, read_short_records
from ecgd.evaluation.stream import analyse_stream
from ecgd.model.signal import FloatArray

PIECE_H: Final = 2.0
"""A thousand hours come from five hundred patients, as many as there are."""

ORDINARY_H: Final = 20.0
ORDINARY_PIECE_H: Final = 0.25
"""An ordinary run takes less of each, to see eighty patients in a few minutes."""

SAME_H: Final = 0.01

NORMAL: Final = "normal"
GROUPS: Final = {
    NORMAL: frozenset({Diagnosis.NORMAL}),
    "atrial fibrillation": frozenset({Diagnosis.AF}),
    "bundle-branch block": frozenset({Diagnosis.LBBB, Diagnosis.RBBB, Diagnosis.OTHER_WIDE}),
    "hypertrophy": frozenset({Diagnosis.LVH}),
}
"""Whose signals are used, in turn; who is in two groups counts in the later one."""

ALLOWED: Final = frozenset({Diagnosis.ST_T, Diagnosis.NOISE, Diagnosis.OTHER, Diagnosis.NORMAL})
"""What may be said of a patient besides."""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One piece: the CRITICAL alarms by kind, and how much of it could be judged.

    ``networks`` are the alarms, of any severity, that the networks alone have raised in a normal
    patient who taught them nothing; None: they were not asked. ``models`` is their hash.
    """

    piece: int
    group: str
    patient: str
    hours: float
    judged_share: float
    alarms: dict[str, int]
    networks: int | None = None
    models: str = ""


def alarm_jobs(
    data: Path,
    hours: float = ORDINARY_H,
    piece_h: float = ORDINARY_PIECE_H,
    state: Path | None = None,
    models: Path | None = None,
) -> list[Callable[[], AlarmRow]]:
    """Return the pieces that make ``hours``; those that ``state`` holds are done and cost nothing.

    Each piece adds itself to ``state`` once it is done. Those of normal patients are done anew for
    other networks.
    """
    rows = read_rows(state) if state is not None else []
    installed = judged_hash(models)
    known = {
        row.piece: row
        for row in rows
        if abs(row.hours - piece_h) < SAME_H and (row.group != NORMAL or row.models == installed)
    }
    return [
        partial(_known, known[piece])
        if piece in known
        else partial(_kept, data, piece, piece_h, state, models)
        for piece in range(max(1, round(hours / piece_h)))
    ]


def _known(row: AlarmRow) -> AlarmRow:
    return row


def _kept(
    data: Path, piece: int, piece_h: float, state: Path | None, models: Path | None
) -> AlarmRow:
    row = study_alarms(data, piece, piece_h, models)
    if state is not None:
        keep_row(state, row)
    return row


def patients_by_group(records: Iterable[ShortRecord]) -> dict[str, list[ShortRecord]]:
    """Return the patients of each group, in order."""
    groups: dict[str, list[ShortRecord]] = {name: [] for name in GROUPS}
    for record in records:
        names = [name for name, wanted in GROUPS.items() if record.diagnoses & wanted]
        others = record.diagnoses - ALLOWED - frozenset().union(*GROUPS.values())
        if names and not others:
            groups[names[-1]].append(record)
    return groups


def study_alarms(
    data: Path, piece: int, hours: float = PIECE_H, models: Path | None = None
) -> AlarmRow:
    """Build one piece and count its alarms; the same number gives the same signal.

    The networks are asked in normal patients who have not taught them; with networks installed
    these come first.
    """
    groups = patients_by_group(read_short_records(data))
    names = [name for name in GROUPS if groups[name]]
    group = names[piece % len(names)]
    installed = judged_hash(models) if group == NORMAL else ""
    chance = np.random.default_rng(piece)
    number, ranked = piece // len(names), bool(installed)
    for record in _in_order(groups[group], number, models=models, ranked=ranked):
        cycles = _cycles(record)
        if cycles is not None:
            signal_mv = _construct(data, cycles, hours, chance)
            asks = ranked and not taught(models, record.patient)
            scorer = networks(models) if asks else None
            row = _count(piece, group, record.patient, signal_mv, scorer)
            return replace(row, models=installed)
    return AlarmRow(piece, group, "", 0.0, 0.0, {}, models=installed)


def _in_order(
    patients: Sequence[ShortRecord], number: int, *, models: Path | None, ranked: bool
) -> Iterator[ShortRecord]:
    """Yield all patients, beginning at another one for each number.

    ``ranked``: who has not taught the networks comes first.
    """
    # A step without a divisor in common with most lengths goes round all patients.
    first = number if ranked else 37 * number
    if ranked:
        patients = sorted(patients, key=lambda record: taught(models, record.patient))
    for offset in range(len(patients)):
        yield patients[(first + offset) % len(patients)]


def read_rows(state: Path) -> list[AlarmRow]:
    """Return the pieces that are done; a line that was cut off by a crash is done again."""
    rows = []
    for line in state.read_text(encoding="utf-8").splitlines() if state.exists() else ():
        try:
            rows.append(AlarmRow(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return rows


def keep_row(state: Path, row: AlarmRow) -> None:
    """Add a piece to those that are done."""
    with state.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row)) + "\n")


def _cycles(record: ShortRecord) -> Cycles | None:
    analysed = analyse_stream(as_recording(record.name, record.signal_mv), Settings())
    return cut_cycles(record.signal_mv, analysed.beats, FS_HZ)


def _construct(data: Path, cycles: Cycles, hours: float, chance: np.random.Generator) -> FloatArray:
    noises = {kind: read_noise(data / "nstdb", kind) for kind in NOISE_KINDS}
    long_mv = lengthen(cycles, 3600.0 * hours, chance)
    return add_noise(turn_axis(long_mv, FS_HZ, chance), FS_HZ, noises, chance)


def _count(
    piece: int, group: str, patient: str, signal_mv: FloatArray, scorer: Scorer | None
) -> AlarmRow:
    analysed = analyse_stream(as_recording(patient, signal_mv), Settings(), scorer)
    judged = [each.risk_level is not None for each in analysed.assessments]
    hours = signal_mv.shape[1] / FS_HZ / 3600.0
    share = sum(judged) / len(judged) if judged else 0.0
    critical = count_critical(analysed.assessments)
    alone = None if scorer is None else count_by_networks(analysed)
    return AlarmRow(piece, group, patient, hours, share, critical, alone)
