"""Reads a recording of others: WFDB, EDF, CSV or .npy, whole, as counts of 1 µV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import BoolArray, CountArray, FloatArray
from ecgd.sources.csv_file import read_csv
from ecgd.sources.edf_file import read_edf
from ecgd.sources.lead_names import usual_name
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
    ``notes`` say what a person should know of how the file was read.
    """

    path: str
    leads: tuple[str, ...]
    fs_hz: float
    counts: CountArray
    valid: BoolArray
    device: DeviceInfo
    notes: tuple[str, ...] = ()

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
    """Read a table (.csv, .tsv, .txt), EDF or EDF+ (.edf), .npy (lead, sample), else WFDB.

    A WFDB record is named by its .hea, its .dat or its stem, and may have several segments.
    ``fs_hz`` and ``leads`` are needed for .npy, and for a table without times and a header.
    Otherwise ``leads`` selects by name where the file has such names and names the signals where
    it has not; ``unit`` ("uV" or "mV") takes a WFDB record's digital counts, or the values of any
    other file, as that unit, whatever the file says. Without ``unit``, values of an .npy array or
    a table that says none are in mV where they are fractions and in µV where all are whole.

    Leads that hold no number at all are left out. Raises RecordingError, with what to do, for
    everything that cannot be read or makes no sense.
    """
    path = Path(path)
    if unit not in (None, "uV", "mV"):
        raise RecordingError(f"{path}: unit {unit!r} is unknown", "Give --unit uV or --unit mV.")
    names = None if leads is None else tuple(usual_name(name) for name in leads)
    read = _READERS.get(path.suffix.lower(), read_wfdb)
    raw = read(path, fs_hz, names, unit)
    _check_shape(path, raw)
    return _as_counts(path, _without_empty_leads(path, raw))


_READERS: Final = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".edf": read_edf,
    ".npy": read_npy,
}


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
    return replace(raw, signal_uv=raw.signal_uv[holds_numbers], leads=kept)


def _as_counts(path: Path, raw: RawSignal) -> Recording:
    valid: BoolArray = np.atleast_1d(np.isfinite(raw.signal_uv).all(axis=0))
    if not valid.any():
        raise RecordingError(
            f"{path}: no sample is there in all of its leads ({','.join(raw.leads)}) at once",
            "Choose leads that go together with --leads.",
        )
    counts = np.empty(raw.signal_uv.shape, dtype=np.int32)
    swings_mv = []
    # Row by row: the hours of a Holter recording should lie in memory once.
    for row, signal_uv in zip(counts, raw.signal_uv, strict=True):
        whole_uv = np.where(valid, signal_uv, 0.0)
        swings_mv.append(_swing_mv(whole_uv, raw.fs_hz))
        row[:] = np.rint(np.clip(whole_uv, -_COUNT_MAX, _COUNT_MAX))
    _check_amplitude(path, np.stack(swings_mv))
    leads = _distinct(tuple(usual_name(name) for name in raw.leads))
    device = DeviceInfo(
        device_id=path.stem,
        fs_hz=raw.fs_hz,
        leads=leads,
        counts_per_mv=COUNTS_PER_MV,
        adc_bits=32,
        protocol="recording",
        highpass_hz=raw.highpass_hz,
        lowpass_hz=raw.lowpass_hz,
    )
    return Recording(str(path), leads, raw.fs_hz, counts, valid, device, raw.notes)


def _check_amplitude(path: Path, swing_mv: FloatArray) -> None:
    """Refuse a recording whose QRS cannot be one, as a wrong unit or gain makes it.

    Too large: in the median over stretches of 2 s and over leads. Too small: in every lead even
    in its liveliest stretches. A flat line is no wrong unit and passes. ``swing_mv`` has shape
    (lead, stretch).
    """
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
    """Return a lead's peak to peak over stretches of 2 s (the rest left out), shape (stretch,)."""
    length = min(signal_uv.size, round(_STRETCH_S * fs_hz))
    whole = signal_uv.size // length * length
    swing: FloatArray = np.ptp(signal_uv[:whole].reshape(-1, length), axis=1) / COUNTS_PER_MV
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
