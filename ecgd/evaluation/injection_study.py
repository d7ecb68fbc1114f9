"""STEMI in six limb leads: injected into real records, and what is told of records without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.databases import NOISE_KINDS, read_noise, read_waves
from ecgd.evaluation.diagnoses import Diagnosis
from ecgd.evaluation.injection import AXES_DEG, Injury, inject, times_of, weaker_of_best_pair
from ecgd.evaluation.short_records import FS_HZ, ShortRecord, as_recording, read_short_records
from ecgd.evaluation.stream import Analysed, analyse_stream
from ecgd.model.assessment import Assessment
from ecgd.model.beat import Beat
from ecgd.model.finding import RiskLevel
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray
from ecgd.service.verdict import judge_record, trusted

SIZES_MV: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
CONFOUNDED_SIZES_MV: Final = (0.15, 0.2, 0.3)

CONFOUNDERS: Final = (
    Diagnosis.AF,
    Diagnosis.LBBB,
    Diagnosis.RBBB,
    Diagnosis.OTHER_WIDE,
    Diagnosis.PACING,
    Diagnosis.LVH,
    Diagnosis.EARLY_REPOLARISATION,
    Diagnosis.OLD_MI,
    Diagnosis.NOISE,
)

NOISE_DB: Final = 12.0

PARTS: Final = 24
CLEAN_EVERY: Final = 2
INJECTED_EVERY: Final = 10
"""An ordinary run takes every second record as it is, and injects into every tenth."""

RARE: Final = frozenset({Diagnosis.LBBB, Diagnosis.PACING, Diagnosis.EARLY_REPOLARISATION})
"""Of these there are few: all are taken."""


@dataclass(frozen=True, slots=True)
class InjectionRow:
    """One record analysed once. ``injury`` None: nothing was injected.

    ``verdict`` None: it could not be judged. ``score_mv`` is the weaker lead of the best pair,
    None where no window measured all six leads. ``noisy``: noise was added.
    """

    record: str
    diagnoses: frozenset[Diagnosis]
    injury: Injury | None
    noisy: bool
    verdict: RiskLevel | None
    score_mv: float | None

    @property
    def is_stemi(self) -> bool:
        return self.verdict is RiskLevel.CRITICAL_STEMI

    @property
    def is_high(self) -> bool:
        return self.verdict in (RiskLevel.CRITICAL_STEMI, RiskLevel.HIGH_MI_RISK)


def injection_jobs(
    data: Path, *, clean_every: int = CLEAN_EVERY, injected_every: int = INJECTED_EVERY
) -> list[Callable[[], list[InjectionRow]]]:
    """Return the work on all records, in parts."""
    return [
        partial(study_part, data, part, clean_every=clean_every, injected_every=injected_every)
        for part in range(PARTS)
    ]


def study_part(
    data: Path, part: int, *, clean_every: int, injected_every: int
) -> list[InjectionRow]:
    """Analyse one part of the records, patient by patient."""
    rows: list[InjectionRow] = []
    for number, record in list(enumerate(read_short_records(data)))[part::PARTS]:
        # Numbers of one part have a common divisor: the choice goes by how often round it is.
        turn = number // PARTS + part
        if turn % injected_every == 0 or record.diagnoses & RARE:
            rows += study_injection(record, number, injuries_of(record.diagnoses), data)
        elif turn % clean_every == 0:
            rows += study_injection(record, number, (), data)
    return rows


def study_injection(
    record: ShortRecord, number: int, injuries: Sequence[Injury], data: Path
) -> list[InjectionRow]:
    """Analyse a record as it is, then with each injury, then both with noise.

    The J point is the experts' where LUDB is there, else our own in the clean record; the injury's
    axis goes round with ``number``.
    """
    clean = _analyse(record.name, record.signal_mv)
    rows = [_row(record, None, clean)]
    times = times_of(clean.beats, FS_HZ, _experts_j_s(record, clean.beats, data / "ludb"))
    noise_mv = noise_for(record.signal_mv, number, data / "nstdb") if injuries else None
    if noise_mv is not None and record.diagnoses == {Diagnosis.NORMAL}:
        rows.append(_row(record, None, _analyse(record.name, record.signal_mv + noise_mv), True))
    for injury in injuries:
        axes = AXES_DEG[injury.territory]
        turned = replace(injury, axis_deg=axes[number % len(axes)])
        injured_mv = inject(record.signal_mv, FS_HZ, times, turned)
        rows.append(_row(record, turned, _analyse(record.name, injured_mv)))
        if noise_mv is not None and injury.size_mv == 0.2:
            noisy = _analyse(record.name, injured_mv + noise_mv)
            rows.append(_row(record, turned, noisy, True))
    return rows


def injuries_of(diagnoses: frozenset[Diagnosis]) -> list[Injury]:
    """Return what is injected into a record: every size into a normal one."""
    if Diagnosis.ACUTE in diagnoses:
        return []
    if diagnoses == {Diagnosis.NORMAL}:
        sizes: tuple[float, ...] = SIZES_MV
    elif diagnoses.isdisjoint(CONFOUNDERS):
        return []
    else:
        sizes = CONFOUNDED_SIZES_MV
    return [Injury(territory, 0.0, size) for territory in AXES_DEG for size in sizes]


def _analyse(name: str, signal_mv: FloatArray) -> Analysed:
    return analyse_stream(as_recording(name, signal_mv), Settings())


def _row(
    record: ShortRecord, injury: Injury | None, analysed: Analysed, noisy: bool = False
) -> InjectionRow:
    kept = trusted(analysed.assessments)
    scores = [score for each in kept if (score := _score(each)) is not None]
    return InjectionRow(
        record.name,
        record.diagnoses,
        injury,
        noisy,
        judge_record(kept),
        median(scores) if scores else None,
    )


def _score(assessment: Assessment) -> float | None:
    leads = assessment.st.leads if assessment.st is not None else ()
    levels = {st.lead: st.level_mv for st in leads if st.level_mv is not None}
    return weaker_of_best_pair(levels) if levels.keys() >= set(LIMB_LEADS) else None


def noise_for(signal_mv: FloatArray, number: int, folder: Path) -> FloatArray | None:
    """Return a stretch of NSTDB's noise, its kind and place by ``number``; None without it.

    The SNR is that of a sine as high as the QRS against the noise, as the noise stress test has it.
    """
    if not folder.is_dir():
        return None
    noise = read_noise(folder, NOISE_KINDS[number % len(NOISE_KINDS)])
    length = signal_mv.shape[1]
    places = (noise.signal_mv.shape[1] - length) // length
    start = (number * 7 % places) * length
    part = noise.signal_mv[:, start : start + length]
    part = part - part.mean(axis=1, keepdims=True)
    height_mv = float(np.ptp(signal_mv, axis=1).mean())
    wanted = height_mv**2 / 8 / 10 ** (NOISE_DB / 10)
    scaled: FloatArray = part * np.sqrt(wanted / float((part**2).mean()))
    return scaled


def _experts_j_s(record: ShortRecord, beats: Iterable[Beat], ludb: Path) -> float | None:
    """Return how long after our R peak the experts put the J point (LUDB), None without marks."""
    collection, _, name = record.name.partition(" ")
    if collection != "ludb" or not (ludb / f"{name}.ii").exists():
        return None
    r_peaks_s = [beat.r_peak / FS_HZ for beat in beats]
    marks = [w for w in read_waves(ludb / name, "ii") if w.kind == "QRS" and w.end_s is not None]
    after = [
        mark.end_s - near_s
        for mark in marks
        for near_s in r_peaks_s
        if mark.end_s is not None and abs(near_s - mark.peak_s) < 0.1
    ]
    return median(after) if len(after) >= 3 else None
