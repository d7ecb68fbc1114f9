"""The dipole: leads, ST vector, silence of the PR segment."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.model.leads import AXIS_DEG, LIMB_LEADS
from ecgd.sources.dipole import (
    J_POINT_S,
    PR_SEGMENT_S,
    SUPPORT_S,
    TERRITORY_DEG,
    BeatKind,
    StVector,
    beat_vector,
    project,
    qt_stretch,
    st_plateau,
    territory_vector,
)


@pytest.mark.parametrize("lead", LIMB_LEADS)
def test_each_lead_sees_most_along_its_own_axis(lead: str) -> None:
    seen = [project(angle, lead) for angle in range(-180, 180)]
    greatest = int(np.argmax(seen)) - 180
    assert abs(greatest - AXIS_DEG[lead]) <= 1


def test_augmented_leads_see_root_three_quarters() -> None:
    assert project(90.0, "aVF") == pytest.approx(np.sqrt(0.75))
    assert project(0.0, "I") == pytest.approx(1.0)


@pytest.mark.parametrize("angle_deg", [-170.0, -30.0, 12.5, 105.0])
def test_projections_keep_the_identities(angle_deg: float) -> None:
    seen = {lead: project(angle_deg, lead) for lead in LIMB_LEADS}
    assert seen["I"] + seen["III"] == pytest.approx(seen["II"], abs=1e-12)
    assert seen["aVR"] + seen["aVL"] + seen["aVF"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("territory", "elevated", "depressed"),
    [
        ("inferior", ("II", "III", "aVF"), ("aVL",)),
        ("lateral", ("I", "aVL"), ("III",)),
        ("left-main", ("aVR",), ("I", "II")),
    ],
)
def test_a_territory_lifts_its_leads(
    territory: str, elevated: tuple[str, ...], depressed: tuple[str, ...]
) -> None:
    angle_deg, length_mv = territory_vector(territory, 0.2)
    level_mv = {lead: length_mv * project(angle_deg, lead) for lead in LIMB_LEADS}
    assert level_mv[TERRITORY_DEG[territory][1]] == pytest.approx(0.2)
    assert max(level_mv.values()) == pytest.approx(0.2)
    assert all(level_mv[lead] >= 0.1 for lead in elevated)
    assert all(level_mv[lead] <= -0.05 for lead in depressed)


def test_inferior_elevation_is_greater_in_iii_than_in_ii() -> None:
    angle_deg, _ = territory_vector("inferior", 0.2)
    assert project(angle_deg, "III") > project(angle_deg, "II")


@pytest.mark.parametrize("rr_s", [0.4, 0.833, 1.5])
def test_st_is_level_after_the_j_point_and_nothing_before_the_qrs(rr_s: float) -> None:
    after_j = J_POINT_S + np.array([0.0, 0.02, 0.04, 0.06, 0.08])
    assert st_plateau(rr_s, after_j) == pytest.approx(np.ones(5))
    assert st_plateau(rr_s, np.array([-0.1, 0.0])) == pytest.approx(np.zeros(2))
    assert st_plateau(rr_s, np.array([0.9]))[0] == pytest.approx(0.0)


@pytest.mark.parametrize("kind", list(BeatKind))
def test_the_pr_segment_and_the_ends_of_a_beat_are_silent(kind: BeatKind) -> None:
    moments = np.array([*SUPPORT_S] + ([] if kind is BeatKind.PVC else [PR_SEGMENT_S]))
    assert np.abs(beat_vector(kind, 0.833, moments)).max() < 0.002


def test_a_pvc_is_wide_and_a_sinus_beat_narrow() -> None:
    time_s = np.arange(-0.2, 0.2, 0.001)

    def width_s(kind: BeatKind) -> float:
        height = np.hypot(*beat_vector(kind, 0.833, time_s))
        return float(np.count_nonzero(height > 0.1 * height.max()) * 0.001)

    assert width_s(BeatKind.SINUS) < 0.11
    assert width_s(BeatKind.PVC) > 0.12


def test_the_t_wave_moves_with_the_root_of_rr() -> None:
    time_s = np.arange(0.12, 0.6, 0.001)
    peaks = [
        time_s[int(np.argmax(beat_vector(BeatKind.SINUS, rr_s, time_s)[1]))]
        for rr_s in (0.833, 0.833 * 1.44)
    ]
    assert peaks[1] / peaks[0] == pytest.approx(1.2, abs=0.01)
    assert qt_stretch(0.833) == pytest.approx(1.0)


def test_an_st_vector_grows_in_a_straight_line() -> None:
    vector = StVector(105.0, 0.4, start_s=10.0, full_s=30.0)
    assert [vector.length_at(time) for time in (0, 10, 20, 30, 99)] == pytest.approx(
        [0, 0, 0.2, 0.4, 0.4]
    )
    assert StVector(0.0, 0.1, 5.0, 5.0).length_at(4.9) == 0
    assert StVector(0.0, 0.1, 5.0, 5.0).length_at(5.0) == 0.1
