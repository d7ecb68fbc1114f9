"""Fibrillation and tachycardia, told from the wave itself."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.ventricular import (
    EVIDENT,
    Oscillation,
    judge_oscillation,
    measure_oscillation,
    remember,
)
from ecgd.model.rhythm import UNKNOWN, VENTRICULAR_FIBRILLATION, VENTRICULAR_TACHYCARDIA
from ecgd.model.signal import FloatArray

FS_HZ = 250.0


def clock_s(fs_hz: float = FS_HZ, span_s: float = 5.0) -> FloatArray:
    return np.arange(round(span_s * fs_hz)) / fs_hz


def fibrillation(at_s: FloatArray) -> FloatArray:
    """Waves whose rate and height wander, as in fibrillation of the ventricles."""
    rate_hz = 4.5 + 0.9 * np.sin(2 * np.pi * 0.31 * at_s) + 0.7 * np.sin(2 * np.pi * 0.83 * at_s)
    phase = 2 * np.pi * np.cumsum(rate_hz) * (at_s[1] - at_s[0])
    height_mv = 0.5 + 0.25 * np.sin(2 * np.pi * 0.57 * at_s + 1)
    wave_mv: FloatArray = height_mv * np.sin(phase)
    return wave_mv


def flutter(at_s: FloatArray) -> FloatArray:
    return 0.8 * np.sin(2 * np.pi * 4.0 * at_s)


def heart(at_s: FloatArray, rate_bpm: float = 75.0, qrs_s: float = 0.04) -> FloatArray:
    """A QRS and a T wave for each beat."""
    rr_s = 60.0 / rate_bpm
    since_s = at_s % rr_s - rr_s / 2
    t_s = since_s - 0.3 * rr_s
    return np.exp(-((since_s / qrs_s) ** 2) * 4) + 0.2 * np.exp(-((t_s / 0.07) ** 2))


def measure(
    wave_mv: FloatArray, fs_hz: float = FS_HZ, end_index: int = 0, seen: bool = True
) -> Oscillation | None:
    leads_mv = np.atleast_2d(wave_mv)
    return measure_oscillation(
        leads_mv, np.full(leads_mv.shape[0], seen), end_index=end_index, fs_hz=fs_hz
    )


def log_odds(wave_mv: FloatArray, fs_hz: float = FS_HZ) -> float:
    wave = measure(wave_mv, fs_hz)
    assert wave is not None
    return wave.log_odds


def test_waves_without_rest_are_evidence() -> None:
    assert log_odds(fibrillation(clock_s())) > EVIDENT
    assert log_odds(flutter(clock_s())) > EVIDENT


@pytest.mark.parametrize("rate_bpm", [45.0, 75.0, 110.0, 150.0, 180.0])
def test_a_heart_that_beats_is_none(rate_bpm: float) -> None:
    assert log_odds(heart(clock_s(), rate_bpm)) < 0


def test_wide_beats_of_a_block_are_none() -> None:
    assert log_odds(heart(clock_s(), 80.0, qrs_s=0.09)) < 0


def test_noise_is_none() -> None:
    rng = np.random.default_rng(4)
    white_mv = rng.normal(scale=0.3, size=1250)
    assert log_odds(white_mv) < 0
    steps_mv = np.repeat(rng.normal(scale=0.5, size=50), 25)
    assert log_odds(steps_mv) < EVIDENT


def test_neither_size_nor_sampling_rate_nor_polarity_matters() -> None:
    usual = log_odds(fibrillation(clock_s()))
    assert log_odds(-5 * fibrillation(clock_s())) == pytest.approx(usual, abs=1e-6)
    assert log_odds(fibrillation(clock_s(500.0)), 500.0) == pytest.approx(usual, abs=0.3)
    assert log_odds(fibrillation(clock_s(128.0)), 128.0) == pytest.approx(usual, abs=0.5)


def test_a_clear_heart_in_one_lead_outweighs_waves_in_another() -> None:
    both = np.stack((heart(clock_s()), flutter(clock_s())))
    assert log_odds(both) < EVIDENT


def test_what_cannot_be_told_is_nothing() -> None:
    wave_mv = fibrillation(clock_s())
    assert measure(wave_mv, seen=False) is None
    assert measure(wave_mv[: round(3.9 * FS_HZ)]) is None
    assert measure(wave_mv[: round(4.1 * FS_HZ)]) is not None
    assert measure(0.1 * wave_mv) is None, "too small to be told from a standstill"
    assert measure(np.zeros(1250)) is None


def row_of(*log_odds: float | None, hop_s: float = 1.0, regularity: float = 0.5) -> str:
    """Return the label after windows with these log-odds."""
    waves: tuple[Oscillation, ...] = ()
    for number, each in enumerate(log_odds):
        end_index = round(number * hop_s * FS_HZ)
        wave = None if each is None else Oscillation(end_index, each, regularity, 240.0)
        waves = remember(waves, wave, FS_HZ)
    return judge_oscillation(waves, FS_HZ)[0]


def test_five_windows_in_a_row_must_agree() -> None:
    assert row_of(9.0) == UNKNOWN
    assert row_of(9.0, 9.0, 9.0, 9.0) == UNKNOWN
    assert row_of(9.0, 9.0, 9.0, 9.0, 9.0) == VENTRICULAR_FIBRILLATION
    assert row_of(-9.0, -9.0, 2.0, 2.0, 2.0, 2.0, 2.0) == VENTRICULAR_FIBRILLATION
    assert row_of(2.0, 2.0, 2.0, 2.0, -2.0) == UNKNOWN
    assert row_of(9.0, 9.0, 9.0, 9.0, None, 9.0) == UNKNOWN, "nothing seen ends the row"
    assert row_of(9.0, 9.0, 9.0, 9.0, 9.0, None) == UNKNOWN
    assert row_of(9.0, 9.0, hop_s=5.0) == VENTRICULAR_FIBRILLATION
    assert row_of(9.0, 9.0, 9.0, hop_s=6.0) == UNKNOWN, "what lies between was not seen"
    assert judge_oscillation((), FS_HZ) == (UNKNOWN, None)


def test_a_regular_wave_is_tachycardia_and_has_a_rate() -> None:
    assert row_of(*[9.0] * 5, regularity=0.9) == VENTRICULAR_TACHYCARDIA
    waves: tuple[Oscillation, ...] = ()
    for number in range(5):
        waves = remember(waves, measure(flutter(clock_s()), end_index=250 * number), FS_HZ)
    label, rate_bpm = judge_oscillation(waves, FS_HZ)
    assert label == VENTRICULAR_TACHYCARDIA
    assert rate_bpm == pytest.approx(240, abs=5)


def test_few_waves_are_kept() -> None:
    waves: tuple[Oscillation, ...] = ()
    for number in range(100):
        waves = remember(waves, Oscillation(250 * number, 0.0, 0.0, 0.0), FS_HZ)
    assert len(waves) == 11
