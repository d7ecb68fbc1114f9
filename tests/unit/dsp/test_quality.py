from __future__ import annotations

import numpy as np
import pytest
from ecg_shapes import SETTINGS, beat_times, ecg, window

from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import LOST_SIGNAL, USABLE_SQI, assess_quality
from ecgd.model.finding import LeadQuality
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import Window

CLEAN = ecg(beat_times(5, 0.8), 5.0)
CLEAN += np.random.default_rng(3).normal(0.0, 0.004, CLEAN.shape)
T_S = np.arange(CLEAN.shape[1]) / 250.0


def judge(seen: Window) -> dict[str, LeadQuality]:
    return {lead.lead: lead for lead in assess_quality(seen, prepare(seen, SETTINGS))}


def test_a_clean_ecg_is_usable_in_every_lead() -> None:
    verdicts = judge(window(CLEAN))
    assert set(verdicts) == set(LIMB_LEADS)
    assert all(lead.usable and lead.sqi > 0.7 and not lead.reasons for lead in verdicts.values())


def test_muscle_noise_is_named_noise() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.4, CLEAN.shape)
    for lead in judge(window(CLEAN + noise)).values():
        assert not lead.usable
        assert lead.reasons == ("noise",)


def test_the_index_falls_as_noise_rises() -> None:
    noise = np.random.default_rng(2).normal(0.0, 1.0, CLEAN.shape)
    index = [judge(window(CLEAN + level * noise))["II"].sqi for level in (0.05, 0.15, 0.3, 0.5)]
    assert index == sorted(index, reverse=True)
    assert index[-1] < USABLE_SQI < index[0]


def test_electrode_motion_is_named_wander() -> None:
    jumps = np.where((T_S % 1.3) < 0.6, 4.0, -4.0)
    verdict = judge(window(CLEAN + jumps))["II"]
    assert not verdict.usable
    assert verdict.reasons == ("wander",)


def test_a_flat_lead_is_not_proof_that_the_signal_is_lost() -> None:
    signal = CLEAN.copy()
    signal[1] = 0.7
    verdicts = judge(window(signal))
    assert verdicts["II"].reasons == ("flat",)
    assert verdicts["II"].sqi == 0.0
    assert LOST_SIGNAL.isdisjoint(verdicts["II"].reasons)
    assert verdicts["I"].usable


def test_a_clipped_lead_is_saturated_and_so_is_what_is_derived_from_it() -> None:
    signal = np.clip(CLEAN, -0.25, 0.25)[:2]
    verdicts = judge(window(np.stack([CLEAN[0], signal[1]]), leads=("I", "II")))
    assert "saturated" in verdicts["II"].reasons
    assert "saturated" in verdicts["aVF"].reasons
    assert verdicts["I"].usable


def test_the_front_ends_own_saturation_mask_counts() -> None:
    mask = np.zeros(CLEAN.shape[1], np.bool_)
    mask[200:260] = True
    assert all(
        "saturated" in lead.reasons for lead in judge(window(CLEAN, saturated=mask)).values()
    )


@pytest.mark.parametrize(
    ("electrode", "healthy"),
    [("RA", {"III"}), ("LA", {"II"}), ("LL", {"I"}), ("RL", set())],
)
def test_an_electrode_takes_its_leads_with_it(electrode: str, healthy: set[str]) -> None:
    verdicts = judge(window(CLEAN, electrodes_off=frozenset({electrode})))
    assert {lead for lead, verdict in verdicts.items() if verdict.usable} == healthy
    off = [verdict for lead, verdict in verdicts.items() if lead not in healthy]
    assert all("electrode off" in verdict.reasons for verdict in off)


def test_healthy_electrodes_take_nothing() -> None:
    verdicts = judge(window(CLEAN, electrodes_off=frozenset()))
    assert all(verdict.usable for verdict in verdicts.values())


def test_many_missing_samples_are_gaps_and_few_are_not() -> None:
    valid = np.ones(CLEAN.shape[1], np.bool_)
    valid[300:330] = False
    assert all(lead.usable for lead in judge(window(CLEAN, valid=valid)).values())
    valid[300:800] = False
    assert all("gaps" in lead.reasons for lead in judge(window(CLEAN, valid=valid)).values())
    valid[:] = False
    assert all(lead.reasons == ("gaps",) for lead in judge(window(CLEAN, valid=valid)).values())


def test_each_second_has_its_own_verdict() -> None:
    noise = np.zeros(CLEAN.shape)
    noise[:, 500:750] = np.random.default_rng(4).normal(0.0, 0.6, (CLEAN.shape[0], 250))
    for lead in judge(window(CLEAN + noise)).values():
        index = [second.sqi for second in lead.seconds]
        assert len(index) == 5
        assert index[2] == min(index)
        assert index[2] < min(index[:2] + index[3:]) - 0.1


def test_what_spoils_a_lead_spoils_its_seconds_and_a_gap_its_own_only() -> None:
    flat = CLEAN.copy()
    flat[1] = 0.7
    assert {second.reason for second in judge(window(flat))["II"].seconds} == {"flat"}
    valid = np.ones(CLEAN.shape[1], np.bool_)
    valid[250:400] = False
    for lead in judge(window(CLEAN, valid=valid)).values():
        assert [second.reason for second in lead.seconds] == ["", "gaps", "", "", ""]


@pytest.mark.parametrize("count", [60, 130, 249, 500, 1100])
def test_a_short_window_has_as_many_seconds_as_it_holds(count: int) -> None:
    for lead in judge(window(CLEAN[:, :count])).values():
        assert len(lead.seconds) == max(1, count // 250)
        assert all(0.0 <= second.sqi <= 1.0 for second in lead.seconds)


def test_noise_too_small_to_hide_a_heart_is_usable_and_bursts_of_more_are_not() -> None:
    rng = np.random.default_rng(5)
    still = rng.normal(0.0, 0.04, CLEAN.shape)
    assert all(lead.usable and lead.sqi < USABLE_SQI for lead in judge(window(still)).values())
    bursts = np.repeat(rng.gamma(1.0, 1.0, (CLEAN.shape[0], 25)), 50, axis=1)
    loud = bursts * rng.normal(0.0, 0.3, CLEAN.shape)
    assert not any(lead.usable for lead in judge(window(loud)).values())


@pytest.mark.parametrize("bpm", [45, 120, 170, 210])
def test_a_quiet_signal_is_good_at_any_rate(bpm: int) -> None:
    fast = ecg(beat_times(5, 60 / bpm), 5.0)
    fast += np.random.default_rng(8).normal(0.0, 0.01, fast.shape)
    assert judge(window(fast))["II"].sqi > 0.9


def test_bursts_that_stand_above_the_beats_spoil_the_lead() -> None:
    burst = np.zeros(CLEAN.shape)
    burst[:, 400:700] = np.random.default_rng(9).normal(0.0, 1.5, (CLEAN.shape[0], 300))
    assert judge(window(CLEAN + burst))["II"].sqi < 0.6


def test_noise_alone_rather_shows_no_beats() -> None:
    noise = np.random.default_rng(10).normal(0.0, 0.2, CLEAN.shape)
    assert all(lead.sqi < USABLE_SQI for lead in judge(window(noise)).values())
