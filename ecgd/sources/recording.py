"""Reads a recording of others: WFDB or .npy, whole, as counts of 1 µV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import canonical_lead
from ecgd.model.signal import BoolArray, CountArray, FloatArray
from ecgd.sources.npy_file import read_npy
from ecgd.sources.raw_signal import RawSignal
from ecgd.sources.wfdb_file import read_wfdb

Unit = Literal["uV", "mV"]

COUNTS_PER_MV: Final = 1000.0
FS_RANGE_HZ: Final = (100.0, 1000.0)
_PLAUSIBLE_MV: Final = (0.05, 20.0)
_STRETCH_S: Final = 2.0
_COUNT_MAX: Final = 2_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A whole recording.

    ``counts`` has shape (lead, sample), 1000 counts to the mV and baseline 0. ``valid`` has shape
    (sample,); False marks samples that were not a number in some lead (their counts are 0).
    """

    path: str
    leads: tuple[str, ...]
    fs_hz: float
    counts: CountArray
    valid: BoolArray
    device: DeviceInfo

    @property
    def sample_count(self) -> int:
        return int(self.counts.shape[1])

    @property
    def duration_s(self) -> float:
        return self.sample_count / self.fs_hz


def read_recording(
    path: str | Path,
    *,
    fs_hz: float | None = None,
    leads: Sequence[str] | None = None,
    unit: str | None = None,
) -> Recording:
    """Read a WFDB record (.hea, .dat or stem, multi-segment too) or an .npy array (lead, sample).

    ``fs_hz`` and ``leads`` are needed for .npy. For WFDB, ``leads`` selects by name where the
    record has such names and names the signals otherwise; ``unit`` ("uV" or "mV") takes the
    digital counts as that unit, whatever gain the header gives. An .npy array without ``unit`` is
    in mV where it holds floats and in µV where it holds whole numbers.

    Leads that hold no number at all are left out. Raises RecordingError, with what to do, for
    everything that cannot be read or makes no sense.
    """
    path = Path(path)
    if unit not in (None, "uV", "mV"):
        raise RecordingError(f"{path}: unit {unit!r} is unknown", "Give --unit uV or --unit mV.")
    names = None if leads is None else tuple(canonical_lead(name) for name in leads)
    if path.suffix == ".npy":
        raw = read_npy(path, fs_hz, names, unit)
    else:
        raw = read_wfdb(path, fs_hz, names, unit)
    _check_shape(path, raw)
    return _as_counts(path, _without_empty_leads(path, raw))


def _check_shape(path: Path, raw: RawSignal) -> None:
    low_hz, high_hz = FS_RANGE_HZ
    if not low_hz <= raw.fs_hz <= high_hz:
        raise RecordingError(
            f"{path}: {raw.fs_hz:g} Hz is outside {low_hz:g} to {high_hz:g} Hz",
            "Resample the recording, or correct --fs.",
        )
    if not raw.leads:
        raise RecordingError(f"{path}: has no leads", "Give a recording with at least one lead.")
    if raw.signal_uv.shape[1] == 0:
        raise RecordingError(f"{path}: has no samples", "Give a recording that is not empty.")


def _without_empty_leads(path: Path, raw: RawSignal) -> RawSignal:
    holds_numbers = np.atleast_1d(np.isfinite(raw.signal_uv).any(axis=1))
    if holds_numbers.all():
        return raw
    if not holds_numbers.any():
        raise RecordingError(f"{path}: holds no valid sample", "Every value is missing or NaN.")
    kept = tuple(name for name, holds in zip(raw.leads, holds_numbers, strict=True) if holds)
    return RawSignal(raw.signal_uv[holds_numbers], kept, raw.fs_hz)


def _as_counts(path: Path, raw: RawSignal) -> Recording:
    valid: BoolArray = np.atleast_1d(np.isfinite(raw.signal_uv).all(axis=0))
    signal_uv = np.where(valid, raw.signal_uv, 0.0)
    _check_amplitude(path, signal_uv, raw.fs_hz)
    counts = np.rint(np.clip(signal_uv, -_COUNT_MAX, _COUNT_MAX)).astype(np.int32)
    leads = _distinct(tuple(canonical_lead(name) for name in raw.leads))
    device = DeviceInfo(
        device_id=path.stem,
        fs_hz=raw.fs_hz,
        leads=leads,
        counts_per_mv=COUNTS_PER_MV,
        adc_bits=32,
        protocol="recording",
    )
    return Recording(str(path), leads, raw.fs_hz, counts, valid, device)


def _check_amplitude(path: Path, signal_uv: FloatArray, fs_hz: float) -> None:
    """Refuse a recording whose QRS cannot be one, as a wrong unit or gain makes it.

    Too large: in the median over stretches of 2 s and over leads. Too small: in every lead even
    in its liveliest stretches. A flat line is no wrong unit and passes.
    """
    swing_mv = _swing_mv(signal_uv, fs_hz)
    liveliest_mv = float(np.percentile(swing_mv, 95, axis=1).max())
    typical_mv = float(np.median(swing_mv))
    low_mv, high_mv = _PLAUSIBLE_MV
    if typical_mv > high_mv or 0 < liveliest_mv < low_mv:
        seen_mv = typical_mv if typical_mv > high_mv else liveliest_mv
        raise RecordingError(
            f"{path}: swings by {seen_mv:.3g} mV in {_STRETCH_S:g} s, which no ECG does "
            f"(plausible: {low_mv:g} to {high_mv:g} mV)",
            "The unit or the header's gain is wrong: give --unit uV or --unit mV.",
        )


def _swing_mv(signal_uv: FloatArray, fs_hz: float) -> FloatArray:
    """Return peak to peak over stretches of 2 s (the rest left out), shape (lead, stretch)."""
    samples = signal_uv.shape[1]
    length = min(samples, round(_STRETCH_S * fs_hz))
    whole = samples // length * length
    stretches = signal_uv[:, :whole].reshape(signal_uv.shape[0], -1, length)
    swing: FloatArray = np.ptp(stretches, axis=2) / 1000.0
    return swing


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Number the second and later of equal names: "ECG", "ECG 2"."""
    distinct: list[str] = []
    for name in names:
        unnamed = name or "lead"
        candidate, number = unnamed, 1
        while candidate in distinct:
            number += 1
            candidate = f"{unnamed} {number}"
        distinct.append(candidate)
    return tuple(distinct)
