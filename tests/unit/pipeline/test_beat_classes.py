"""Beats are classed in the light of those before them, whatever lead, gain and rate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from ecg_shapes import ecg, limb, window

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.inference.scorer import NoModels
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History

FS_HZ = 250.0
STRAY_AT_S = (12.45, 19.05, 24.0)
"""Where a beat comes early; the regular ones are 0.825 s apart."""


def classed(
    signal_mv: FloatArray, fs_hz: float = FS_HZ, leads: tuple[str, ...] = LIMB_LEADS
) -> list[Beat]:
    """Return every beat of a stream, as the daemon tells it."""
    analysis = Analysis(AnalysisSettings(), EnsembleSettings(), NoModels("none"), lambda: 0.0)
    history = History()
    beats: list[Beat] = []
    length, hop = round(5 * fs_hz), round(fs_hz)
    for start in range(0, signal_mv.shape[1] - length + 1, hop):
        seen = window(signal_mv[:, start : start + length], fs_hz, start, leads=leads)
        assessed = analysis.assess(seen, history)
        history = assessed.history
        beats += assessed.assessment.beats
    return beats


def regular_times() -> FloatArray:
    """Return a regular rhythm with a compensatory pause around each stray beat."""
    times = np.arange(0.4, 30.0, 0.825)
    return times[[np.abs(np.array(STRAY_AT_S) + 0.3 - t).min() > 0.3 for t in times]]


def stray(t_s: FloatArray) -> FloatArray:
    """Return wide beats with T against them, as they come from a ventricle; one lead."""
    total = np.zeros(t_s.size)
    for at in STRAY_AT_S:
        total += -1.4 * np.exp(-0.5 * ((t_s - at) / 0.032) ** 2)
        total += 0.6 * np.exp(-0.5 * ((t_s - at - 0.25) / 0.07) ** 2)
    return total


@cache
def ventricular(fs_hz: float) -> FloatArray:
    t_s = np.arange(round(30 * fs_hz)) / fs_hz
    noise = np.random.default_rng(3).normal(0.0, 0.01, (6, t_s.size))
    signal_mv: FloatArray = ecg(regular_times(), 30.0, fs_hz) + noise
    signal_mv += stray(t_s) * limb((0.6, 1.0))[:, None]
    return signal_mv


def times_of(beats: Sequence[Beat], beat_class: BeatClass, fs_hz: float = FS_HZ) -> list[float]:
    return [beat.r_peak / fs_hz for beat in beats if beat.beat_class is beat_class]


def test_an_early_wide_and_different_beat_is_ventricular() -> None:
    beats = classed(ventricular(FS_HZ))
    found = times_of(beats, BeatClass.V)
    assert found == pytest.approx(STRAY_AT_S, abs=0.06)
    told = next(beat for beat in beats if beat.beat_class is BeatClass.V)
    assert "early by" in told.class_reason
    assert "ms wide" in told.class_reason
    assert "unlike the usual beat" in told.class_reason
    assert told.class_confidence > 0.5
    assert len(times_of(beats, BeatClass.N)) == len(beats) - 3


def test_an_early_beat_of_the_usual_shape_is_supraventricular() -> None:
    times = np.sort(np.concatenate((regular_times(), STRAY_AT_S)))
    noise = np.random.default_rng(4).normal(0.0, 0.01, (6, 7500))
    beats = classed(ecg(times, 30.0) + noise)
    assert times_of(beats, BeatClass.S) == pytest.approx(STRAY_AT_S, abs=0.06)
    assert not times_of(beats, BeatClass.V)


@pytest.mark.parametrize("gain", [0.4, 3.0, -1.0])
def test_gain_and_polarity_do_not_matter(gain: float) -> None:
    expected = [beat.beat_class for beat in classed(ventricular(FS_HZ))]
    assert [beat.beat_class for beat in classed(gain * ventricular(FS_HZ))] == expected


@pytest.mark.parametrize("fs_hz", [200.0, 360.0, 1000.0])
def test_the_rate_does_not_matter(fs_hz: float) -> None:
    beats = classed(ventricular(fs_hz), fs_hz)
    assert times_of(beats, BeatClass.V, fs_hz) == pytest.approx(STRAY_AT_S, abs=0.06)


@pytest.mark.parametrize("leads", [("II",), ("I", "II"), ("V1",)])
def test_one_lead_is_enough(leads: tuple[str, ...]) -> None:
    signal_mv = ventricular(FS_HZ)[: len(leads)] if len(leads) > 1 else ventricular(FS_HZ)[1:2]
    beats = classed(signal_mv, leads=leads)
    assert times_of(beats, BeatClass.V) == pytest.approx(STRAY_AT_S, abs=0.06)


def test_a_usual_beat_that_is_wide_is_normal() -> None:
    t_s = np.arange(7500) / FS_HZ
    wide = sum(
        0.9 * np.exp(-0.5 * ((t_s - at) / 0.035) ** 2)
        - 0.4 * np.exp(-0.5 * ((t_s - at - 0.27) / 0.06) ** 2)
        for at in np.arange(0.4, 30.0, 0.8)
    )
    noise = np.random.default_rng(5).normal(0.0, 0.01, (6, 7500))
    beats = classed(wide * limb((1.0, 0.4))[:, None] + noise)
    assert len(beats) > 25
    assert len(times_of(beats, BeatClass.N)) == len(beats)
    assert "ms wide" in beats[-1].class_reason


def test_no_interval_reaches_back_over_a_hole() -> None:
    signal_mv = ventricular(FS_HZ)
    signal_mv = np.concatenate((signal_mv[:, :2500], signal_mv[:, 3300:]), axis=1)
    analysis = Analysis(AnalysisSettings(), EnsembleSettings(), NoModels("none"), lambda: 0.0)
    history = History()
    for start in range(0, 1500, 250):
        history = analysis.assess(
            window(signal_mv[:, start : start + 1250], start_index=start), history
        ).history
    later = window(signal_mv[:, 2500:3750], start_index=3300)
    beats = analysis.assess(later, history).assessment.beats
    assert "interval before it unknown" in beats[0].class_reason


def test_noise_alone_makes_no_ventricular_run() -> None:
    random = np.random.default_rng(8)
    wander = np.cumsum(random.normal(0.0, 0.12, (2, 7500)), axis=1)
    wander -= np.linspace(0.0, 1.0, 7500) * wander[:, -1:]
    weights = np.stack([limb((1.0, 0.0)), limb((0.0, 1.0))], axis=1)
    sure = [
        beat
        for beat in classed(weights @ wander)
        if beat.beat_class is BeatClass.V and beat.class_confidence >= 0.8
    ]
    assert len(sure) < 3
