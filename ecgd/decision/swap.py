"""What exchanged electrodes do to leads I and II.

I = LA - RA and II = LL - RA, whatever lies under the electrodes: to exchange two of them is to
exchange two potentials, and every lead follows exactly. The right leg is the reference; what it
shows on a limb is close to the left leg's potential.
"""

from __future__ import annotations

from enum import StrEnum
from math import atan2, degrees, sqrt
from typing import Final

import numpy as np

from ecgd.model.baseline import BEAT_POINTS, MedianBeat, Vector
from ecgd.model.signal import FloatArray

Transform = tuple[tuple[float, float], tuple[float, float]]

SHIFTS: Final = range(-10, 11)
"""The R peak may be found up to 40 ms elsewhere once other leads are large."""


class Swap(StrEnum):
    """Exchanged electrodes; the value names them for people."""

    ARMS = "LA and RA"
    RIGHT_ARM_LEFT_LEG = "RA and LL"
    LEFT_ARM_LEFT_LEG = "LA and LL"
    ROUND = "RA to LA, LA to LL, LL to RA"
    ROUND_BACK = "RA to LL, LL to LA, LA to RA"
    RIGHT_ARM_REFERENCE = "RA and RL"
    LEFT_ARM_REFERENCE = "LA and RL"
    ARMS_LEGS = "RA with RL, LA with LL"


ELECTRODES: Final = {
    Swap.ARMS: ("LA", "RA"),
    Swap.RIGHT_ARM_LEFT_LEG: ("RA", "LL"),
    Swap.LEFT_ARM_LEFT_LEG: ("LA", "LL"),
    Swap.ROUND: ("RA", "LA", "LL"),
    Swap.ROUND_BACK: ("RA", "LA", "LL"),
    Swap.RIGHT_ARM_REFERENCE: ("RA", "RL"),
    Swap.LEFT_ARM_REFERENCE: ("LA", "RL"),
    Swap.ARMS_LEGS: ("RA", "RL", "LA", "LL"),
}
"""The electrodes of each exchange."""

TRANSFORM: Final[dict[Swap, Transform]] = {
    Swap.ARMS: ((-1.0, 0.0), (-1.0, 1.0)),
    Swap.RIGHT_ARM_LEFT_LEG: ((1.0, -1.0), (0.0, -1.0)),
    Swap.LEFT_ARM_LEFT_LEG: ((0.0, 1.0), (1.0, 0.0)),
    Swap.ROUND: ((-1.0, 1.0), (-1.0, 0.0)),
    Swap.ROUND_BACK: ((0.0, -1.0), (1.0, -1.0)),
}
"""Leads I and II under an exchange of the three measuring electrodes: rows are I and II, weights
are of the true I and II. Exchanges with the right leg lose a lead and have no inverse."""

INVERSE: Final = {swap: swap for swap in TRANSFORM} | {
    Swap.ROUND: Swap.ROUND_BACK,
    Swap.ROUND_BACK: Swap.ROUND,
}
"""The exchange that undoes each one."""

IDENTITY: Final[Transform] = ((1.0, 0.0), (0.0, 1.0))


def turn(angle_deg: float) -> Transform:
    """Return what a turn of the heart in the frontal plane does to leads I and II."""
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg)) / np.sqrt(3.0)
    return (
        (float(cosine + sine), float(-2.0 * sine)),
        (float(2.0 * sine), float(cosine - sine)),
    )


TURNS: Final = tuple(turn(angle_deg) for angle_deg in (-40, -30, -20, -10, 10, 20, 30, 40))
"""What posture, breath and electrodes placed a little elsewhere may do."""


def turned(vector: Vector, transform: Transform) -> Vector:
    """Return a figure of leads I and II as it would be under a transform."""
    (a, b), (c, d) = transform
    return a * vector[0] + b * vector[1], c * vector[0] + d * vector[1]


def axis_deg(vector: Vector) -> float:
    """Return the frontal-plane axis of a figure of leads I and II, -180 to 180."""
    one, two = vector
    return degrees(atan2((2 * two - one) / sqrt(3.0), one))


def likeness(vector: Vector, other: Vector) -> float:
    """Return the cosine between two figures, in leads I, II and III."""
    (a, b), (c, d) = vector, other
    product = a * c + b * d + (b - a) * (d - c)
    size = (a * a + b * b + (b - a) ** 2) * (c * c + d * d + (d - c) ** 2)
    return product / size**0.5 if size > 0 else 0.0


def loop_likeness(
    beat: MedianBeat, usual: MedianBeat, transforms: tuple[Transform, ...]
) -> tuple[float, ...]:
    """Return how alike the QRS of ``beat`` is to that of ``usual`` under each transform, -1 to 1.

    A correlation over leads I, II and III, through zero, at the best place of the R peak.
    """
    first, last = usual.qrs_onset, usual.qrs_end + 1
    wanted = np.stack([np.array(t) @ usual.signal_mv[:, first:last] for t in transforms])
    places = [s for s in SHIFTS if first + s >= 0 and last + s <= BEAT_POINTS]
    seen = np.stack([beat.signal_mv[:, first + s : last + s] for s in places])
    alike = _normalised(wanted) @ _normalised(seen).T
    return tuple(alike.max(axis=1).tolist())


def _normalised(pairs: FloatArray) -> FloatArray:
    """Return (row, 2, point) as rows of unit size over leads I, II and III."""
    three = np.concatenate((pairs, pairs[:, 1:] - pairs[:, :1]), axis=1)
    rows = three.reshape(three.shape[0], -1)
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    normalised: FloatArray = rows / np.where(size > 0, size, 1.0)
    return normalised
