"""A signal as a file holds it, before it is checked and turned into counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.signal import FloatArray, IntArray
from ecgd.sources.lead_names import usual_name

MISSING_MAX_S: Final = 3600.0
"""Missing samples may last as long as the samples that are there, and this long on top."""

_NAMES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class RawSignal:
    """``signal_uv`` has shape (lead, sample), in µV; not a number where a sample is missing.

    The corners are the front end's, None where the file does not tell. ``notes`` say what a
    person should know of how the file was read, such as what was left out.
    """

    signal_uv: FloatArray
    leads: tuple[str, ...]
    fs_hz: float
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    notes: tuple[str, ...] = ()


def choose_leads(path: Path, raw: RawSignal, leads: Sequence[str] | None) -> RawSignal:
    """Select ``leads`` where the file knows them all, else name its signals by them.

    Raises RecordingError where neither can be done.
    """
    if leads is None:
        return raw
    wanted, names = tuple(leads), [usual_name(name) for name in raw.leads]
    if all(lead in names for lead in wanted):
        rows = [names.index(lead) for lead in wanted]
        return replace(raw, signal_uv=raw.signal_uv[rows], leads=wanted)
    if len(wanted) == len(names):
        return replace(raw, leads=wanted)
    raise RecordingError(
        f"{path}: has the leads {','.join(names)}, not {','.join(wanted)}",
        "Choose among them with --leads, or name every one of them.",
    )


def check_missing(path: Path, missing: int, present: int, fs_hz: float) -> None:
    """Refuse a recording with more holes than signal: it would fill the memory with nothing.

    Raises RecordingError.
    """
    if missing > present + MISSING_MAX_S * fs_hz:
        raise RecordingError(
            f"{path}: {missing / fs_hz:.0f} s are missing in {present / fs_hz:.0f} s of signal",
            "It holds several recordings: split it, one file each.",
        )


def spread(signal_uv: FloatArray, index: IntArray) -> FloatArray:
    """Return samples at their indices, not a number between; shapes (lead, sample), (sample,)."""
    if index.size == 0 or index[-1] == index.size - 1:
        return signal_uv
    whole = np.full((signal_uv.shape[0], int(index[-1]) + 1), np.nan)
    whole[:, index] = signal_uv
    return whole


def name_some(names: Sequence[str]) -> str:
    """Return a list of names for people, cut where it is long."""
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
