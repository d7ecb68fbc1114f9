"""The firmware's ELF file: what it sends is, bit for bit, what the voltages give."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from avr_device import CPU_HZ, AvrDevice, Signal, needs_simulator
from firmware_boards import (
    AD8232_GAIN,
    AD8232_MIDDLE_V,
    AREF_V,
    ad8232,
    ad8232_counts,
    ads1292r,
    ads1292r_counts,
    conversions,
    converted,
    notched,
    recorded_uv,
    within_swing,
)
from heard_packets import Heard
from numpy.typing import NDArray

from ecgd.model.signal import CountArray
from ecgd.protocol import HelloPacket, StatusPacket

pytestmark = [needs_simulator, pytest.mark.xdist_group("firmware")]

Instants = NDArray[np.float64]

RUN_S = float(os.environ.get("ECGD_FIRMWARE_S", "120"))
"""Simulated seconds of the longest run."""


def heard_in(device: AvrDevice, seconds: float) -> Heard:
    heard = Heard(device.run(seconds))
    assert heard.faults == []
    assert device.figures().lost_writes == 0
    return heard


def check_whole(heard: Heard, expected: CountArray) -> CountArray:
    """Compare every sample from the first one on; the last packet may still be on its way."""
    counter, counts = heard.samples()
    assert counter == 0
    # Two packets are put together or on their way.
    assert expected.shape[1] - counts.shape[1] <= 0.24 * heard.last(HelloPacket).info.fs_hz
    assert counts.tolist() == expected[:, : counts.shape[1]].tolist()
    numbers = np.array(heard.sequences())
    assert (np.diff(numbers) % 256 == 1).all()
    return counts


def test_two_ad8232_bit_for_bit(tmp_path: Path, recordings: Path) -> None:
    signal_uv, fs_hz = recorded_uv(recordings / "normal")
    with ad8232(tmp_path / "device") as device:
        device.noise(3000.0, seed=5)
        device.play(within_swing(signal_uv), fs_hz)
        heard = heard_in(device, RUN_S)
        groups = conversions(device)
    expected, _ = ad8232_counts(groups)
    counts = check_whole(heard, expected)
    assert counts.shape[1] >= RUN_S * 250 - 100
    assert heard.last(StatusPacket).status.overrun_count == 0
    # The scale of the hello turns the counts into the millivolts of the recording again.
    info = heard.last(HelloPacket).info
    heard_mv = counts / info.counts_per_mv
    held_s = groups["cycle"][: counts.shape[1], :32].mean(axis=1) / CPU_HZ
    wanted_mv = np.stack([looped(row, fs_hz, held_s) for row in within_swing(signal_uv)]) / 1e3
    assert np.abs(heard_mv - wanted_mv).mean() < 0.005


def looped(row: Signal | Instants, fs_hz: float, at_s: Instants) -> Instants:
    """Return the signal at these times, played round and round."""
    place = at_s * fs_hz
    whole = np.floor(place).astype(int)
    from_uv, to_uv = row[whole % len(row)], row[(whole + 1) % len(row)]
    between_uv: Instants = from_uv + (place - whole) * (to_uv - from_uv)
    return between_uv


def test_the_codes_come_from_the_voltages_alone(tmp_path: Path, recordings: Path) -> None:
    """The bench's own arithmetic is done once more: nothing but the signal goes in here."""
    signal_uv, fs_hz = recorded_uv(recordings / "atrial_fibrillation")
    with ad8232(tmp_path / "device") as device:
        device.play(signal_uv, fs_hz)
        heard = heard_in(device, 4.0)
        groups = conversions(device)
    held_s = groups["cycle"] / CPU_HZ
    codes = np.empty(groups.shape, dtype=np.int64)
    for lead in (0, 1):
        pin_uv = AD8232_MIDDLE_V * 1e6 + AD8232_GAIN * looped(
            signal_uv[lead].astype(float), fs_hz, held_s
        )
        codes[groups["channel"] == lead] = np.floor(pin_uv * 1024 / (AREF_V * 1e6))[
            groups["channel"] == lead
        ]
    sums = np.stack([codes[:, lead:32:2].sum(axis=1) for lead in (0, 1)])
    _, counts = heard.samples()
    assert counts.tolist() == ((sums + 2) // 4 - 2048)[:, : counts.shape[1]].tolist()


@pytest.mark.parametrize("drift_ppm", [0.0, 4000.0, -4000.0])
def test_an_ads1292r_bit_for_bit(tmp_path: Path, recordings: Path, drift_ppm: float) -> None:
    signal_uv, fs_hz = recorded_uv(recordings / "inferior_stemi")
    with ads1292r(tmp_path / "device") as device:
        device.drift(drift_ppm)
        device.play(signal_uv, fs_hz)
        heard = heard_in(device, RUN_S / (2 if drift_ppm == 0.0 else 8))
        expected = ads1292r_counts(converted(device))
        assert set(device.figures().spi_faults.values()) == {0}
    check_whole(heard, expected)
    assert heard.last(StatusPacket).status.overrun_count == 0


@pytest.mark.parametrize(("fs_hz", "bits", "dc_coupled"), [(250, 16, True), (500, 16, False)])
def test_other_settings_of_an_ads1292r(
    tmp_path: Path, recordings: Path, fs_hz: int, bits: int, dc_coupled: bool
) -> None:
    signal_uv, recorded_hz = recorded_uv(recordings / "inferior_stemi")
    defines = [f"SAMPLING_RATE={fs_hz}", f"ADC_RESOLUTION={bits}", "BAUD_RATE=38400"]
    with ads1292r(tmp_path / "device", *defines, f"ADS1292R_DC_COUPLED={dc_coupled:d}") as device:
        # Electrodes bring an offset along, and somebody pulls at one.
        device.play(signal_uv + np.float32(120_000.0), recorded_hz)
        heard = heard_in(device, 6.0)
        device.play(signal_uv - np.float32(90_000.0), recorded_hz)
        heard.feed(device.run(4.0))
        codes = converted(device)
        assert set(device.figures().spi_faults.values()) == {0}
    expected = ads1292r_counts(codes, bits=bits, fs_hz=fs_hz, dc_coupled=dc_coupled)
    check_whole(heard, expected)
    assert heard.last(HelloPacket).info.adc_bits == bits


def test_the_notch_bit_for_bit(tmp_path: Path, recordings: Path) -> None:
    signal_uv, fs_hz = recorded_uv(recordings / "normal")
    hum_uv = 150.0 * np.sin(2 * np.pi * 50.0 * np.arange(40_000) / 4000.0)
    heart_uv = [
        np.interp(np.arange(40_000) / 4000.0, np.arange(2500) / fs_hz, lead) for lead in signal_uv
    ]
    with ad8232(tmp_path / "device", "MAINS_NOTCH_HZ=50") as device:
        device.noise(3000.0, seed=4)
        device.play(within_swing((np.stack(heart_uv) + hum_uv).astype(np.float32)), 4000.0)
        heard = heard_in(device, 9.0)
        codes = conversions(device)["value"].astype(np.int64)
    assert heard.last(HelloPacket).info.notch_on
    levels = [codes[:, lead:32:2].sum(axis=1) - 8192 for lead in (0, 1)]
    wanted = [
        [(y + 2) >> 2 for y in notched(level.tolist(), gain=7991, cosine=-4939)] for level in levels
    ]
    counts = check_whole(heard, np.array(wanted, dtype=np.int32))
    # Of 0.15 mV of hum next to nothing is left between the beats.
    spectrum = np.abs(np.fft.rfft(counts[0][500:1500])) * 2 / 1000 / 1365.3
    assert spectrum[50 * 4] < 0.01
