"""Variability of intervals that are made to measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import pi, sin, sqrt

import numpy as np
import pytest

from ecgd.features.variability import measure_variability
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.intervals import Variability

FS_HZ = 1000.0


def _beats(rr_s: Callable[[float], float], span_s: float) -> list[Beat]:
    time_s, beats = 0.5, []
    while time_s < span_s:
        beats.append(Beat(round(time_s * FS_HZ), None, (), ()))
        time_s += rr_s(time_s)
    return beats


def _measure(beats: list[Beat], span_s: float, watched_from_s: float = 0.0) -> Variability | None:
    return measure_variability(
        beats,
        now_index=round(span_s * FS_HZ),
        watched_from_index=round(watched_from_s * FS_HZ),
        fs_hz=FS_HZ,
    )


def _breathing(time_s: float) -> float:
    return 0.8 + 0.03 * sin(2 * pi * 0.25 * time_s) + 0.05 * sin(2 * pi * 0.1 * time_s)


def test_alternating_intervals_have_known_figures() -> None:
    beats = _beats(lambda t: 0.8, 100.0)
    shifted = [replace(b, r_peak=b.r_peak + 60 * (k % 2)) for k, b in enumerate(beats)]
    measured = _measure(shifted, 100.0)
    assert measured is not None
    assert measured.sdnn_ms == pytest.approx(60.0, rel=0.02)
    assert measured.rmssd_ms == pytest.approx(120.0)
    assert measured.pnn50_percent == pytest.approx(100.0)
    assert measured.sd1_ms == pytest.approx(120.0 / sqrt(2.0), rel=0.02)
    assert measured.lf_ms2 is None


def test_power_lies_where_the_waves_are() -> None:
    measured = _measure(_beats(_breathing, 299.0), 299.0)
    assert measured is not None
    assert measured.vlf_ms2 is not None
    assert measured.vlf_ms2 < 20.0
    assert measured.lf_ms2 == pytest.approx(50.0**2 / 2, rel=0.05)
    assert measured.hf_ms2 == pytest.approx(30.0**2 / 2, rel=0.05)
    assert measured.lf_hf_ratio == pytest.approx(1250 / 450, rel=0.08)


def test_two_minutes_give_no_very_low_frequencies_and_one_minute_no_band() -> None:
    two = _measure(_beats(_breathing, 125.0), 125.0)
    assert two is not None
    assert two.vlf_ms2 is None
    assert two.hf_ms2 is not None
    one = _measure(_beats(_breathing, 90.0), 90.0)
    assert one is not None
    assert one.lf_ms2 is None
    assert one.sdnn_ms is not None
    assert _measure(_beats(_breathing, 50.0), 50.0) is None


def test_what_was_not_watched_does_not_count() -> None:
    assert _measure(_beats(_breathing, 299.0), 299.0, watched_from_s=250.0) is None


def test_ectopic_beats_are_left_out() -> None:
    beats = _beats(_breathing, 299.0)
    clean = _measure(beats, 299.0)
    for k in range(20, len(beats), 25):
        early = beats[k].r_peak - 300
        beats[k] = replace(beats[k], r_peak=early, beat_class=BeatClass.V)
    left = _measure(beats, 299.0)
    assert clean is not None
    assert left is not None
    assert left.sdnn_ms == pytest.approx(clean.sdnn_ms, rel=0.05)
    assert left.rmssd_ms == pytest.approx(clean.rmssd_ms, rel=0.1)
    assert left.lf_ms2 == pytest.approx(clean.lf_ms2, rel=0.1)


def test_a_missed_beat_is_no_long_interval() -> None:
    beats = _beats(_breathing, 299.0)
    clean = _measure(beats, 299.0)
    left = _measure([b for k, b in enumerate(beats) if k % 40 != 20], 299.0)
    assert clean is not None
    assert left is not None
    assert left.sdnn_ms == pytest.approx(clean.sdnn_ms, rel=0.05)


def test_mostly_ectopic_beats_give_no_figure() -> None:
    rng = np.random.default_rng(3)
    beats = [
        replace(beat, beat_class=BeatClass.V) if rng.random() < 0.3 else beat
        for beat in _beats(_breathing, 299.0)
    ]
    measured = _measure(beats, 299.0)
    assert measured is not None
    assert measured.covered_share < 0.8
    assert measured.sdnn_ms is None
