"""Intervals of beats whose boundaries are known."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians

import pytest

from ecgd.features.intervals import correct_qt, frontal_axis_deg, measure_intervals
from ecgd.model.beat import Beat, BeatClass, Waves

FS_HZ = 250.0


def _beat(number: int, *, with_t: bool = True) -> Beat:
    r = 1000 + 200 * number
    t_end = r + 80 if with_t else None
    waves = Waves(r - 10, r + 13, r - 50, r - 40, r - 30, None, None, t_end)
    return Beat(r, waves, ("II",), (None,), (None,))


BEATS = tuple(_beat(number) for number in range(6))


def test_medians_of_the_normal_beats_are_told_in_ms() -> None:
    measured = measure_intervals(BEATS, None, FS_HZ)
    assert measured is not None
    assert measured.rr_ms == pytest.approx(800.0)
    assert measured.pr_ms == pytest.approx(160.0)
    assert measured.qrs_ms == pytest.approx(92.0)
    assert measured.qt_ms == pytest.approx(360.0)
    assert measured.beat_count == 6


def test_qt_is_corrected_by_the_four_formulas() -> None:
    assert correct_qt(400.0, 1000.0) == pytest.approx((400.0, 400.0, 400.0, 400.0))
    bazett, fridericia, framingham, hodges = correct_qt(360.0, 640.0)
    assert bazett == pytest.approx(450.0)
    assert fridericia == pytest.approx(417.7, abs=0.1)
    assert framingham == pytest.approx(415.44)
    assert hodges == pytest.approx(419.06, abs=0.01)


def test_a_wave_that_most_beats_lack_has_no_interval() -> None:
    beats = tuple(_beat(number, with_t=number < 2) for number in range(6))
    measured = measure_intervals(beats, None, FS_HZ)
    assert measured is not None
    assert measured.qt_ms is None
    assert measured.qtc_bazett_ms is None
    assert measured.qrs_ms is not None


def test_ventricular_beats_and_the_intervals_beside_them_do_not_count() -> None:
    early = replace(_beat(2), r_peak=1300, beat_class=BeatClass.V)
    measured = measure_intervals((*BEATS[:2], early, *BEATS[3:]), None, FS_HZ)
    assert measured is not None
    assert measured.rr_ms == pytest.approx(800.0)
    assert measured.beat_count == 5


def test_too_few_beats_tell_nothing() -> None:
    assert measure_intervals(BEATS[:2], None, FS_HZ) is None
    unmeasured = tuple(replace(beat, waves=None) for beat in BEATS)
    assert measure_intervals(unmeasured, None, FS_HZ) is None


@pytest.mark.parametrize("axis_deg", [-150.0, -30.0, 0.0, 45.0, 60.0, 90.0, 120.0])
def test_the_axis_is_that_of_the_vector_in_the_frontal_plane(axis_deg: float) -> None:
    lead_i, lead_ii = 40 * cos(radians(axis_deg)), 40 * cos(radians(axis_deg - 60))
    assert frontal_axis_deg(lead_i, lead_ii) == pytest.approx(axis_deg)


def test_a_qrs_without_area_has_no_axis() -> None:
    assert frontal_axis_deg(0.5, -0.5) is None
