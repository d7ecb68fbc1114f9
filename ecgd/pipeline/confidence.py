"""How sure a window's beats are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ecgd.features.beat_confidence import beat_confidence
from ecgd.model.beat import Beat
from ecgd.model.finding import LeadQuality
from ecgd.model.signal import Window
from ecgd.pipeline.history import History

CERTAINTY_S: Final = 15.0
"""The mean confidence of the last seconds follows so slowly."""


def confidence_in(
    window: Window, quality: tuple[LeadQuality, ...], beats: Iterable[Beat]
) -> float | None:
    """Return the probability that the beats of a window are right; None where none is judged."""
    sqi = [lead.sqi for lead in quality if lead.lead in window.leads]
    r_peaks_s = [b.r_peak / window.fs_hz for b in beats if b.r_peak >= window.start_index]
    return beat_confidence(sqi, r_peaks_s)


def follow_certainty(history: History, confidence: float | None, window: Window) -> History:
    """Return the history with the mean confidence up to this window."""
    passed_s = (window.end_index - history.certain_index) / window.fs_hz
    share = min(max(passed_s, 0.0), CERTAINTY_S) / CERTAINTY_S
    certainty = history.certainty + share * ((confidence or 0.0) - history.certainty)
    return replace(history, certainty=certainty, certain_index=window.end_index)
