"""Reads a WFDB record through wfdb-python, which is imported on first use (extra ``records``)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ecgd.errors import RecordingError
from ecgd.sources.lead_names import uv_per_unit
from ecgd.sources.raw_signal import RawSignal, choose_leads

_UNITLESS: Final = {"", "nu", "adu", "raw", "none", "counts"}
_SAMPLE_BITS: Final = {
    "80": 8,
    "508": 8,
    "310": 10,
    "311": 10,
    "212": 12,
    "16": 16,
    "61": 16,
    "160": 16,
    "516": 16,
    "24": 24,
    "524": 24,
    "32": 32,
}
_SUFFIXES: Final = {".hea", ".dat"}


def read_wfdb(
    path: Path, fs_hz: float | None, leads: tuple[str, ...] | None, unit: str | None
) -> RawSignal:
    """Read the ECG signals of a record; signals in mmHg and the like are left out.

    Raises RecordingError, never an error of wfdb.
    """
    stem = path.with_suffix("") if path.suffix in _SUFFIXES else path
    header = stem.with_name(stem.name + ".hea")
    if not header.is_file():
        raise RecordingError(
            f"{path}: there is no {header.name} beside it",
            "A recording is a WFDB record (NAME.hea and its .dat), .csv, .edf or .npy.",
        )
    record = _read_record(path, stem, digital=unit is not None)
    if fs_hz is not None and abs(fs_hz - float(record.fs)) > 1e-6:
        raise RecordingError(
            f"{path}: its header says {record.fs:g} Hz, not {fs_hz:g} Hz", "Leave out --fs."
        )
    if unit is None:
        signal_uv, names = _physical(path, record)
    else:
        signal_uv, names = _digital(record, 1.0 if unit == "uV" else 1000.0)
    return choose_leads(path, RawSignal(signal_uv, names, float(record.fs)), leads)


def _wfdb() -> ModuleType:
    try:
        import wfdb  # noqa: PLC0415 (half a second and pandas: only where a record is read)
    except ImportError as error:
        raise RecordingError(
            "reading WFDB records needs the package wfdb",
            "Install the extra 'records': pip install 'ecgd[records]'.",
        ) from error
    module: ModuleType = wfdb
    return module


def _read_record(path: Path, stem: Path, *, digital: bool) -> Any:
    wfdb = _wfdb()
    try:
        record = wfdb.rdrecord(str(stem.absolute()), physical=not digital)
    except Exception as error:
        # wfdb lets whatever a damaged file provokes escape: ValueError, IndexError, bare Exception.
        raise RecordingError(
            f"{path}: is no readable WFDB record ({error or type(error).__name__})",
            "Its header or signal file is damaged, cut short or missing: fetch the record again.",
        ) from error
    samples = record.d_signal if digital else record.p_signal
    if samples is None or not record.sig_name:
        raise RecordingError(f"{path}: has no leads", "Give a recording with at least one lead.")
    return record


def _physical(path: Path, record: Any) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    scales = [uv_per_unit(str(unit)) for unit in record.units]
    kept = [index for index, scale in enumerate(scales) if scale is not None]
    if not kept:
        units = ", ".join(str(unit) for unit in record.units)
        raise RecordingError(
            f"{path}: none of its signals is in volts (units: {units})",
            "If they are ECG, say what one count is: --unit uV or --unit mV.",
        )
    factors = np.array([scale for scale in scales if scale is not None])
    signal_uv = record.p_signal.T[kept] * factors[:, None]
    return signal_uv, tuple(record.sig_name[index] for index in kept)


def _digital(record: Any, uv_per_count: float) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    kept = [
        index
        for index, unit in enumerate(record.units)
        if uv_per_unit(str(unit)) is not None or str(unit).lower() in _UNITLESS
    ]
    signal_uv = record.d_signal.T[kept].astype(np.float64)
    for row, index in enumerate(kept):
        missing = _missing_count(record.fmt[index])
        if missing is not None:
            signal_uv[row, signal_uv[row] == missing] = np.nan
    return signal_uv * uv_per_count, tuple(record.sig_name[index] for index in kept)


def _missing_count(storage_format: str | None) -> int | None:
    """Return the count by which a WFDB storage format marks a missing sample: its least one."""
    width = _SAMPLE_BITS.get(str(storage_format))
    return None if width is None else -(1 << (width - 1))
