"""What the decision layer asks of whatever scores a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ecgd.model.signal import FloatArray


class FusedCalibration(Protocol):
    """Corrects the weighted mean p of some members: sigmoid(slope * logit(p) + intercept)."""

    @property
    def slope(self) -> float:
        """Above 0."""

    @property
    def intercept(self) -> float:
        """In logits."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one network says of a window, calibrated.

    ``probability`` is of a significant anomaly; ``labels`` are those of its own eye, by name.
    """

    probability: float
    labels: tuple[tuple[str, float], ...] = ()


class Scorer(Protocol):
    """Scores windows by the members it has: none, some or all of the ensemble."""

    @property
    def names(self) -> tuple[str, ...]:
        """Members that are installed, whether or not they can be asked now; empty without any."""

    @property
    def scoring(self) -> str:
        """In words, for status and alerts: which members, or why none."""

    @property
    def models_hash(self) -> str:
        """Identity of the installed models; empty without any."""

    @property
    def fused_calibration(self) -> Mapping[str, FusedCalibration]:
        """Calibration of the weighted mean, by the key of the members that answered."""

    def score(self, inputs: Mapping[str, FloatArray | None]) -> Mapping[str, Answer | None]:
        """Return each member's answer to its own input, of the shape that it was trained with.

        None as input: there is not enough history. None as answer: the member was not asked, was
        not ready, or failed; it is left out, never guessed.
        """
