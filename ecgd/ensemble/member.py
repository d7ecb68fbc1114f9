"""What the decision layer asks of whatever scores a window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ecgd.model.signal import FloatArray


class Scorer(Protocol):
    """Scores windows by the members it has: none, some or all of the ensemble."""

    @property
    def names(self) -> tuple[str, ...]:
        """Members that are installed, empty without any."""

    @property
    def scoring(self) -> str:
        """In words, for status and alerts: which members, or why none."""

    @property
    def models_hash(self) -> str:
        """Identity of the installed models; empty without any."""

    def score(self, model_input: FloatArray, fs_hz: float) -> Mapping[str, float | None]:
        """Return each member's calibrated probability of a significant anomaly.

        ``model_input`` has shape (lead, sample): the limb leads in the order of ``LIMB_LEADS``,
        z-scored per lead, ending at the window's end, sampled at ``fs_hz``. None: the member has
        not enough history, or another sampling rate, or failed; it is left out, never guessed.
        """
