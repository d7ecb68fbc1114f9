"""The heart as one moving dipole in the frontal plane.

Each wave of a beat is a Gaussian in time along a fixed direction, so the vector draws loops (after
McSharry et al., IEEE TBME 50:289, 2003, with angles instead of a lead). A bipolar limb lead at
axis α sees the vector's projection on α; leads I and II follow exactly, and with them all six.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from ecgd.model.leads import AXIS_DEG, DERIVATION
from ecgd.model.signal import FloatArray


class BeatKind(StrEnum):
    """Where a beat comes from."""

    SINUS = "sinus"
    FIBRILLATION = "fibrillation"
    PAC = "pac"
    PVC = "pvc"


@dataclass(frozen=True, slots=True)
class Wave:
    """One Gaussian: direction in the frontal plane, height, time after the R peak, width (SD)."""

    angle_deg: float
    amplitude_mv: float
    centre_s: float
    width_s: float
    stretches: bool = False
    """True: time and width scale with the square root of the RR interval, as QT does."""


@dataclass(frozen=True, slots=True)
class StVector:
    """Displacement of the ST segment: direction, length in mV, and when it grows.

    From ``start_s`` to ``full_s`` it grows linearly from nothing to ``length_mv``.
    """

    angle_deg: float
    length_mv: float
    start_s: float = 0.0
    full_s: float = 0.0

    def length_at(self, time_s: float) -> float:
        """Return its length in mV at ``time_s``."""
        if time_s >= self.full_s:
            return self.length_mv
        if time_s <= self.start_s:
            return 0.0
        return self.length_mv * (time_s - self.start_s) / (self.full_s - self.start_s)


_QRS: Final = (
    Wave(200.0, 0.12, -0.028, 0.008),
    Wave(50.0, 1.20, 0.0, 0.011),
    Wave(230.0, 0.20, 0.026, 0.008),
)
_T: Final = Wave(45.0, 0.32, 0.285, 0.045, stretches=True)

WAVES: Final[dict[BeatKind, tuple[Wave, ...]]] = {
    BeatKind.SINUS: (Wave(55.0, 0.15, -0.160, 0.022), *_QRS, _T),
    BeatKind.FIBRILLATION: (*_QRS, _T),
    BeatKind.PAC: (Wave(-70.0, 0.10, -0.125, 0.018), *_QRS, _T),
    BeatKind.PVC: (
        Wave(-60.0, 1.60, 0.0, 0.032),
        Wave(100.0, 0.50, 0.075, 0.026),
        Wave(115.0, 0.45, 0.330, 0.060, stretches=True),
    ),
}

J_POINT_S: Final = 0.045
"""J point of a narrow beat, after its R peak; ST is level from here to the T wave."""

PR_SEGMENT_S: Final = -0.075
"""A moment of the PR segment, before the R peak, at which every wave is silent."""

SUPPORT_S: Final = (-0.30, 1.00)
"""No wave of any beat reaches outside this time around its R peak."""

TERRITORY_DEG: Final[dict[str, tuple[float, str]]] = {
    "inferior": (105.0, "III"),
    "lateral": (-15.0, "I"),
    "left-main": (-150.0, "aVR"),
}
"""Direction of the ST vector, and the lead that it lifts most (clinical reference, territories)."""


def project(angle_deg: float, lead: str) -> float:
    """Return what ``lead`` shows of a unit vector at ``angle_deg``; augmented leads see 0.866."""
    lead_i, lead_ii = (math.cos(math.radians(angle_deg - AXIS_DEG[name])) for name in ("I", "II"))
    of_i, of_ii = DERIVATION[lead]
    return of_i * lead_i + of_ii * lead_ii


def territory_vector(territory: str, lead_mv: float) -> tuple[float, float]:
    """Return (angle_deg, length_mv) that lifts the territory's greatest lead by ``lead_mv``."""
    angle_deg, greatest = TERRITORY_DEG[territory]
    return angle_deg, lead_mv / project(angle_deg, greatest)


def qt_stretch(rr_s: float) -> float:
    """Return how far the T wave is from its place at 72 bpm (Bazett: the root of RR)."""
    return math.sqrt(min(max(rr_s, 0.3), 1.8) / 0.833)


def beat_vector(kind: BeatKind, rr_s: float, after_r_s: FloatArray) -> FloatArray:
    """Return one beat's vector as leads I and II, in mV, shape (2, sample).

    ``after_r_s`` is the time after the R peak, shape (sample,).
    """
    stretch = qt_stretch(rr_s)
    leads = np.zeros((2, after_r_s.size))
    for wave in WAVES[kind]:
        scale = stretch if wave.stretches else 1.0
        distance = (after_r_s - wave.centre_s * scale) / (wave.width_s * scale)
        height_mv = wave.amplitude_mv * np.exp(-0.5 * distance**2)
        leads += unit_leads(wave.angle_deg)[:, None] * height_mv
    return leads


def st_plateau(rr_s: float, after_r_s: FloatArray) -> FloatArray:
    """Return the ST displacement over one beat, 0 to 1: level from the J point into the T wave."""
    stretch = qt_stretch(rr_s)
    rise = _smooth_step((after_r_s - 0.025) / (J_POINT_S - 0.025))
    t_peak_s = _T.centre_s * stretch
    fall = _smooth_step((after_r_s - t_peak_s + 0.02 * stretch) / (0.12 * stretch))
    return rise * (1.0 - fall)


def unit_leads(angle_deg: float) -> FloatArray:
    """Return leads I and II of a unit vector at ``angle_deg``, shape (2,)."""
    return np.array([project(angle_deg, "I"), project(angle_deg, "II")])


def _smooth_step(x: FloatArray) -> FloatArray:
    inside = np.clip(x, 0.0, 1.0)
    result: FloatArray = inside * inside * (3.0 - 2.0 * inside)
    return result
