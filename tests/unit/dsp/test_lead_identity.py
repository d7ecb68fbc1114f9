"""Six measured leads against each other: which channel is wrong, and what it should have shown."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg, window

from ecgd.decision.swap import TRANSFORM, Swap
from ecgd.dsp.derivation import complete_limb_leads
from ecgd.dsp.lead_identity import check_leads
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import ChannelFinding
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray, Window

FS_HZ = 250.0
COUNTS_PER_MV = 1000.0


def measured(six_mv: FloatArray, noise_mv: float = 0.003, counts_per_mv: float = 1000.0) -> Window:
    """Return a window of a device that measures six leads, each with its own noise and rounding."""
    noisy = six_mv + np.random.default_rng(0).normal(0.0, noise_mv, six_mv.shape)
    rounded = np.round(noisy * counts_per_mv) / counts_per_mv
    device = DeviceInfo("six", FS_HZ, LIMB_LEADS, counts_per_mv)
    return replace(window(rounded, FS_HZ), device=device)


def heart(wander_mv: float = 0.0) -> FloatArray:
    six = ecg(beat_times(5, 0.8), 5.0, st_mv=(0.05, 0.15), scale=2.2)
    six[1] *= 0.9
    slow = wander_mv * np.sin(2 * np.pi * 0.3 * np.arange(six.shape[1]) / FS_HZ)
    return complete_limb_leads(("I", "II"), six[:2] + slow * np.array([[1.0], [0.4]]))[1]


def spoilt(lead: str, change: str) -> FloatArray:
    six = heart()
    at = LIMB_LEADS.index(lead)
    row = six[at].copy()
    six[at] = {
        "gain": 0.8 * row,
        "inverted": -row,
        "dead": np.zeros_like(row),
        "offset": row + 0.5,
        "late": np.roll(row, 3),
        "clipped": np.clip(row, -0.05, 0.05),
    }[change]
    return six


@pytest.mark.parametrize("wander_mv", [0.0, 2.0])
@pytest.mark.parametrize("counts_per_mv", [1000.0, 200.0, 100.0])
def test_leads_that_agree_are_left_alone(counts_per_mv: float, wander_mv: float) -> None:
    seen = measured(heart(wander_mv), counts_per_mv=counts_per_mv)
    assert check_leads(seen) == (seen, None)


@pytest.mark.parametrize("swap", list(TRANSFORM))
def test_exchanged_electrodes_keep_the_identities(swap: Swap) -> None:
    moved = np.array(TRANSFORM[swap]) @ heart()[:2]
    assert check_leads(measured(complete_limb_leads(("I", "II"), moved)[1]))[1] is None


@pytest.mark.parametrize("electrode", ["RA", "LA", "LL"])
def test_a_loose_electrode_keeps_the_identities(electrode: str) -> None:
    hum = 1.5 * np.sin(2 * np.pi * 50 * np.arange(1250) / FS_HZ)
    one, two = heart()[:2]
    one = one + hum * {"LA": 1, "RA": -1, "LL": 0}[electrode]
    two = two + hum * {"LA": 0, "RA": -1, "LL": 1}[electrode]
    six = complete_limb_leads(("I", "II"), np.stack((one, two)))[1]
    assert check_leads(measured(six))[1] is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("gain", "has 0.80 times the gain of the others"),
        ("inverted", "is inverted"),
        ("dead", "shows nothing"),
        ("offset", "is +0.50 mV off"),
        ("late", "is 12 ms late"),
        ("clipped", "contradicts the others"),
    ],
)
@pytest.mark.parametrize("lead", LIMB_LEADS)
def test_one_channel_at_fault_is_named_and_derived(lead: str, change: str, words: str) -> None:
    six = spoilt(lead, change)
    mended, found = check_leads(measured(six))
    assert found is not None
    assert found.channels == found.derived == (lead,)
    assert found.reason == f"channel {lead} {words}"
    np.testing.assert_allclose(mended.signal_mv, heart(), atol=0.03)
    kept = [k for k, name in enumerate(LIMB_LEADS) if name != lead]
    np.testing.assert_array_equal(mended.signal_mv[kept], measured(six).signal_mv[kept])


@pytest.mark.parametrize("pair", list(combinations(range(6), 2)))
def test_two_exchanged_channels_are_named(pair: tuple[int, int]) -> None:
    order = list(range(6))
    order[pair[0]], order[pair[1]] = pair[1], pair[0]
    mended, found = check_leads(measured(heart()[order]))
    assert found is not None
    names = tuple(LIMB_LEADS[k] for k in pair)
    assert found.channels == names
    assert found.reason == f"channels {names[0]} and {names[1]} exchanged"
    np.testing.assert_allclose(mended.signal_mv, heart(), atol=0.03)


def test_two_faults_are_not_blamed_on_anybody_and_nothing_is_changed() -> None:
    six = spoilt("II", "gain")
    six[4] *= 1.4
    seen = measured(six)
    mended, found = check_leads(seen)
    assert mended is seen
    assert found == ChannelFinding((), "which channel is wrong cannot be told")


def test_small_offsets_of_several_amplifiers_are_no_fault() -> None:
    six = heart() + np.array([0.05, -0.04, 0.06, 0.02, -0.05, 0.03])[:, None]
    assert check_leads(measured(six))[1] is None


def test_saturation_is_named_and_its_flag_goes_with_the_channel() -> None:
    six = spoilt("aVF", "clipped")
    flags = np.zeros(six.shape, np.bool_)
    flags[LIMB_LEADS.index("aVF")] = np.abs(six[LIMB_LEADS.index("aVF")]) >= 0.05
    mended, found = check_leads(replace(measured(six), saturated=flags))
    assert found is not None
    assert found.reason == "channel aVF is at its converter's limit"
    assert mended.saturated is not None
    assert not mended.saturated.any()


def test_a_damaged_packet_is_no_fault_of_a_channel() -> None:
    six = heart()
    six[2, 600:612] += 3.0
    assert check_leads(measured(six))[1] is None


def test_invalid_samples_take_no_part() -> None:
    six = heart()
    six[1, 300:500] = 7.0
    seen = measured(six)
    valid = seen.valid.copy()
    valid[300:500] = False
    assert check_leads(replace(seen, valid=valid))[1] is None
    assert check_leads(replace(seen, valid=np.zeros_like(valid)))[1] is None


def test_two_measured_leads_have_nothing_to_check() -> None:
    seen = measured(spoilt("II", "gain"))
    two = replace(seen, device=replace(seen.device, leads=("I", "II")))
    assert check_leads(two) == (two, None)
