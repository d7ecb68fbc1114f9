"""Intervals and variability over the beats that are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ecgd.features.variability import measure_variability
from ecgd.model.signal import Window
from ecgd.pipeline.history import History

EVERY_S: Final = 10.0
"""Five minutes of intervals hardly change from one window to the next."""


def watch_variability(history: History, window: Window) -> History:
    """Return the history with the variability up to this window, measured anew now and then."""
    if window.end_index - history.varied_index < EVERY_S * window.fs_hz:
        return history
    variability = measure_variability(
        history.beats,
        now_index=window.end_index,
        watched_from_index=history.watched_from,
        fs_hz=window.fs_hz,
    )
    return replace(history, variability=variability, varied_index=window.end_index)
