"""The feature vector of one window: ordered, named, versioned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from ecgd.features.spectrum import BANDS_HZ, sum_up_spectrum
from ecgd.features.wavelet import BAND_NAMES, sum_up_wavelet
from ecgd.model.assessment import Assessment
from ecgd.model.finding import LeadSt
from ecgd.model.intervals import Intervals, Variability
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray

VERSION: Final = 1
"""Changes whenever a name, the order or the meaning of a figure does."""

WAVE_LEADS: Final = ("I", "II")
"""The two independent limb leads, whose spectra and wavelets are summed up."""

_RHYTHM: Final = ("heart_rate_bpm", "rr_median_s", "rr_irregularity", "longest_pause_s")
_INTERVALS: Final = (
    *("rr_ms", "pr_ms", "qrs_ms", "qt_ms"),
    *("qtc_bazett_ms", "qtc_fridericia_ms", "qtc_framingham_ms", "qtc_hodges_ms", "axis_deg"),
)
_VARIABILITY: Final = (
    *("sdnn_ms", "rmssd_ms", "pnn50_percent", "sd1_ms", "sd2_ms"),
    *("vlf_ms2", "lf_ms2", "hf_ms2", "lf_hf_ratio"),
)
_ST: Final = ("j0_mv", "j40_mv", "j80_mv", "uncertainty_mv", "change_mv", "slope_mv_per_s")
_SPECTRUM: Final = ("power_mv2", "peak_hz", "edge_hz", "entropy")
_WAVELET: Final = ("energy_share", "entropy", "deviation_mv")


def _names() -> Iterator[str]:
    yield from _RHYTHM
    yield from _INTERVALS
    yield from (f"hrv_{name}" for name in _VARIABILITY)
    yield from (f"st_{lead}_{name}" for lead in LIMB_LEADS for name in _ST)
    yield from (f"sqi_{lead}" for lead in LIMB_LEADS)
    for lead in WAVE_LEADS:
        yield from (f"psd_{lead}_{name}" for name in _SPECTRUM)
        yield from (f"psd_{lead}_share_{low:g}_{high:g}_hz" for low, high in BANDS_HZ)
        yield from (f"db4_{lead}_{band}_{name}" for name in _WAVELET for band in BAND_NAMES)


NAMES: Final = tuple(_names())
"""What each figure of the vector is, with its unit."""


def feature_vector(
    assessment: Assessment, signal_mv: Mapping[str, FloatArray], fs_hz: float
) -> FloatArray:
    """Return the figures of one window in the order of ``NAMES``, NaN where not measured.

    ``signal_mv`` holds the band-passed samples (sample,) of each lead that is usable.
    """
    figures: dict[str, float | None] = {name: getattr(assessment.rhythm, name) for name in _RHYTHM}
    intervals = assessment.intervals or Intervals()
    figures |= {name: getattr(intervals, name) for name in _INTERVALS}
    variability = assessment.variability or Variability(0.0, 0.0, 0)
    figures |= {f"hrv_{name}": getattr(variability, name) for name in _VARIABILITY}
    figures |= {f"sqi_{quality.lead}": quality.sqi for quality in assessment.quality}
    for st in assessment.st.leads if assessment.st else ():
        figures |= _st_figures(st)
    for lead in WAVE_LEADS:
        if lead in signal_mv:
            figures |= _wave_figures(lead, signal_mv[lead], fs_hz)
    known = (figures.get(name) for name in NAMES)
    return np.array([np.nan if value is None else value for value in known], dtype=np.float64)


def _st_figures(st: LeadSt) -> dict[str, float | None]:
    own = {name: getattr(st.levels, name) for name in _ST[:3]} if st.levels is not None else {}
    own |= {name: getattr(st, name) for name in _ST[3:]}
    return {f"st_{st.lead}_{name}": value for name, value in own.items()}


def _wave_figures(lead: str, signal_mv: FloatArray, fs_hz: float) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    spectrum = sum_up_spectrum(signal_mv, fs_hz)
    if spectrum is not None:
        figures |= {f"psd_{lead}_{name}": getattr(spectrum, name) for name in _SPECTRUM}
        for (low, high), share in zip(BANDS_HZ, spectrum.shares, strict=True):
            figures[f"psd_{lead}_share_{low:g}_{high:g}_hz"] = share
    wavelet = sum_up_wavelet(signal_mv)
    if wavelet is not None:
        columns = (wavelet.energy_shares, wavelet.entropies, wavelet.deviations_mv)
        for name, values in zip(_WAVELET, columns, strict=True):
            for band, value in zip(BAND_NAMES, values, strict=True):
                figures[f"db4_{lead}_{band}_{name}"] = value
    return figures
