"""Reads EDF and EDF+ through edfio, which is imported on first use (extra ``records``).

Kemp et al., Electroencephalogr Clin Neurophysiol 82:391, 1992; Kemp & Olivan, Clin Neurophysiol
114:1755, 2003 (EDF+). In an interrupted recording (EDF+D) each data record carries its own time.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray, IntArray
from ecgd.sources.lead_names import read_lead, usual_name, uv_per_unit
from ecgd.sources.raw_signal import RawSignal, check_missing, choose_leads, name_some, spread
from ecgd.sources.recording_file import open_recording

_VERSION: Final = b"0       "
_FIXED_BYTES: Final = 256
_RECORDS_AT: Final = slice(236, 244)
_SIGNALS_AT: Final = slice(252, 256)
_SAMPLES_BEHIND: Final = 216
_ANNOTATIONS: Final = b"EDF Annotations "
_SAMPLE_BYTES: Final = 2
_UNKNOWN: Final = -1

_DAMAGED: Final = "It is damaged: fetch it again, or look at it with an EDF checker."
_CORNER: Final = r"\b{kind}\s*[:=]?\s*(DC\b|\d+(?:[.,]\d+)?)\s*(mHz)?"
_HIGHPASS: Final = re.compile(_CORNER.format(kind="HP"), re.IGNORECASE)
_LOWPASS: Final = re.compile(_CORNER.format(kind="LP"), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Header:
    """What edfio does not tell: records as counted by the header, and where their times stand."""

    records: int
    header_bytes: int
    record_bytes: int
    times_at: slice | None


def read_edf(
    path: Path, fs_hz: float | None, leads: Sequence[str] | None, unit: str | None
) -> RawSignal:
    """Read the ECG signals of one common rate; the others are left out, which a note says.

    ``unit`` takes the physical values as that unit, whatever dimension the file gives.
    Raises RecordingError, never an error of edfio.
    """
    header = _read_header(path)
    file = _read(path)
    chosen, left_out = _choose(path, list(file.signals), leads, unit)
    rate_hz = _rate_hz(chosen[0])
    if fs_hz is not None and abs(fs_hz - rate_hz) > 1e-6:
        raise RecordingError(
            f"{path}: its header says {rate_hz:g} Hz, not {fs_hz:g} Hz", "Leave out --fs."
        )
    samples = chosen[0].samples_per_data_record
    signal_uv = np.stack([_microvolts(path, each, header.records, unit) for each in chosen])
    if str(file.reserved).startswith("EDF+D"):
        index = _interrupted(path, header, samples, rate_hz)
        signal_uv = spread(signal_uv, index)
    prefilters = [str(signal.prefiltering) for signal in chosen]
    raw = RawSignal(
        signal_uv,
        tuple(_name(signal) for signal in chosen),
        rate_hz,
        highpass_hz=max(_corners(_HIGHPASS, prefilters), default=None),
        lowpass_hz=min(_corners(_LOWPASS, prefilters), default=None),
        notes=(f"left out: {name_some(left_out)}",) if left_out else (),
    )
    return choose_leads(path, raw, leads)


def _edfio() -> ModuleType:
    try:
        import edfio  # noqa: PLC0415 (only where such a file is read)
    except ImportError as error:
        raise RecordingError(
            "reading EDF files needs the package edfio",
            "Install the extra 'records': pip install 'ecgd[records]'.",
        ) from error
    module: ModuleType = edfio
    return module


def _read(path: Path) -> Any:
    edfio = _edfio()
    try:
        with warnings.catch_warnings():
            # It warns of what has been looked at here already.
            warnings.simplefilter("ignore")
            return edfio.read_edf(path, header_encoding="latin-1")
    except Exception as error:
        # A damaged header lets ValueError, IndexError, ZeroDivisionError and others escape.
        raise RecordingError(f"{path}: is no readable EDF file ({error})", _DAMAGED) from error


def _read_header(path: Path) -> _Header:
    try:
        with open_recording(path) as file:
            fixed = file.read(_FIXED_BYTES)
            if fixed[:8] != _VERSION or len(fixed) < _FIXED_BYTES:
                raise RecordingError(
                    f"{path}: is no EDF file", "An EDF file begins with 0 and seven spaces."
                )
            signals = int(fixed[_SIGNALS_AT])
            fields = file.read(_FIXED_BYTES * max(0, signals))
            size_bytes = file.seek(0, 2)
    except ValueError as error:
        raise RecordingError(f"{path}: its header is damaged ({error})", _DAMAGED) from error
    return _header(path, fixed, fields, size_bytes)


def _header(path: Path, fixed: bytes, fields: bytes, size_bytes: int) -> _Header:
    signals = len(fields) // _FIXED_BYTES
    try:
        said = int(fixed[_RECORDS_AT])
        first = _SAMPLES_BEHIND * signals
        samples = [int(fields[first + 8 * n : first + 8 * n + 8]) for n in range(signals)]
    except ValueError as error:
        raise RecordingError(f"{path}: its header is damaged ({error})", _DAMAGED) from error
    record_bytes = _SAMPLE_BYTES * sum(samples)
    if signals != int(fixed[_SIGNALS_AT]) or signals == 0 or min(samples) <= 0:
        raise RecordingError(f"{path}: its header is damaged or cut short", _DAMAGED)
    header_bytes = _FIXED_BYTES * (1 + signals)
    present = (size_bytes - header_bytes) // record_bytes
    if present < said or present < 1 or said < _UNKNOWN:
        raise RecordingError(
            f"{path}: holds {present} whole data records where its header counts {said}",
            "It is cut short or was never finished: copy it again from the recorder.",
        )
    starts = np.cumsum([0, *samples]) * _SAMPLE_BYTES
    times_at = None
    for number in range(signals):
        if fields[16 * number : 16 * number + 16] == _ANNOTATIONS and times_at is None:
            times_at = slice(int(starts[number]), int(starts[number + 1]))
    return _Header(present if said == _UNKNOWN else said, header_bytes, record_bytes, times_at)


def _choose(
    path: Path, signals: list[Any], leads: Sequence[str] | None, unit: str | None
) -> tuple[list[Any], list[str]]:
    """Return the ECG signals of one rate, and the labels of all others."""
    scaled = [s for s in signals if uv_per_unit(s.physical_dimension) is not None or unit]
    found = [signal for signal in scaled if _is_ecg(signal)] or (scaled if leads else [])
    if not found:
        labels = name_some([f"{s.label or '?'} [{s.physical_dimension}]" for s in signals])
        raise RecordingError(
            f"{path}: none of its signals is an ECG in volts ({labels or 'it has none'})",
            "If they are ECG, name them with --leads; where the unit is missing, give --unit.",
        )
    groups: dict[float, list[Any]] = {}
    for signal in found:
        groups.setdefault(_rate_hz(signal), []).append(signal)
    best = max(groups.values(), key=lambda group: _worth(group, leads))
    return best, [f"{s.label or '?'}" for s in signals if s not in best]


def _worth(group: list[Any], leads: Sequence[str] | None) -> tuple[bool, int, int, float]:
    names = [_name(signal) for signal in group]
    has_wanted = leads is not None and set(leads) <= set(names)
    limb = sum(name in LIMB_LEADS for name in names)
    return has_wanted, limb, len(names), _rate_hz(group[0])


def _is_ecg(signal: Any) -> bool:
    label = str(signal.label)
    return read_lead(label) is not None or label.lower().startswith(("ecg", "ekg"))


def _name(signal: Any) -> str:
    return usual_name(str(signal.label))


def _rate_hz(signal: Any) -> float:
    return round(float(signal.sampling_frequency), 9)


def _microvolts(path: Path, signal: Any, records: int, unit: str | None) -> FloatArray:
    try:
        low, high = signal.digital_min, signal.digital_max
        from_physical, to_physical = signal.physical_min, signal.physical_max
        gain = (to_physical - from_physical) / (high - low)
    except (ValueError, ZeroDivisionError) as error:
        raise RecordingError(
            f"{path}: the scale of {signal.label!r} is damaged ({error})", _DAMAGED
        ) from error
    if gain == 0:
        raise RecordingError(f"{path}: {signal.label!r} has no scale (0 to 0)", _DAMAGED)
    digital = signal.digital[: records * signal.samples_per_data_record]
    uv = {"uV": 1.0, "mV": 1000.0}[unit] if unit else uv_per_unit(signal.physical_dimension)
    assert uv is not None
    result: FloatArray = ((digital.astype(np.float64) - low) * gain + from_physical) * uv
    return result


def _interrupted(path: Path, header: _Header, samples: int, rate_hz: float) -> IntArray:
    """Return the index of every sample, from the times that the data records carry."""
    begin_s = _record_times(path, header)
    starts = np.rint((begin_s - begin_s[0]) * rate_hz).astype(np.int64)
    early = np.flatnonzero(np.diff(starts) < samples)
    if early.size:
        raise RecordingError(
            f"{path}: data record {early[0] + 2} begins before the one before it has ended",
            _DAMAGED,
        )
    present = header.records * samples
    check_missing(path, int(starts[-1]) + samples - present, present, rate_hz)
    index: IntArray = (starts[:, None] + np.arange(samples)).ravel()
    return index


def _record_times(path: Path, header: _Header) -> FloatArray:
    times_s = np.empty(header.records)
    with path.open("rb") as file:
        for number in range(header.records):
            file.seek(header.header_bytes + number * header.record_bytes)
            record = file.read(header.record_bytes)
            text = record[header.times_at or slice(0)].partition(b"\x14")[0]
            try:
                times_s[number] = float(text)
            except ValueError as error:
                raise RecordingError(
                    f"{path}: data record {number + 1} of an interrupted recording has no time",
                    _DAMAGED,
                ) from error
    if not (np.abs(times_s) < 1e9).all():
        raise RecordingError(f"{path}: the times of its data records make no sense", _DAMAGED)
    return times_s


def _corners(pattern: re.Pattern[str], prefilters: list[str]) -> list[float]:
    """Return the corners in Hz that the signals' prefilter fields name, "DC" as 0."""
    corners = []
    for found in (pattern.search(text) for text in prefilters):
        if found is not None:
            text = found[1].replace(",", ".")
            corner_hz = 0.0 if text.upper() == "DC" else float(text)
            corners.append(corner_hz / 1000.0 if found[2] else corner_hz)
    return corners
