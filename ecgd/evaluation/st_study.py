"""ST levels: the daemon's against the same level at the experts' boundaries (LUDB)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.databases import Wave, read_ludb, read_waves
from ecgd.evaluation.stream import Analysed, analyse_stream, signal_of
from ecgd.model.finding import LeadSt
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray

ISO_S: Final = (-0.024, -0.004)
"""The isoelectric level, from the QRS onset (the end of the PR segment): the median, since experts
put a paced beat's onset behind the spike, which a mean would take for the level."""

LEVEL_S: Final = (0.034, 0.046)
"""J+40 ms, as a mean over 12 ms."""


@dataclass(frozen=True, slots=True)
class StRow:
    """One lead of one record. ``ours_mv`` None: the daemon did not measure it."""

    record: str
    lead: str
    ours_mv: float | None
    experts_mv: float
    uncertainty_mv: float | None

    @property
    def error_mv(self) -> float | None:
        return None if self.ours_mv is None else self.ours_mv - self.experts_mv


def study_st(folder: Path, name: str) -> list[StRow]:
    """Compare every limb lead that experts have marked in at least three beats."""
    recording = read_ludb(folder, name)
    last = _last_st(analyse_stream(recording, Settings()))
    signal_mv = signal_of(recording)
    rows = []
    for lead in LIMB_LEADS:
        waves = read_waves(folder / name, lead.lower())
        row_mv = signal_mv[recording.leads.index(lead)]
        levels = [_level(row_mv, wave, recording.fs_hz) for wave in waves if _is_bounded(wave)]
        if len(levels) >= 3:
            ours = last.get(lead)
            rows.append(
                StRow(
                    name,
                    lead,
                    ours.level_mv if ours else None,
                    median(levels),
                    ours.uncertainty_mv if ours else None,
                )
            )
    return rows


def _is_bounded(wave: Wave) -> bool:
    return wave.kind == "QRS" and wave.onset_s is not None and wave.end_s is not None


def _level(row_mv: FloatArray, wave: Wave, fs_hz: float) -> float:
    assert wave.onset_s is not None
    assert wave.end_s is not None
    level_mv = _piece(row_mv, wave.end_s, LEVEL_S, fs_hz).mean()
    return float(level_mv - np.median(_piece(row_mv, wave.onset_s, ISO_S, fs_hz)))


def _piece(
    row_mv: FloatArray, at_s: float, span_s: tuple[float, float], fs_hz: float
) -> FloatArray:
    first = round((at_s + span_s[0]) * fs_hz)
    last = round((at_s + span_s[1]) * fs_hz)
    return row_mv[max(0, first) : last + 1]


def _last_st(analysed: Analysed) -> dict[str, LeadSt]:
    """Return the newest measurement of each lead."""
    newest: dict[str, LeadSt] = {}
    for assessment in analysed.assessments:
        for each in assessment.st.leads if assessment.st else ():
            if each.measurable:
                newest[each.lead] = each
    return newest
