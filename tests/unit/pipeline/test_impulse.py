"""The impulse test of IEC 60601-2-27 and -2-47 through intake and the whole ST path.

3 mV for 100 ms: afterwards the signal lies within 0.1 mV of where it was, and moves by no more than
0.3 mV/s. A front end that fails it bends ST, and ST is then not measured.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg
from swapped_stream import windows_of

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.dsp.prepare import prepare
from ecgd.inference.scorer import NoModels
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import FloatArray
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History

SETTINGS = AnalysisSettings()
IMPULSE_MV = 3.0
IMPULSE_S = 0.1
UNDERSHOOT_MV = 0.1
SLOPE_MV_PER_S = 0.3
SETTLED_S = 0.02
LOOKED_AT_S = 0.2
"""The slope is that of the first 200 ms after the impulse; converter and mains filter may ring for
a few samples."""


def high_pass(signal_mv: FloatArray, corner_hz: float, fs_hz: float) -> FloatArray:
    """Return (lead, sample) behind a single-pole high-pass, as a capacitor and a resistor make."""
    keep = math.exp(-2 * math.pi * corner_hz / fs_hz)
    passed = np.zeros_like(signal_mv)
    for k in range(1, signal_mv.shape[1]):
        passed[:, k] = keep * (passed[:, k - 1] + signal_mv[:, k] - signal_mv[:, k - 1])
    return passed


def answer(
    at_s: float, fs_hz: float, corner_hz: float | None, mains_mv: float = 0.0
) -> tuple[float, float]:
    """Return undershoot in mV and steepest slope in mV/s after an impulse at ``at_s`` of 5 s."""
    time_s = np.arange(round(5 * fs_hz)) / fs_hz
    begins = round(at_s * fs_hz)
    ends = begins + round(IMPULSE_S * fs_hz)
    pair_mv = np.zeros((2, time_s.size))
    pair_mv[:, begins:ends] = IMPULSE_MV
    if corner_hz is not None:
        pair_mv = high_pass(pair_mv, corner_hz, fs_hz)
    pair_mv = pair_mv + mains_mv * np.sin(2 * np.pi * 50.0 * time_s)
    device = DeviceInfo("impulse", fs_hz, ("I", "II"), 1000.0, adc_bits=24, highpass_hz=corner_hz)
    (window,) = windows_of(pair_mv, device)
    st_path_mv = prepare(window, SETTINGS).st_path_mv[0]
    before_mv = st_path_mv[begins - round(0.3 * fs_hz) : begins - round(SETTLED_S * fs_hz)].mean()
    first = ends + round(SETTLED_S * fs_hz)
    after_mv = st_path_mv[first:] - before_mv
    near = after_mv[: round(LOOKED_AT_S * fs_hz)]
    slope = np.polyfit(np.arange(near.size) / fs_hz, near, 1)[0]
    return float(np.abs(after_mv).max()), abs(float(slope))


@pytest.mark.parametrize("corner_hz", [None, 0.05])
@pytest.mark.parametrize("fs_hz", [250.0, 500.0])
@pytest.mark.parametrize("at_s", [0.7, 2.45, 4.2])
def test_the_whole_path_passes_the_impulse(
    at_s: float, fs_hz: float, corner_hz: float | None
) -> None:
    undershoot_mv, slope_mv_per_s = answer(at_s, fs_hz, corner_hz)
    assert undershoot_mv <= UNDERSHOOT_MV
    assert slope_mv_per_s <= SLOPE_MV_PER_S


def test_the_mains_filter_leaves_the_impulse_alone() -> None:
    undershoot_mv, slope_mv_per_s = answer(2.0, 250.0, 0.05, mains_mv=0.3)
    assert undershoot_mv <= UNDERSHOOT_MV
    assert slope_mv_per_s <= SLOPE_MV_PER_S


def test_a_common_front_end_of_half_a_hertz_fails_it() -> None:
    undershoot_mv, slope_mv_per_s = answer(2.0, 250.0, 0.5)
    assert undershoot_mv > 5 * UNDERSHOOT_MV
    assert slope_mv_per_s > SLOPE_MV_PER_S


def assess(corner_hz: float | None, told_hz: float | None) -> Assessment:
    """Judge 15 s of an inferior elevation behind a front end that tells ``told_hz``."""
    six = ecg(beat_times(15, 0.8), 15.0, st_mv=(0.0, 0.25))
    pair_mv = six[:2] if corner_hz is None else high_pass(six[:2], corner_hz, 250.0)
    device = DeviceInfo("front end", 250.0, ("I", "II"), 1000.0, highpass_hz=told_hz)
    judge = Analysis(SETTINGS, EnsembleSettings(), NoModels("none"), lambda: 0.0)
    history = History()
    for window in windows_of(pair_mv, device):
        assessed = judge.assess(window, history)
        history = assessed.history
    return assessed.assessment


def levels_mv(assessment: Assessment) -> dict[str, float | None]:
    assert assessment.st is not None
    return {lead.lead: lead.level_mv for lead in assessment.st.leads}


def test_what_passes_it_measures_st_and_what_fails_it_would_bend_st() -> None:
    true_mv = levels_mv(assess(None, 0.0))["II"]
    good_mv = levels_mv(assess(0.05, 0.05))["II"]
    bent_mv = levels_mv(assess(0.5, None))["II"]
    assert true_mv is not None
    assert good_mv is not None
    assert bent_mv is not None
    assert abs(good_mv - true_mv) <= 0.02
    assert abs(bent_mv - true_mv) > 0.05


def test_a_front_end_that_fails_it_measures_no_st_and_says_so() -> None:
    assessment = assess(0.5, 0.5)
    assert assessment.st is None
    assert assessment.risk_level is None
    assert any("not measurable with this front end" in why for why in assessment.cannot_judge)
    assert assessment.rhythm.heart_rate_bpm == pytest.approx(75, abs=2)


def test_a_front_end_that_nobody_knows_is_judged_and_the_doubt_is_told() -> None:
    unknown, known = assess(None, None), assess(None, 0.05)
    assert unknown.risk_level is known.risk_level
    assert unknown.st is not None
    assert known.st is not None
    assert "the high-pass of the front end is not known" in unknown.st.evidence
    assert all("front end" not in words for words in known.st.evidence)
    (finding,) = unknown.findings
    assert "the high-pass of the front end is not known" in finding.evidence
