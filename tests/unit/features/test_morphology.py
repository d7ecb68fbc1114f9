"""What is read off a usual beat that was drawn by hand."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians

import numpy as np
import pytest

from ecgd.features.morphology import measure_morphology
from ecgd.model.baseline import BEAT_FS_HZ, BEAT_POINTS, BEAT_R_AT, MedianBeat
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.morphology import Morphology
from ecgd.model.signal import FloatArray

ONSET, END = BEAT_R_AT - 12, BEAT_R_AT + 14
P_SPAN, T_SPAN = (30, 52), (130, 190)


def bump(centre: float, half: float, height_mv: float) -> FloatArray:
    """Return a raised cosine over the grid; places and widths are in points."""
    at = np.arange(BEAT_POINTS)
    inside = np.abs(at - centre) < half
    wave: FloatArray = np.where(
        inside, height_mv * (1 + np.cos(np.pi * (at - centre) / half)) / 2, 0
    )
    return wave


def beat_of(course_mv: FloatArray, axis_deg: float = 45.0) -> MedianBeat:
    """Return a beat whose vector points one way throughout."""
    gains = (cos(radians(axis_deg)), cos(radians(axis_deg - 60.0)))
    pair_mv = np.outer(gains, course_mv)
    area = pair_mv[:, ONSET : END + 1].sum(axis=1) * 4.0
    return MedianBeat(
        pair_mv, ONSET, END, (area[0], area[1]), (5.0, 5.0), (20.0, 20.0), 0.9, 5, P_SPAN, T_SPAN
    )


HEART = bump(41, 11, 0.15) + bump(BEAT_R_AT, 8, 1.2) + bump(160, 30, 0.4)


def measured(course_mv: FloatArray, axis_deg: float = 45.0) -> Morphology:
    shape = measure_morphology(beat_of(course_mv, axis_deg))
    assert shape is not None
    return shape


def test_sizes_of_the_waves_in_a_lead_that_lies_along_the_vector() -> None:
    shape = measured(HEART, 60.0)
    second = shape.leads["II"]
    assert second.r_mv == pytest.approx(1.2)
    assert (second.q_mv, second.s_mv, second.q_s) == (0.0, 0.0, 0.0)
    assert second.is_upright
    assert second.p_mv == pytest.approx(0.15, abs=0.01)
    assert second.t_mv == pytest.approx(0.4)
    assert second.t_width_s == pytest.approx(30 / BEAT_FS_HZ, abs=0.01)
    assert second.crest_s == pytest.approx(12 / BEAT_FS_HZ)
    assert shape.qrs_s == pytest.approx(26 / BEAT_FS_HZ)
    assert shape.axis_deg == pytest.approx(60.0, abs=1.0)
    avr = shape.leads["aVR"]
    assert avr.depth_mv == pytest.approx(1.2 * cos(radians(30.0)) * cos(radians(30.0)), abs=0.2)
    assert not avr.is_upright


def test_q_and_s_beside_r() -> None:
    course = HEART - bump(BEAT_R_AT - 9, 4, 0.2) - bump(BEAT_R_AT + 10, 4, 0.3)
    second = measured(course, 60.0).leads["II"]
    assert second.q_mv == pytest.approx(0.2, abs=0.02)
    assert second.s_mv == pytest.approx(0.3, abs=0.03)
    assert second.q_s == pytest.approx(0.02, abs=0.012)


def test_a_qrs_that_runs_down_into_low_st_has_no_s() -> None:
    low = np.where(np.arange(BEAT_POINTS) >= BEAT_R_AT + 7, -0.2, 0.0)
    assert measured(HEART + low, 60.0).leads["II"].s_mv == 0.0


def test_an_elevated_st_segment_is_no_late_crest() -> None:
    high = np.where(np.arange(BEAT_POINTS) >= BEAT_R_AT + 7, 0.5, 0.0)
    assert measured(HEART + high, 60.0).leads["II"].crest_s <= 0.06


def test_a_notch_is_a_j_wave_and_an_elevated_st_segment_is_none() -> None:
    assert (measured(HEART, 60.0).leads["II"].j_peak_mv or 0.0) < 0.1
    notched = measured(HEART + bump(BEAT_R_AT + 13, 4, 0.3), 60.0)
    assert notched.leads["II"].j_peak_mv == pytest.approx(0.3, abs=0.02)
    at = np.arange(BEAT_POINTS)
    risen = np.clip((at - BEAT_R_AT - 6) / 8, 0, 1) * 0.3 * (at < 200)
    assert (measured(HEART + risen, 60.0).leads["II"].j_peak_mv or 0.0) < 0.1


def test_pr_depression() -> None:
    before_p = np.where(np.arange(BEAT_POINTS) < 35, 0.08, 0.0)
    assert measured(HEART + before_p, 60.0).leads["II"].pr_mv == pytest.approx(-0.08, abs=0.01)
    assert measured(HEART + before_p, 60.0).leads["aVR"].pr_mv == pytest.approx(0.06, abs=0.01)


def test_without_p_and_t_their_figures_are_unknown() -> None:
    bare = replace(beat_of(HEART), p_span=None, t_span=None, p_area_uvs=None, t_area_uvs=None)
    shape = measure_morphology(bare)
    assert shape is not None
    assert not shape.has_p
    assert {each.p_mv for each in shape.leads.values()} == {None}
    assert {each.t_width_s for each in shape.leads.values()} == {None}


def test_a_spike_is_told_and_taken_out() -> None:
    spike = np.zeros(BEAT_POINTS)
    spike[BEAT_R_AT - 20] = 3.0
    shape = measured(HEART + spike, 60.0)
    assert shape.is_paced
    assert shape.leads["II"].r_mv == pytest.approx(1.2)
    assert not measured(HEART, 60.0).is_paced


@pytest.mark.parametrize("bounds", [(0, 0), (80, 80), (90, 80), (0, 220), (219, 220), (0, 1)])
@pytest.mark.parametrize("kind", ["zero", "noise", "huge"])
def test_any_beat_gives_figures_or_none(bounds: tuple[int, int], kind: str) -> None:
    chance = np.random.default_rng(1)
    signal = {"zero": 0.0, "noise": 1.0, "huge": 1000.0}[kind] * chance.normal(size=(2, 221))
    spans = ((0, 1), (219, 220))
    beat = MedianBeat(signal, *bounds, (0.0, 0.0), (1.0, 1.0), (1.0, 1.0), 0.2, 2, *spans)
    shape = measure_morphology(beat)
    if shape is not None:
        assert set(shape.leads) == set(LIMB_LEADS)
        assert all(
            np.isfinite([each.q_mv, each.r_mv, each.s_mv]).all() for each in shape.leads.values()
        )
