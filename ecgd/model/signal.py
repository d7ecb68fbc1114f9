"""Samples at absolute indices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgd.model.device import DeviceInfo

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
CountArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class SampleBlock:
    """Consecutive samples of the leads on the wire, as counts.

    ``counts`` has shape (lead, sample); millivolts are (counts - baseline) / counts_per_mv.
    ``start_index`` counts samples since the stream's origin, gaps included.
    ``valid`` has shape (sample,); False marks samples that never arrived or are not a number.
    """

    start_index: int
    counts: CountArray
    valid: BoolArray
    arrived_s: float

    @property
    def end_index(self) -> int:
        return self.start_index + int(self.counts.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Mixing:
    """How rows follow from some of them: rows = ``weights`` (row, source) @ rows[``sources``].

    What is linear need be computed of the sources alone.
    """

    sources: tuple[int, ...]
    weights: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The newest seconds of one patient: the input of the analysis.

    ``signal_mv`` has shape (lead, sample), limb leads in the order of ``LIMB_LEADS`` first; it is
    finite everywhere, and means nothing where ``valid`` (sample,) is False. ``arrived_s`` is the
    monotonic time at which the byte arrived that completed the window. ``origin`` changes when
    the sample count starts anew (device reset): indices of two origins must never be compared.
    ``saturated`` marks samples at the converter's limits; shape (lead, sample), or (sample,) for
    all leads alike.
    """

    start_index: int
    fs_hz: float
    leads: tuple[str, ...]
    signal_mv: FloatArray
    valid: BoolArray
    arrived_s: float
    device: DeviceInfo
    electrodes_off: frozenset[str] | None = None
    saturated: BoolArray | None = None
    origin: int = 0

    @property
    def end_index(self) -> int:
        return self.start_index + int(self.signal_mv.shape[1])

    @property
    def time_s(self) -> float:
        """End of the window, in seconds since index 0."""
        return self.end_index / self.fs_hz

    @property
    def duration_s(self) -> float:
        return int(self.signal_mv.shape[1]) / self.fs_hz

    def row(self, lead: str) -> FloatArray:
        """Return one lead's samples in mV, shape (sample,)."""
        samples: FloatArray = self.signal_mv[self.leads.index(lead)]
        return samples


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A window with the limb leads completed. Arrays have shape (lead, sample), in mV.

    ``raw_mv`` is the input, derived leads added. ``st_path_mv`` is free of mains and has no
    high-pass at all: only a constant per lead is taken off, so that no ST segment is bent.
    ``band_mv`` is the band-pass, for beats and models; no ST is measured in it. Samples that are
    not ``valid`` (sample,) are bridged in both and mean nothing. ``mixing`` says how all
    leads follow from the measured ones, None: all were measured.
    """

    leads: tuple[str, ...]
    raw_mv: FloatArray
    st_path_mv: FloatArray
    band_mv: FloatArray
    valid: BoolArray
    fs_hz: float
    start_index: int
    mixing: Mixing | None = None
