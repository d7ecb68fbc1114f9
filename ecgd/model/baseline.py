"""The usual beat of a patient, of one window and of the patient's own past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ecgd.model.signal import FloatArray
from ecgd.model.st_change import StReference, StVector

BEAT_FS_HZ: Final = 250.0
BEAT_R_AT: Final = 80
BEAT_POINTS: Final = 221
"""The grid of a median beat: 4 ms apart, 0.32 s before the R peak to 0.56 s after it."""

LEARNED_S: Final = 300.0
"""A baseline says something once it was learned from so much clean signal: the chance of one
minute, a posture or a run of ectopic beats, must not become what is usual."""

Vector = tuple[float, float]
"""A figure in lead I and in lead II."""

Span = tuple[int, int]
"""First and last point."""


@dataclass(frozen=True, slots=True, eq=False)
class MedianBeat:
    """The median of several beats in leads I and II.

    ``signal_mv`` has shape (2, BEAT_POINTS), against the end of the PR segment. ``qrs_onset`` and
    ``qrs_end`` are points of the grid. Areas are those under each wave, in µV s; None: no wave
    that is the same from beat to beat. ``rr_s`` is the usual interval between beats. ``p_span``
    and ``t_span`` are onset and end of P and T, points of the grid; None where most beats do not
    show the wave.
    """

    signal_mv: FloatArray
    qrs_onset: int
    qrs_end: int
    qrs_area_uvs: Vector
    p_area_uvs: Vector | None
    t_area_uvs: Vector | None
    rr_s: float
    beat_count: int
    p_span: Span | None = None
    t_span: Span | None = None

    @property
    def qrs_s(self) -> float:
        """Duration of the QRS complex."""
        return (self.qrs_end - self.qrs_onset) / BEAT_FS_HZ


@dataclass(frozen=True, slots=True)
class Confirmation:
    """ST that a named person has confirmed to be chronic: at which level, and until when.

    ``until`` is ``until_unix_s`` for people.
    """

    by: str
    at_unix_s: float
    until_unix_s: float
    level: StVector
    until: str


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What is usual for one patient: the beat, and ST at J+40 ms of each limb lead in mV.

    ``learned_s`` is how much clean signal it was learned from. ``postures`` say where ST lies in
    each posture that is known well, and how much it varies there. ``confirmed`` None: nobody has
    confirmed that ST outside the limits is chronic.
    """

    beat: MedianBeat
    st_mv: tuple[tuple[str, float], ...]
    learned_s: float
    postures: tuple[StReference, ...] = ()
    confirmed: Confirmation | None = None

    @property
    def is_complete(self) -> bool:
        """Whether it was learned for long enough to be compared with."""
        return self.learned_s >= LEARNED_S
