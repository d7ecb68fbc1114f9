"""One window, prepared: the ST path in millivolts and the band-pass for beats and models."""

from __future__ import annotations

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.dsp.derivation import complete_limb_leads, mixing_of
from ecgd.dsp.filters import band_pass, bridge_gaps, remove_mains
from ecgd.model.order import median_of
from ecgd.model.signal import BoolArray, FloatArray, Prepared, Window

LARGEST_MV = 1000.0
"""No electrode gives more; what lies beyond is garbage and is cut there."""

BLOCK_S = 10.0
MARGIN_S = 5.0
"""A long signal is filtered in blocks, with so much of what is beside them at either end."""


def prepare(window: Window, settings: AnalysisSettings) -> Prepared:
    """Complete the limb leads and filter them for beats, ST and models."""
    fs_hz = window.fs_hz
    finite = np.isfinite(window.signal_mv).all(axis=0)
    valid: BoolArray = window.valid & finite
    measured = window.signal_mv if finite.all() else np.where(finite, window.signal_mv, 0.0)
    measured = np.minimum(np.maximum(measured, -LARGEST_MV), LARGEST_MV)
    leads, raw_mv = complete_limb_leads(window.leads, measured)
    if raw_mv.shape[1] < 2 or not valid.any():
        nothing = np.zeros_like(raw_mv)
        return Prepared(leads, raw_mv, nothing, nothing, valid, fs_hz, window.start_index)
    mixing = mixing_of(leads, window.device.leads)
    if mixing is None:
        paths = filter_signal(raw_mv, valid, fs_hz, settings)
    else:
        # Filters are linear: a derived lead's is the mixture of the filtered ones.
        st_path_mv, band_mv = filter_signal(raw_mv[list(mixing.sources)], valid, fs_hz, settings)
        paths = mixing.weights @ st_path_mv, mixing.weights @ band_mv
    return Prepared(leads, raw_mv, *paths, valid, fs_hz, window.start_index, mixing)


def filter_signal(
    signal_mv: FloatArray, valid: BoolArray, fs_hz: float, settings: AnalysisSettings
) -> tuple[FloatArray, FloatArray]:
    """Return the ST path and the band-pass of ``signal_mv`` (lead, sample).

    ``valid`` (sample,) has to hold a valid sample; the others are bridged.
    """
    clean = bridge_gaps(remove_mains(signal_mv, valid, fs_hz, settings.mains_hz), valid)
    st_path_mv = clean - median_of(clean)[:, None]
    band_mv = band_pass(
        st_path_mv,
        fs_hz,
        settings.bandpass_low_hz,
        settings.bandpass_high_hz,
        settings.bandpass_order,
    )
    return st_path_mv, band_mv


def filter_long(
    signal_mv: FloatArray, valid: BoolArray, fs_hz: float, settings: AnalysisSettings
) -> FloatArray:
    """Return the band-pass of a signal of any length, (lead, sample), block by block.

    The mains is fitted over the whole of what is filtered at once, which for ten minutes would take
    a gigabyte. ``valid`` may be false throughout: the result is zeros there.
    """
    count = signal_mv.shape[-1]
    step, margin = round(BLOCK_S * fs_hz), round(MARGIN_S * fs_hz)
    length = min(count, step + 2 * margin)
    filtered = np.zeros_like(signal_mv)
    for start in range(0, count, step):
        stop, begin = min(start + step, count), min(max(0, start - margin), count - length)
        block = slice(begin, begin + length)
        if valid[block].any():
            band_mv = filter_signal(signal_mv[:, block], valid[block], fs_hz, settings)[1]
            filtered[:, start:stop] = band_mv[:, start - begin : stop - begin]
    return filtered
