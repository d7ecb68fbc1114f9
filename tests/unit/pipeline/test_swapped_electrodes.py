"""Exchanged electrodes on recordings of real patients, exchanged exactly in the potentials."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from swapped_stream import (
    assess,
    assess_all,
    baseline_of,
    exchange,
    recording,
    windows,
    windows_of,
)

from ecgd.decision.swap import Swap
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import EventType, Outcome, RiskLevel
from ecgd.model.signal import FloatArray, Window

SINUS = ("normal", "inferior_stemi", "lateral_stemi_injected", "anterior_stemi")
EVERYBODY = (*SINUS, "atrial_fibrillation", "boundaries_ludb_152", "artefact")
ON_A_LEG = (Swap.RIGHT_ARM_REFERENCE, Swap.LEFT_ARM_REFERENCE, Swap.ARMS_LEGS)
BY_AXES = (Swap.ARMS, Swap.RIGHT_ARM_LEFT_LEG)
AGAINST_BASELINE = (*BY_AXES, Swap.ROUND, Swap.ROUND_BACK)
FOUND_S = 20.0
SHORT_S = 14.0


def told(found: list[Assessment]) -> list[str]:
    return [a.placement.reason for a in found if a.placement is not None]


@pytest.mark.parametrize("name", EVERYBODY)
def test_electrodes_that_are_right_are_never_reported(name: str) -> None:
    seen = windows(recording(name), FOUND_S)
    assert told(assess(seen)) == []
    if name != "artefact":
        assert told(assess(seen, baseline_of(seen[:6]))) == []


@pytest.mark.parametrize("swap", [*BY_AXES, *ON_A_LEG])
@pytest.mark.parametrize("name", SINUS)
def test_an_exchange_is_found_without_a_baseline(name: str, swap: Swap) -> None:
    found = assess(windows(recording(name), FOUND_S, exchange(swap)))
    assert found[-1].placement is not None
    assert found[-1].placement.reason == f"electrodes exchanged: {swap.value}"
    first = next(a for a in found if a.placement is not None)
    assert first.time_s >= 10.0, "it has to last"


@pytest.mark.parametrize("swap", AGAINST_BASELINE)
@pytest.mark.parametrize("name", [*SINUS, "atrial_fibrillation"])
def test_an_exchange_is_found_against_the_own_baseline(name: str, swap: Swap) -> None:
    baseline = baseline_of(windows(recording(name), 10.0))
    found = assess(windows(recording(name), SHORT_S, exchange(swap)), baseline)
    assert set(told(found)) == {f"electrodes exchanged: {swap.value}"}


def test_left_arm_and_left_leg_are_found_against_a_baseline_only() -> None:
    seen = windows(recording("normal"), SHORT_S, exchange(Swap.LEFT_ARM_LEFT_LEG))
    assert told(assess(seen)) == []
    against = assess(seen, baseline_of(windows(recording("normal"), 10.0)))
    assert set(told(against)) == {"electrodes exchanged: LA and LL"}


@pytest.mark.parametrize("swap", [Swap.ARMS, Swap.RIGHT_ARM_REFERENCE])
def test_st_is_not_measurable_then_and_the_rhythm_goes_on(swap: Swap) -> None:
    found = assess(windows(recording("inferior_stemi"), FOUND_S, exchange(swap)))
    before = [a for a in found if a.placement is None]
    after = [a for a in found if a.placement is not None]
    assert before
    assert after
    for assessment in after:
        assert assessment.outcome is Outcome.CANNOT_JUDGE
        assert assessment.st is None
        assert assessment.risk_level is None
        assert f"ST: electrodes exchanged: {swap.value}" in assessment.cannot_judge
        assert EventType.STEMI_DETECTED in assessment.unjudged
        assert EventType.ASYSTOLE not in assessment.unjudged
        assert assessment.rhythm.heart_rate_bpm is not None


def test_it_clears_once_the_electrodes_are_right_again() -> None:
    wrong = exchange(Swap.ARMS)

    played = 0

    def until_half(pair_mv: FloatArray) -> FloatArray:
        nonlocal played
        played += pair_mv.shape[1]
        return wrong(pair_mv) if played <= 20 * 250 else pair_mv

    found = assess(windows(recording("normal"), 45.0, until_half))
    wrong_s = [a.time_s for a in found if a.placement is not None]
    assert min(wrong_s) <= 18.0
    assert 25.0 <= max(wrong_s) <= 35.0
    assert found[-1].placement is None
    assert found[-1].risk_level is RiskLevel.NORMAL


@pytest.mark.parametrize(
    "change",
    [
        "st=inferior:0.3",
        "st=lateral:0.3",
        "rhythm=af",
        "rhythm=tachycardia",
    ],
)
def test_a_heart_that_changes_is_no_exchange(change: str) -> None:
    quiet = "synthetic:?noise=mild&seed=4&rate=75"
    baseline = baseline_of(windows(quiet, 10.0))
    changed = windows(f"synthetic:?noise=mild&seed=4&{change}", FOUND_S)
    assert told(assess(changed, baseline)) == []
    assert told(assess(changed)) == []


@dataclass(frozen=True)
class Heart:
    """A regular rhythm: axis (degrees) and height (mV) of P, QRS and T; P or QRS may lack."""

    p_deg: float | None = 55.0
    qrs_deg: float = 50.0
    t_deg: float = 40.0
    qrs_sigma_s: float = 0.011
    rr_s: float = 0.8

    def pair_mv(self, seconds: float) -> FloatArray:
        """Return leads I and II, (2, sample), at 250 Hz."""
        time_s = np.arange(round(seconds * 250)) / 250.0
        pair = np.zeros((2, time_s.size))
        waves = [(0.0, self.qrs_sigma_s, 1.1, self.qrs_deg), (0.28, 0.045, 0.3, self.t_deg)]
        waves.append((-0.012, self.qrs_sigma_s, -0.2, self.qrs_deg + 60.0))
        waves += [] if self.p_deg is None else [(-0.17, 0.022, 0.14, self.p_deg)]
        for r_s in np.arange(0.4, seconds, self.rr_s):
            for centre_s, sigma_s, height_mv, axis_deg in waves:
                wave = height_mv * np.exp(-0.5 * ((time_s - r_s - centre_s) / sigma_s) ** 2)
                pair[0] += np.cos(np.radians(axis_deg)) * wave
                pair[1] += np.cos(np.radians(axis_deg - 60.0)) * wave
        return pair + np.random.default_rng(1).normal(0.0, 0.005, pair.shape)


DEVICE = DeviceInfo("heart", 250.0, ("I", "II"), 1000.0, adc_bits=24)


def watched(heart: Heart, seconds: float = SHORT_S) -> list[Window]:
    return windows_of(heart.pair_mv(seconds), DEVICE)


@pytest.mark.parametrize(
    "heart",
    [
        Heart(qrs_deg=-60.0, t_deg=50.0),
        Heart(qrs_deg=-30.0, t_deg=150.0, qrs_sigma_s=0.028),
        Heart(qrs_deg=130.0, t_deg=-20.0),
        Heart(p_deg=None, qrs_deg=-110.0, t_deg=70.0, qrs_sigma_s=0.035, rr_s=0.4),
        Heart(p_deg=None, qrs_deg=-70.0, t_deg=110.0, qrs_sigma_s=0.035, rr_s=0.75),
        Heart(p_deg=-80.0),
        Heart(p_deg=-80.0, qrs_deg=-40.0, t_deg=40.0),
        Heart(t_deg=-150.0),
        Heart(p_deg=20.0, qrs_deg=0.0, t_deg=0.0),
        Heart(p_deg=85.0, qrs_deg=95.0, t_deg=80.0),
    ],
    ids=[
        "left anterior block",
        "left bundle-branch block",
        "right axis",
        "ventricular tachycardia",
        "paced",
        "low atrial rhythm",
        "low atrial rhythm and left axis",
        "inverted T",
        "lying heart",
        "upright heart",
    ],
)
def test_another_rhythm_or_conduction_is_no_exchange(heart: Heart) -> None:
    assert told(assess(watched(heart))) == []
    assert told(assess(watched(heart), baseline_of(watched(Heart(), 10.0)))) == []


def test_such_a_heart_with_exchanged_electrodes_is_found() -> None:
    moved = windows_of(exchange(Swap.ARMS)(Heart().pair_mv(SHORT_S)), DEVICE)
    assert set(told(assess(moved))) == {"electrodes exchanged: LA and RA"}


@pytest.mark.parametrize("name", ["inferior_stemi", "lateral_stemi_injected"])
def test_an_infarction_is_no_exchange_and_stays_critical(name: str) -> None:
    healthy = baseline_of(windows(recording("normal"), 10.0))
    seen = windows(recording(name), SHORT_S)
    for baseline in (healthy, None):
        found = assess(seen, baseline)
        assert told(found) == []
        assert found[-1].risk_level is RiskLevel.CRITICAL_STEMI


def test_a_dead_channel_is_no_electrode_on_a_leg() -> None:
    def dead(pair_mv: FloatArray) -> FloatArray:
        return np.stack((pair_mv[0], np.zeros_like(pair_mv[1])))

    assert told(assess(windows(recording("normal"), SHORT_S, dead))) == []


def test_a_loose_electrode_says_nothing_about_exchanges() -> None:
    seen = windows(recording("normal"), SHORT_S, exchange(Swap.ARMS))
    off = [replace(window, electrodes_off=frozenset({"RL"})) for window in seen]
    assert told(assess(off)) == []


def test_a_baseline_learned_with_exchanged_electrodes_is_given_up() -> None:
    wrong = baseline_of(windows(recording("normal"), 10.0, exchange(Swap.ARMS)))
    found = assess_all(windows(recording("normal"), SHORT_S), wrong)
    assert told([assessment for assessment, _ in found]) == []
    kept = found[-1][1].baseline
    assert kept is None or kept.learned_s < 60.0
