"""Evidence for exchanged electrodes in one usual beat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgd.decision.placement import axis_log_odds, flat_swap, suspect_swap
from ecgd.decision.swap import (
    ELECTRODES,
    INVERSE,
    TRANSFORM,
    Swap,
    Transform,
    axis_deg,
    likeness,
    loop_likeness,
    turn,
    turned,
)
from ecgd.model.baseline import BEAT_POINTS, BEAT_R_AT, LEARNED_S, Baseline, MedianBeat, Vector

MOVED = {
    Swap.ARMS: ("LA", "RA", "LL"),
    Swap.RIGHT_ARM_LEFT_LEG: ("LL", "LA", "RA"),
    Swap.LEFT_ARM_LEFT_LEG: ("RA", "LL", "LA"),
    Swap.ROUND: ("LA", "LL", "RA"),
    Swap.ROUND_BACK: ("LL", "RA", "LA"),
}
"""Whose potential the cables RA, LA and LL carry under each exchange."""


def area(axis: float, size_uvs: float) -> Vector:
    angles = np.radians([axis, axis - 60.0])
    one, two = (size_uvs * np.cos(angles)).tolist()
    return one, two


def beat(
    p_deg: float | None = 55.0,
    qrs_deg: float = 50.0,
    t_deg: float | None = 40.0,
    open_mv: float = 0.25,
) -> MedianBeat:
    """Return a beat with an open QRS loop about an axis."""
    at = np.arange(BEAT_POINTS) - BEAT_R_AT
    along = np.exp(-0.5 * (at / 3.0) ** 2)
    across = open_mv * np.exp(-0.5 * ((at - 5) / 3.0) ** 2)
    turned_deg = np.radians([[qrs_deg, qrs_deg + 70.0], [qrs_deg - 60.0, qrs_deg + 10.0]])
    return MedianBeat(
        signal_mv=np.cos(turned_deg) @ np.stack((along, across)),
        qrs_onset=BEAT_R_AT - 10,
        qrs_end=BEAT_R_AT + 14,
        qrs_area_uvs=area(qrs_deg, 25.0),
        p_area_uvs=None if p_deg is None else area(p_deg, 6.0),
        t_area_uvs=None if t_deg is None else area(t_deg, 30.0),
        rr_s=0.8,
        beat_count=5,
    )


def altered(given: MedianBeat, transform: Transform) -> MedianBeat:
    def move(vector: Vector | None) -> Vector | None:
        return None if vector is None else turned(vector, transform)

    return replace(
        given,
        signal_mv=np.array(transform) @ given.signal_mv,
        qrs_area_uvs=turned(given.qrs_area_uvs, transform),
        p_area_uvs=move(given.p_area_uvs),
        t_area_uvs=move(given.t_area_uvs),
    )


USUAL = Baseline(beat(), (), LEARNED_S)


@pytest.mark.parametrize("swap", list(TRANSFORM))
def test_an_exchange_moves_the_potentials_and_nothing_else(swap: Swap) -> None:
    rng = np.random.default_rng(0)
    potential_mv = dict(zip(("RA", "LA", "LL"), rng.normal(size=3), strict=True))
    right, left, leg = (potential_mv[name] for name in MOVED[swap])
    true = (potential_mv["LA"] - potential_mv["RA"], potential_mv["LL"] - potential_mv["RA"])
    assert turned(true, TRANSFORM[swap]) == pytest.approx((left - right, leg - right))
    back = turned(turned(true, TRANSFORM[swap]), TRANSFORM[INVERSE[swap]])
    assert back == pytest.approx(true)
    cables = zip(("RA", "LA", "LL"), MOVED[swap], strict=True)
    assert set(ELECTRODES[swap]) == {cable for cable, source in cables if cable != source}


@pytest.mark.parametrize("axis", [-170.0, -90.0, 0.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("by_deg", [-40.0, 15.0, 90.0])
def test_axes_and_turns_agree(axis: float, by_deg: float) -> None:
    seen = axis_deg(turned(area(axis, 5.0), turn(by_deg)))
    assert (seen - axis - by_deg + 180.0) % 360.0 == pytest.approx(180.0, abs=1e-6)
    cosine = float(np.cos(np.radians(by_deg)))
    assert likeness(area(axis, 2.0), area(axis + by_deg, 7.0)) == pytest.approx(cosine)


def test_a_loop_is_found_where_the_r_peak_lies_elsewhere() -> None:
    shifted = replace(beat(), signal_mv=np.roll(beat().signal_mv, 6, axis=1))
    assert loop_likeness(shifted, beat(), (((1.0, 0.0), (0.0, 1.0)),))[0] > 0.99


@pytest.mark.parametrize("swap", list(TRANSFORM))
def test_a_baseline_tells_which_exchange_it_is(swap: Swap) -> None:
    # LA/LL mirrors about 30 degrees: only an upright heart shows it.
    heart = beat(p_deg=75.0, qrs_deg=85.0, t_deg=70.0) if swap is Swap.LEFT_ARM_LEFT_LEG else beat()
    seen = altered(heart, TRANSFORM[swap])
    usual = Baseline(heart, (), LEARNED_S)
    assert suspect_swap(seen, usual).swap is swap
    without_p = replace(seen, p_area_uvs=None)
    assert suspect_swap(without_p, usual).swap is swap, "T speaks where there is no P"
    assert suspect_swap(replace(without_p, t_area_uvs=None), usual).swap is None


@pytest.mark.parametrize("by_deg", [-40.0, -25.0, -10.0, 10.0, 25.0, 40.0])
@pytest.mark.parametrize("qrs_deg", [-20.0, 10.0, 50.0, 80.0])
def test_a_heart_that_has_turned_is_no_exchange(by_deg: float, qrs_deg: float) -> None:
    upright = beat(p_deg=60.0, qrs_deg=qrs_deg, t_deg=45.0)
    usual = Baseline(upright, (), LEARNED_S)
    assert suspect_swap(altered(upright, turn(by_deg)), usual).swap is None


def test_a_narrow_loop_cannot_tell_an_exchange_from_a_turn_and_says_nothing() -> None:
    narrow = beat(p_deg=70.0, qrs_deg=70.0, t_deg=70.0, open_mv=0.0)
    usual = Baseline(narrow, (), LEARNED_S)
    assert suspect_swap(altered(narrow, TRANSFORM[Swap.ARMS]), usual).swap is None
    assert suspect_swap(altered(narrow, turn(40.0)), usual).swap is None


def test_an_incomplete_baseline_is_not_compared_with() -> None:
    usual = Baseline(beat(p_deg=75.0, qrs_deg=85.0, t_deg=70.0), (), LEARNED_S)
    seen = altered(usual.beat, TRANSFORM[Swap.LEFT_ARM_LEFT_LEG])
    assert suspect_swap(seen, usual).swap is Swap.LEFT_ARM_LEFT_LEG
    assert suspect_swap(seen, replace(usual, learned_s=LEARNED_S - 1.0)).swap is None


def test_the_axes_alone_tell_two_exchanges_and_only_with_a_p_wave() -> None:
    for swap in (Swap.ARMS, Swap.RIGHT_ARM_LEFT_LEG):
        seen = altered(beat(), TRANSFORM[swap])
        assert suspect_swap(seen, None).swap is swap
        assert suspect_swap(replace(seen, p_area_uvs=None), None).swap is None
        assert suspect_swap(replace(seen, qrs_end=seen.qrs_onset + 36), None).swap is None
        assert suspect_swap(replace(seen, rr_s=0.5), None).swap is None
    assert suspect_swap(beat(), None).swap is None
    assert all(odds < -3.0 for odds in axis_log_odds(beat()).values())


@pytest.mark.parametrize(
    ("p_deg", "qrs_deg", "t_deg"),
    [(-80.0, 50.0, 40.0), (55.0, -150.0, -150.0), (55.0, 170.0, 40.0), (0.0, -60.0, 120.0)],
)
def test_no_single_wave_makes_an_exchange(p_deg: float, qrs_deg: float, t_deg: float) -> None:
    assert suspect_swap(beat(p_deg, qrs_deg, t_deg), None).swap is None


def test_a_lead_between_two_legs_is_nearly_flat() -> None:
    one, two = beat().signal_mv
    flat = 0.01 * one
    cases = {
        Swap.RIGHT_ARM_REFERENCE: np.stack((one, flat)),
        Swap.LEFT_ARM_REFERENCE: np.stack((two, two + flat)),
        Swap.ARMS_LEGS: np.stack((flat, two)),
    }
    for swap, signal_mv in cases.items():
        found = flat_swap(replace(beat(), signal_mv=signal_mv))
        assert found is not None
        assert found.swap is swap
        assert "nearly flat" in found.evidence
    assert flat_swap(beat()) is None
    assert flat_swap(replace(beat(), signal_mv=0.05 * beat().signal_mv)) is None, "a small heart"


def test_a_baseline_that_was_learned_exchanged_is_told_from_electrodes_that_are() -> None:
    wrong = Baseline(altered(beat(), TRANSFORM[Swap.ARMS]), (), LEARNED_S)
    seen = suspect_swap(beat(), wrong)
    assert seen.swap is None
    assert seen.baseline_is_wrong
    right = suspect_swap(altered(beat(), TRANSFORM[Swap.ARMS]), USUAL)
    assert right.swap is Swap.ARMS
    assert not right.baseline_is_wrong
