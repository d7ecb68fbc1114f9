"""When the synthetic heart beats: an endless, seeded schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from ecgd.sources.dipole import BeatKind


class Rhythm(StrEnum):
    """Rhythms the synthetic patient can have."""

    SINUS = "sinus"
    AF = "af"
    BRADYCARDIA = "bradycardia"
    TACHYCARDIA = "tachycardia"
    ASYSTOLE = "asystole"


USUAL_RATE_BPM: Final[dict[Rhythm, float]] = {
    Rhythm.SINUS: 72.0,
    Rhythm.AF: 95.0,
    Rhythm.BRADYCARDIA: 35.0,
    Rhythm.TACHYCARDIA: 160.0,
    Rhythm.ASYSTOLE: 0.0,
}
"""Rate of each rhythm where none is asked for."""

_RESPIRATION_HZ = 0.25
_SINUS_ARRHYTHMIA = 0.03
_SINUS_JITTER = 0.012
_AF_SPREAD = 0.22
_RR_MIN_S = 0.25


@dataclass(frozen=True, slots=True)
class ScheduledBeat:
    """One beat: time of its R peak, the RR interval before it, its kind."""

    r_s: float
    rr_s: float
    kind: BeatKind


class BeatSchedule:
    """Beats in order of time, each drawn once. The first comes half an RR interval after 0.

    A PVC comes early and is followed by a compensatory pause (two RR in all); a PAC comes early and
    resets the sinus node. In atrial fibrillation the RR interval is log-normal with a spread of
    22 %, as in ventricular response without P waves.
    """

    def __init__(
        self,
        rhythm: Rhythm,
        rate_bpm: float,
        *,
        pvc_fraction: float,
        pac_fraction: float,
        rng: np.random.Generator,
    ) -> None:
        self._rhythm = rhythm
        self._rr_s = 60.0 / rate_bpm if rhythm is not Rhythm.ASYSTOLE else math.inf
        self._pvc_fraction = pvc_fraction
        self._pac_fraction = pac_fraction
        self._rng = rng
        self._after_pvc = False
        self._next = ScheduledBeat(self._rr_s / 2, self._rr_s, self._sinus_kind())

    def until(self, time_s: float) -> list[ScheduledBeat]:
        """Return the beats before ``time_s`` that were not returned before."""
        beats = []
        while self._next.r_s < time_s:
            beats.append(self._next)
            self._next = self._draw(self._next)
        return beats

    def _sinus_kind(self) -> BeatKind:
        return BeatKind.FIBRILLATION if self._rhythm is Rhythm.AF else BeatKind.SINUS

    def _draw(self, last: ScheduledBeat) -> ScheduledBeat:
        rr_s = self._regular_rr_s(last.r_s)
        chance = float(self._rng.random())
        if self._after_pvc:
            self._after_pvc = False
            rr_s, kind = 2.0 * self._rr_s - last.rr_s, self._sinus_kind()
        elif chance < self._pvc_fraction:
            self._after_pvc = True
            rr_s, kind = 0.62 * self._rr_s, BeatKind.PVC
        elif chance < self._pvc_fraction + self._pac_fraction:
            rr_s, kind = 0.70 * self._rr_s, BeatKind.PAC
        else:
            kind = self._sinus_kind()
        rr_s = max(rr_s, _RR_MIN_S)
        return ScheduledBeat(last.r_s + rr_s, rr_s, kind)

    def _regular_rr_s(self, time_s: float) -> float:
        drawn = float(self._rng.standard_normal())
        if self._rhythm is Rhythm.AF:
            return self._rr_s * math.exp(_AF_SPREAD * drawn - _AF_SPREAD**2 / 2)
        breath = _SINUS_ARRHYTHMIA * math.sin(2 * math.pi * _RESPIRATION_HZ * time_s)
        return self._rr_s * (1.0 + breath + _SINUS_JITTER * drawn)
