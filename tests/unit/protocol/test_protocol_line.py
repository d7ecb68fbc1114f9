"""What the protocol costs on the line."""

from __future__ import annotations

import numpy as np
import pytest
from block_examples import STATUS, noise_counts

from ecgd.errors import ProtocolError
from ecgd.protocol import (
    MAX_LINE_LOAD,
    MAX_PACKET_SIZE,
    BlockEncoder,
    bytes_per_second,
    line_load,
    samples_per_packet,
)
from ecgd.protocol.line import samples_packet_size

SIGNALS = {
    "silence": np.zeros((2, 250), dtype=np.int32),
    "full-scale noise": noise_counts(np.random.default_rng(7), 2, 250),
    "saturation": np.full((2, 250), 2047, dtype=np.int32),
    "full-scale square wave": np.tile(np.array([2047, -2048], dtype=np.int32), (2, 125)),
}


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_second_fits_into_92_percent_of_9600_baud_whatever_the_signal(signal: str) -> None:
    encoder = BlockEncoder()
    counts = SIGNALS[signal]
    second = encoder.status(STATUS) + b"".join(
        encoder.samples(counts[:, start : start + 25]) for start in range(0, 250, 25)
    )

    assert len(second) == bytes_per_second(250.0, 2) == 876
    assert len(second) <= MAX_LINE_LOAD * 960
    assert line_load(250.0, 2, 12, 9600) == pytest.approx(0.9125, abs=1e-4)


@pytest.mark.parametrize("fs_hz", [50.0, 125.0, 128.0, 250.0, 360.0, 500.0, 1000.0])
@pytest.mark.parametrize("lead_count", [1, 2, 3, 6])
@pytest.mark.parametrize("width_bits", [12, 16])
def test_a_packet_is_no_longer_than_100_ms_and_250_bytes(
    fs_hz: float, lead_count: int, width_bits: int
) -> None:
    samples = samples_per_packet(fs_hz, lead_count, width_bits)
    size = samples_packet_size(samples, lead_count, width_bits)

    assert 1 <= samples <= fs_hz / 10.0
    assert size <= MAX_PACKET_SIZE
    one_more = samples_packet_size(samples + 1, lead_count, width_bits)
    assert samples + 1 > fs_hz / 10.0 or one_more > MAX_PACKET_SIZE


def test_six_leads_of_sixteen_bits_need_a_faster_line() -> None:
    assert line_load(250.0, 6, 16, 9600) > 1.0
    assert line_load(250.0, 6, 16, 57_600) <= MAX_LINE_LOAD


def test_a_rate_outside_the_limits_is_an_error() -> None:
    with pytest.raises(ProtocolError):
        samples_per_packet(5.0, 2)
