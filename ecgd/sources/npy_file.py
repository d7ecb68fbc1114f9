"""Reads an .npy array (lead, sample)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgd.errors import RecordingError
from ecgd.sources.raw_signal import RawSignal


def read_npy(
    path: Path, fs_hz: float | None, leads: tuple[str, ...] | None, unit: str | None
) -> RawSignal:
    """Read an array (lead, sample), or (sample,) for one lead. Raises RecordingError."""
    array = _load(path)
    if fs_hz is None:
        raise RecordingError(f"{path}: an .npy file has no sampling rate", "Give --fs.")
    if not leads:
        raise RecordingError(f"{path}: an .npy file has no lead names", "Give --leads I,II.")
    array = _as_lead_by_sample(path, array, leads)
    in_mv = unit == "mV" if unit else array.dtype.kind == "f"
    signal_uv = array.astype(np.float64)
    if in_mv:
        signal_uv *= 1000.0
    return RawSignal(signal_uv, leads, fs_hz)


def _load(path: Path) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: does not exist", "Check the path.") from error
    except (OSError, ValueError, EOFError) as error:
        raise RecordingError(
            f"{path}: is no readable .npy file ({error})", "Write it anew with numpy.save."
        ) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
        raise RecordingError(
            f"{path}: does not hold an array of whole or floating-point numbers",
            "Write one array (lead, sample) with numpy.save.",
        )
    return array


def _as_lead_by_sample(path: Path, array: NDArray[Any], leads: tuple[str, ...]) -> NDArray[Any]:
    count = len(leads)
    if array.ndim == 1 and count == 1:
        return array[None, :]
    if array.ndim == 3:
        raise RecordingError(
            f"{path}: has shape {array.shape}: an array (record, lead, sample) holds many records",
            "Write one record a file: numpy.save('one.npy', records[0]).",
        )
    if array.ndim != 2:
        raise RecordingError(
            f"{path}: has shape {array.shape}, not (lead, sample)", "Give two dimensions."
        )
    if array.shape[0] != count and array.shape[1] == count:
        raise RecordingError(
            f"{path}: has shape {array.shape}: with {count} lead(s) that is (sample, lead)",
            "Write it transposed, as (lead, sample): numpy.save(path, array.T).",
        )
    if array.shape[0] != count:
        raise RecordingError(
            f"{path}: has {array.shape[0]} rows for {count} lead name(s) ({','.join(leads)})",
            "The array is (lead, sample): name every row with --leads, in order.",
        )
    return array
