"""Beat detectors of other libraries, as their documentation calls them (extra ``eval``)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Final

import numpy as np

from ecgd.model.signal import FloatArray, IntArray

Detector = Callable[[FloatArray, float], IntArray]


def _xqrs(signal_mv: FloatArray, fs_hz: float) -> IntArray:
    from wfdb import processing  # noqa: PLC0415

    return np.asarray(processing.xqrs_detect(signal_mv, fs_hz, verbose=False), dtype=np.int64)


def _sleepecg(signal_mv: FloatArray, fs_hz: float) -> IntArray:
    import sleepecg  # noqa: PLC0415

    return np.asarray(sleepecg.detect_heartbeats(signal_mv, fs_hz), dtype=np.int64)


def _neurokit(signal_mv: FloatArray, fs_hz: float) -> IntArray:
    import neurokit2  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cleaned = neurokit2.ecg_clean(signal_mv, sampling_rate=int(fs_hz))
        _, found = neurokit2.ecg_peaks(cleaned, sampling_rate=int(fs_hz))
    return np.asarray(found["ECG_R_Peaks"], dtype=np.int64)


RIVALS: Final[dict[str, Detector]] = {
    "wfdb xqrs": _xqrs,
    "sleepecg": _sleepecg,
    "NeuroKit2": _neurokit,
}
