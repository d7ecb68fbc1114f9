"""What experts' marks on long recordings say of one moment: the labels of the networks' eyes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.evaluation.anomaly_labels import Truth
from ecgd.evaluation.databases import ReferenceBeats, read_beats
from ecgd.evaluation.rhythm_study import Stretch, read_rhythms
from ecgd.model.network_label import (
    ANOMALY,
    BRADYCARDIA,
    ECTOPY,
    FIBRILLATION,
    FLUTTER,
    TACHYCARDIA,
    VENTRICULAR_FIBRILLATION,
    VENTRICULAR_TACHYCARDIA,
)

LOOK_BACK_S: Final = 10.0
NEWEST_S: Final = 5.0
"""The strip and the newest window that a moment's labels are about."""

LEAST_SHARE: Final = 0.5
"""A rhythm holds where it fills this share, and does not where it fills nothing."""

LEAST_RUN_S: Final = 2.0

FREQUENT: Final = 3
"""So many ectopic beats in ten seconds are significant."""

SLOW_BPM: Final = (50.0, 60.0)
FAST_BPM: Final = (100.0, 110.0)
"""Between the two it is neither said nor denied."""

BEFORE_VF_S: Final = 60.0
"""So long before fibrillation an unmarked rhythm may be a ventricular tachycardia."""

_VT: Final = frozenset({"VT"})
_VF: Final = frozenset({"VF", "VFIB", "VFL"})
_SIGNIFICANT: Final = frozenset(
    {"AFIB", "AFL", "B", "T", "BI", "SVTA", "PREX", "BII", "HGEA", "ASYS", "IVR", "P"}
)
_UNCLEAR: Final = frozenset({"NOISE", "VER"})
_ECTOPIC: Final = frozenset("VEFAaSJejr!")
_WIDE: Final = frozenset("LR/f")


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """A recording's rhythms, and its beats where experts marked each; times in s."""

    rhythms: tuple[Stretch, ...]
    beats: ReferenceBeats | None
    names_vt: bool = True

    def truth_at(self, time_s: float) -> Truth:
        """Return what holds before ``time_s``; nothing where the marks are unclear."""
        if self._lasting(_UNCLEAR, time_s - LOOK_BACK_S, time_s) > 0:
            return {}
        tachycardia_s = self._lasting(_VT, time_s - NEWEST_S, time_s)
        fibrillation_s = self._lasting(_VF, time_s - NEWEST_S, time_s)
        truth: dict[str, bool] = {}
        _tell(truth, VENTRICULAR_FIBRILLATION, fibrillation_s, LEAST_RUN_S)
        if self.names_vt:
            _tell(truth, VENTRICULAR_TACHYCARDIA, tachycardia_s, LEAST_RUN_S)
            for label, rhythm in ((FIBRILLATION, "AFIB"), (FLUTTER, "AFL")):
                lasting_s = self._lasting({rhythm}, time_s - LOOK_BACK_S, time_s)
                _tell(truth, label, lasting_s, LEAST_SHARE * LOOK_BACK_S)
        grave = max(tachycardia_s, fibrillation_s) >= LEAST_RUN_S
        grave |= self._lasting(_SIGNIFICANT, time_s - NEWEST_S, time_s) >= NEWEST_S / 2
        return truth | self._beats_say(time_s, grave=grave)

    def _beats_say(self, time_s: float, *, grave: bool) -> dict[str, bool]:
        quiet = not self._marked(time_s - LOOK_BACK_S, time_s)
        if self.beats is None:
            soon = self._lasting(_VF, time_s, time_s + BEFORE_VF_S) > 0
            well = quiet and (self.names_vt or not soon)
            return {ANOMALY: True} if grave else {ANOMALY: False} if well else {}
        at_s = np.asarray(self.beats.times_s)
        first, last = np.searchsorted(at_s, (time_s - LOOK_BACK_S, time_s))
        symbols = self.beats.symbols[first:last]
        ectopic = sum(symbol in _ECTOPIC for symbol in symbols)
        wide = sum(symbol in _WIDE for symbol in symbols)
        said = {ECTOPY: ectopic > 0}
        if quiet and last - first > 2:
            said |= _rate_says(60.0 / float(np.median(np.diff(at_s[first:last]))))
        if grave or ectopic >= FREQUENT or wide > len(symbols) / 2:
            return said | {ANOMALY: True}
        return said | ({ANOMALY: False} if quiet and not ectopic and not wide and symbols else {})

    def _lasting(self, kinds: frozenset[str] | set[str], begin_s: float, end_s: float) -> float:
        return sum(
            max(0.0, min(end_s, each.end_s) - max(begin_s, each.start_s))
            for each in self.rhythms
            if each.rhythm in kinds
        )

    def _marked(self, begin_s: float, end_s: float) -> bool:
        return self._lasting(_VT | _VF | _SIGNIFICANT | _UNCLEAR, begin_s, end_s) > 0


def read_marks(record: Path, duration_s: float) -> Marks:
    """Return the marks of a record of MIT-BIH, VFDB (rhythms only) or CUDB (fibrillation only)."""
    database = record.parent.name
    beats = read_beats(record) if database == "mitdb" else None
    return Marks(read_rhythms(record, duration_s), beats, names_vt=database != "cudb")


def _rate_says(rate_bpm: float) -> dict[str, bool]:
    said = {}
    if not SLOW_BPM[0] <= rate_bpm < SLOW_BPM[1]:
        said[BRADYCARDIA] = rate_bpm < SLOW_BPM[0]
    if not FAST_BPM[0] < rate_bpm <= FAST_BPM[1]:
        said[TACHYCARDIA] = rate_bpm > FAST_BPM[1]
    return said


def _tell(truth: dict[str, bool], label: str, lasting_s: float, least_s: float) -> None:
    if lasting_s >= least_s or lasting_s == 0.0:
        truth[label] = lasting_s > 0.0
