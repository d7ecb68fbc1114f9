"""The firmware's ELF file built for six-lead frames at 38400 baud."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from avr_device import SENT, needs_simulator
from firmware_boards import (
    ad8232,
    ad8232_counts,
    ads1292r,
    ads1292r_counts,
    conversions,
    converted,
    recorded_uv,
    within_swing,
)
from six_lead_examples import samples_of

from ecgd.model.signal import CountArray
from ecgd.protocol import Fault, SixLeadDecoder

pytestmark = [needs_simulator, pytest.mark.xdist_group("firmware")]


def six(two: CountArray) -> CountArray:
    """Return the six leads of I and II; halves are rounded up."""
    one, other = two
    halves = np.stack([2 * one - other, 2 * other - one, -one - other])
    rounded = (halves + 1) // 2
    leads: CountArray = np.concatenate([np.stack([one, other, other - one]), rounded])
    return leads


def test_six_leads_of_two_ad8232_bit_for_bit(tmp_path: Path, recordings: Path) -> None:
    signal_uv, fs_hz = recorded_uv(recordings / "normal")
    with ad8232(tmp_path / "device", variant="ad8232_six_lead") as device:
        device.noise(3000.0, seed=3)
        device.play(within_swing(signal_uv), fs_hz)
        line = device.run(20.0)
        expected, _ = ad8232_counts(conversions(device))
        figures = device.figures()
    check(line, six(expected))
    assert figures.lost_writes == 0
    assert figures.baud == pytest.approx(38400, rel=0.005)


def test_six_leads_of_an_ads1292r_bit_for_bit(tmp_path: Path, recordings: Path) -> None:
    signal_uv, fs_hz = recorded_uv(recordings / "inferior_stemi")
    with ads1292r(tmp_path / "device", variant="ads1292r_six_lead") as device:
        device.play(signal_uv, fs_hz)
        line = device.run(20.0)
        expected = ads1292r_counts(converted(device))
        assert set(device.figures().spi_faults.values()) == {0}
        assert len(device.trace(SENT)) == len(line)
    check(line, six(expected))


def check(line: bytes, expected: CountArray) -> None:
    decoder = SixLeadDecoder()
    events = decoder.feed(line) + decoder.reset()
    counts = samples_of(events)
    assert counts.tolist() == expected[:, : counts.shape[1]].tolist()
    assert expected.shape[1] - counts.shape[1] <= 3
    # The frame that is on its way when the run ends is all that is discarded.
    assert sum(event.discarded for event in events if isinstance(event, Fault)) <= 13
