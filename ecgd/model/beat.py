"""Heart beats, with boundaries at absolute sample indices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BeatClass(StrEnum):
    """Classes as ANSI/AAMI EC57 groups them."""

    N = "N"
    S = "S"
    V = "V"
    F = "F"
    Q = "Q"


@dataclass(frozen=True, slots=True)
class StLevels:
    """ST of one beat in one lead against the PR segment, in mV.

    ``mean_mv`` is the document's mean of the 80 ms that begin 40 ms after the J point.
    ``bow_mv`` is how far ST lies above the line from the J point to T's apex (below it: negative),
    None without a T wave.
    """

    j0_mv: float
    j20_mv: float
    j40_mv: float
    j60_mv: float
    j80_mv: float
    mean_mv: float
    bow_mv: float | None = None


@dataclass(frozen=True, slots=True)
class Waves:
    """Boundaries of one beat as absolute sample indices; None: not found.

    ``p_confidence`` is the probability of a P wave by this beat alone, 0 to 1; whether there is a
    ``p_peak`` is told with the beats before.
    """

    qrs_onset: int
    qrs_end: int
    p_onset: int | None = None
    p_peak: int | None = None
    p_end: int | None = None
    t_onset: int | None = None
    t_peak: int | None = None
    t_end: int | None = None
    p_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat. ``qrs_end`` of ``waves`` is the J point.

    ``leads`` names the leads that ``st`` and ``lead_waves`` belong to, in the same order; None
    means not measurable in that lead. ``class_confidence`` (0 to 1) is the share that speaks for
    the class, 0 where none was told; ``class_reason`` says why, in words.
    """

    r_peak: int
    waves: Waves | None
    leads: tuple[str, ...]
    st: tuple[StLevels | None, ...]
    lead_waves: tuple[Waves | None, ...] = ()
    beat_class: BeatClass = BeatClass.N
    class_confidence: float = 0.0
    class_reason: str = ""
