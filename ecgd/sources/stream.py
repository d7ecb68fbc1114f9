"""Samples on demand: a recording, once or for ever, or a synthetic patient."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import BoolArray, CountArray, FloatArray
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.recording import COUNTS_PER_MV, Recording, read_recording
from ecgd.sources.splice import Splice, faded, find_splice
from ecgd.sources.url import ReplayUrl, SyntheticUrl

SYNTHETIC_FS_HZ: Final = 250.0
_FILTER_REACH: Final = 10
"""Half length of scipy's polyphase filter, in samples of the slower of the two rates."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamBlock:
    """Consecutive samples, 1000 counts to the mV. ``electrodes_off`` None: nobody knows."""

    start_index: int
    counts: CountArray
    valid: BoolArray
    electrodes_off: frozenset[str] | None = None


class SampleStream(Protocol):
    """Gives samples as fast as they are taken."""

    device: DeviceInfo

    def take(self, sample_count: int) -> StreamBlock | None:
        """Return the next samples, fewer at the end, None after it."""


class RecordingStream:
    """A recording from its start to its end, or repeated without a seam for ever."""

    def __init__(self, recording: Recording, *, loop: bool) -> None:
        self.device = recording.device
        self._position = 0
        self._counts = recording.counts
        self._valid = recording.valid
        self._splice: Splice | None = None
        if loop:
            in_counts = recording.counts.astype(np.float64)
            self._splice = find_splice(in_counts, recording.valid, recording.fs_hz)
            self._counts = np.rint(faded(in_counts, self._splice)).astype(np.int32)

    def take(self, sample_count: int) -> StreamBlock | None:
        start = self._position
        if self._splice is None:
            sample_count = min(sample_count, self._counts.shape[1] - start)
            if sample_count <= 0:
                return None
            index = np.arange(start, start + sample_count)
        else:
            index = self._splice.index(start, sample_count)
        self._position += sample_count
        return StreamBlock(start, self._counts[:, index], self._valid[index])


class SyntheticStream:
    """A synthetic patient's leads I and II, without end."""

    def __init__(self, patient: Patient, fs_hz: float) -> None:
        self._signal = PatientSignal(patient, fs_hz)
        self.device = DeviceInfo(
            device_id=f"synthetic-{patient.seed}",
            fs_hz=fs_hz,
            leads=("I", "II"),
            counts_per_mv=COUNTS_PER_MV,
            adc_bits=16,
            protocol="synthetic",
            highpass_hz=0.0,
            lowpass_hz=fs_hz / 2,
        )

    def take(self, sample_count: int) -> StreamBlock | None:
        block = self._signal.take(sample_count)
        counts = np.rint(block.signal_mv * COUNTS_PER_MV).astype(np.int32)
        valid = np.ones(sample_count, dtype=np.bool_)
        return StreamBlock(block.start_index, counts, valid, block.electrodes_off)


def open_stream(
    source: ReplayUrl | SyntheticUrl,
    fs_hz: float | None = None,
    choose: Callable[[Recording], Recording] = lambda recording: recording,
) -> SampleStream:
    """Open a stream at its own sampling rate, or at ``fs_hz``.

    ``choose`` may pick or derive the leads of a recording before it is played.
    Raises RecordingError.
    """
    if isinstance(source, SyntheticUrl):
        return SyntheticStream(source.patient, fs_hz or SYNTHETIC_FS_HZ)
    recording = choose(
        read_recording(Path(source.path), fs_hz=source.fs_hz, leads=source.leads, unit=source.unit)
    )
    if fs_hz is not None:
        recording = resampled(recording, fs_hz)
    try:
        return RecordingStream(recording, loop=source.loop)
    except RecordingError as error:
        raise RecordingError(f"{source.path}: {error.what}", error.remedy) from error


def resampled(recording: Recording, fs_hz: float) -> Recording:
    """Return the recording at another sampling rate (polyphase filter, no shift in time).

    What the filter reaches of missing samples is marked invalid.
    """
    if recording.fs_hz == fs_hz:
        return recording
    # Not above: only the simulated device resamples, and scipy.signal takes 80 MB.
    from scipy import ndimage, signal  # noqa: PLC0415

    ratio = Fraction(fs_hz / recording.fs_hz).limit_denominator(1000)
    whole = _filled(recording.counts, recording.valid)
    converted = signal.resample_poly(
        whole, ratio.numerator, ratio.denominator, axis=1, padtype="line"
    )
    reach = math.ceil(_FILTER_REACH * max(1.0, float(1 / ratio)))
    missing = ndimage.binary_dilation(~recording.valid, iterations=reach)
    nearest = np.rint(np.arange(converted.shape[1]) * float(1 / ratio)).astype(np.int64)
    valid = ~missing[np.minimum(nearest, missing.size - 1)]
    return replace(
        recording,
        fs_hz=fs_hz,
        counts=np.rint(converted).astype(np.int32),
        valid=valid,
        device=replace(recording.device, fs_hz=fs_hz),
    )


def _filled(counts: CountArray, valid: BoolArray) -> FloatArray:
    """Bridge missing samples by straight lines: only so that the filter does not ring on them."""
    whole = counts.astype(np.float64)
    if valid.all():
        return whole
    index = np.arange(valid.size)
    for row in whole:
        row[~valid] = np.interp(index[~valid], index[valid], row[valid])
    return whole
