"""Which electrode is named: noise is put on one electrode's potential, the leads follow."""

from __future__ import annotations

import numpy as np
import pytest
from ecg_shapes import SETTINGS, beat_times, ecg, window

from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import assess_quality
from ecgd.dsp.trouble import common_electrode, find_troubles
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray, Window
from ecgd.model.trouble import Cause, SignalTrouble

CLEAN = ecg(beat_times(5, 0.8), 5.0)
T_S = np.arange(CLEAN.shape[1]) / 250.0
ON_I_AND_II = {"RA": (-1, -1), "LA": (1, 0), "LL": (0, 1)}


def troubles(seen: Window) -> tuple[SignalTrouble, ...]:
    prepared = prepare(seen, SETTINGS)
    return find_troubles(seen, prepared, assess_quality(seen, prepared))


def motion(seed: int) -> FloatArray:
    """An electrode that shifts: steps of millivolts that settle slowly."""
    rng = np.random.default_rng(seed)
    starts = np.cumsum(rng.uniform(0.2, 0.7, 12))
    sizes_mv = rng.choice((-3.0, 3.0), starts.size)
    since_s = T_S - starts[:, None]
    shifts = sizes_mv @ np.where(since_s >= 0, np.exp(-np.maximum(since_s, 0.0) / 0.6), 0.0)
    shape: FloatArray = np.convolve(shifts, np.hanning(25) / 12.0, mode="same")
    return shape


def muscle(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, 0.5, T_S.size)


def hum(seed: int) -> FloatArray:
    """Mains of 60 Hz where 50 Hz is configured, so that it stays in the signal."""
    return 0.8 * np.sin(2 * np.pi * 60.0 * T_S + seed)


def on(electrode: str, noise: FloatArray) -> FloatArray:
    """Return leads I and II with noise on one electrode."""
    return CLEAN[:2] + np.outer(ON_I_AND_II[electrode], noise)


@pytest.mark.parametrize("electrode", ["RA", "LA", "LL"])
@pytest.mark.parametrize(
    ("noise", "cause"), [(motion, Cause.LOOSE), (muscle, Cause.MUSCLE), (hum, Cause.DRY)]
)
def test_the_common_electrode_of_the_bad_leads_is_named(
    electrode: str,
    noise: object,
    cause: Cause,
) -> None:
    assert callable(noise)
    (trouble,) = troubles(window(on(electrode, noise(1)), leads=("I", "II")))
    assert (trouble.cause, trouble.electrode) == (cause, electrode)


@pytest.mark.parametrize(
    ("noise", "cause"), [(motion, Cause.MOTION), (muscle, Cause.MUSCLE), (hum, Cause.HUM)]
)
def test_noise_of_all_electrodes_names_none(noise: object, cause: Cause) -> None:
    assert callable(noise)
    signal = CLEAN[:2].copy()
    for seed, effect in enumerate(ON_I_AND_II.values(), start=3):
        signal += np.outer(effect, noise(seed))
    (trouble,) = troubles(window(signal, leads=("I", "II")))
    assert (trouble.cause, trouble.electrode) == (cause, None)


def test_a_good_signal_has_no_trouble() -> None:
    assert troubles(window(CLEAN)) == ()


def test_an_electrode_that_is_off_is_told_with_its_leads_and_nothing_else_of_them() -> None:
    seen = window(on("LA", motion(1)), leads=("I", "II"), electrodes_off=frozenset({"LA"}))
    (trouble,) = troubles(seen)
    assert trouble.cause is Cause.ELECTRODE_OFF
    assert trouble.words == "left-arm electrode off"
    assert set(trouble.leads) == set(LIMB_LEADS) - {"II"}


def test_flat_small_clipped_and_missing_have_their_own_words() -> None:
    flat = CLEAN.copy()
    flat[1] = 0.2
    assert [t.cause for t in troubles(window(flat))] == [Cause.FLAT]
    tiny = 0.01 * CLEAN + np.random.default_rng(5).normal(0.0, 0.012, CLEAN.shape)
    assert [t.cause for t in troubles(window(tiny))] == [Cause.SMALL]
    clipped = np.clip(CLEAN[:2], -0.25, 0.25)
    assert [t.cause for t in troubles(window(clipped, leads=("I", "II")))] == [Cause.SATURATED]
    valid = T_S < 2.0
    assert [t.cause for t in troubles(window(CLEAN, valid=valid))] == [Cause.GAPS]


def test_one_lead_names_no_electrode_and_a_chest_lead_its_own() -> None:
    alone = CLEAN[1:2] + 4 * motion(2)
    (trouble,) = troubles(window(alone, leads=("II",)))
    assert (trouble.cause, trouble.electrode) == (Cause.MOTION, None)
    chest = np.concatenate([CLEAN, CLEAN[:1] + 4 * motion(2)])
    (trouble,) = troubles(window(chest, leads=(*LIMB_LEADS, "V2")))
    assert trouble.words == "electrode V2 loose"


def test_no_power_comes_from_no_electrode() -> None:
    assert common_electrode(np.zeros(3)) is None
    assert common_electrode(np.array([1.0, 1.0, 1.0])) is None
    assert common_electrode(np.array([1.0, 0.0, 1.0])) == "LA"
