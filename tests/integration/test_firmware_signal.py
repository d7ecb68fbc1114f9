"""The filters and front ends of the firmware: what a heart becomes in counts."""

from __future__ import annotations

import numpy as np
import pytest
from block_examples import decode, packets_of
from firmware_core import Bench, joined, needs_compiler, one_worker

from ecgd.model.signal import CountArray, FloatArray
from ecgd.protocol import HelloPacket, SamplesPacket, StatusPacket

pytestmark = [needs_compiler, one_worker]

ADS1292R = "FRONT_END=FRONT_END_ADS1292R"
FS_HZ = 250
UV_PER_CODE = 2_420_000.0 / 6 / 8_388_607


def frame(codes: tuple[int, int], lead_off: int = 0) -> str:
    """What the chip shifts out; ``lead_off`` is LOFF_STAT: RLD, IN2N, IN2P, IN1N, IN1P."""
    status = 0xC00000 | lead_off << 15
    return status.to_bytes(3, "big").hex() + "".join(
        (code & 0xFFFFFF).to_bytes(3, "big").hex() for code in codes
    )


def through_ads1292r(signal_uv: FloatArray, *settings: str) -> tuple[CountArray, float]:
    """Counts of a signal of shape (2, sample) in µV, and counts per mV."""
    bench = Bench(ADS1292R, *settings)
    codes = np.clip(np.rint(signal_uv / UV_PER_CODE), -0x800000, 0x7FFFFF).astype(int)
    for lead_i, lead_ii in codes.T:
        bench.say("f", frame((int(lead_i), int(lead_ii))))
    packets = packets_of(decode(bench.run().line))
    (hello,) = [packet for packet in packets if isinstance(packet, HelloPacket)]
    sent = [packet for packet in packets if isinstance(packet, SamplesPacket)]
    return joined(packet.counts for packet in sent), hello.info.counts_per_mv


def test_each_input_of_the_chip_names_its_electrode() -> None:
    bench = Bench(ADS1292R)
    for lead_off in (0b00001, 0b00010, 0b00100, 0b01000, 0b10000, 0b01010):
        bench.say("f", frame((0, 0), lead_off))
    ra, la, ll = 1, 2, 4
    assert [off for *_, off in bench.run().of("level")] == [la, ra, ll, ra, 0, ra]


def test_what_is_no_frame_is_no_sample() -> None:
    bench = Bench(ADS1292R)
    for word in ("00" * 9, "ff" * 9, frame((100, 100))):
        bench.say("f", word)
    told = bench.run()
    assert len(told.of("level")) == 1
    assert [words for words in told.words if words[0] == "no"] == [("no", "frame")] * 2


@pytest.mark.parametrize("offset_uv", [-300_000.0, 0.0, 300_000.0])
def test_the_impulse_of_iec_60601_2_27_leaves_no_st_behind(offset_uv: float) -> None:
    """3 mV for 100 ms: undershoot <= 0.1 mV, slope <= 0.3 mV/s, on any electrode's offset."""
    signal_uv = np.full((2, 3 * FS_HZ), offset_uv)
    signal_uv[:, 200:225] += 3000.0
    counts, per_mv = through_ads1292r(signal_uv)
    heart_mv = counts[0] / per_mv
    assert heart_mv[202:223].min() > 2.9
    behind_mv = heart_mv[226:]
    assert -0.1 <= behind_mv.min() < -0.05
    slope_mv_s = (behind_mv[FS_HZ] - behind_mv[0]) / 1.0
    assert 0.0 <= slope_mv_s <= 0.3


def test_a_signal_keeps_its_size() -> None:
    time_s = np.arange(4 * FS_HZ) / FS_HZ
    signal_uv = np.vstack(
        [2000 * np.sin(2 * np.pi * 5 * time_s), 500 * np.cos(2 * np.pi * 9 * time_s)]
    )
    for settings in ((), ("ADC_RESOLUTION=16", "BAUD_RATE=19200")):
        counts, per_mv = through_ads1292r(signal_uv, *settings)
        heart_uv = counts[:, FS_HZ:] / per_mv * 1000.0
        # Whole periods of 5 and 9 Hz; the slow end of the high-pass does not disturb them.
        tones = np.exp(-2j * np.pi * np.outer([5.0, 9.0], time_s[FS_HZ:]))
        size_uv = 2 * np.abs(np.mean(tones[:, : heart_uv.shape[1]] * heart_uv, axis=1))
        assert size_uv == pytest.approx([2000.0, 500.0], rel=0.01)


def test_dc_coupled_counts_are_the_converters() -> None:
    signal_uv = np.vstack([np.linspace(-390_000, 390_000, 200), np.full(200, 123_456.0)])
    settings = ("ADC_RESOLUTION=16", "BAUD_RATE=19200", "ADS1292R_DC_COUPLED=1")
    counts, per_mv = through_ads1292r(signal_uv, *settings)
    assert np.abs(counts / per_mv * 1000.0 - signal_uv[:, : counts.shape[1]]).max() < 13.0


def test_after_an_overload_the_signal_is_back_within_a_quarter_of_a_second() -> None:
    signal_uv = np.zeros((2, 4 * FS_HZ))
    signal_uv[:, FS_HZ:] += 250_000.0  # the offset behind a shock
    bench = Bench(ADS1292R)
    time_s = np.arange(signal_uv.shape[1]) / FS_HZ
    signal_uv += 1000 * np.sin(2 * np.pi * 8 * time_s)
    for lead_i, lead_ii in np.rint(signal_uv / UV_PER_CODE).astype(int).T:
        bench.say("f", frame((int(lead_i), int(lead_ii))))
    packets = packets_of(decode(bench.run().line))
    counts = joined(packet.counts for packet in packets if isinstance(packet, SamplesPacket))
    assert np.all(counts[:, FS_HZ : FS_HZ + 50] == 2047)
    assert np.all(np.abs(counts[:, FS_HZ + 63 :]) < 900)
    saturated = [p.status.saturated_count for p in packets if isinstance(p, StatusPacket)]
    assert saturated[-1] == 100


def test_an_input_at_the_converters_end_is_saturated_for_as_long_as_it_stays() -> None:
    signal_uv = np.full((2, 2 * FS_HZ), 500_000.0)
    counts, _ = through_ads1292r(signal_uv)
    assert np.all(counts == 2047)


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_the_notch_takes_the_mains_and_leaves_the_heart(mains_hz: int) -> None:
    time_s = np.arange(4 * FS_HZ) / FS_HZ
    settled = slice(2 * FS_HZ, None)

    def swing(*tones_hz: float) -> float:
        bench = Bench(f"MAINS_NOTCH_HZ={mains_hz}")
        wave = sum(np.sin(2 * np.pi * tone_hz * time_s + 0.3) for tone_hz in tones_hz)
        bench.samples(np.tile(np.rint(3000 * wave), (2, 1)).astype(np.int32))
        packets = packets_of(decode(bench.run().line))
        (hello,) = [packet for packet in packets if isinstance(packet, HelloPacket)]
        assert hello.info.notch_on
        counts = joined(packet.counts for packet in packets if isinstance(packet, SamplesPacket))
        return float(np.ptp(counts[0, settled])) / 2

    assert swing(mains_hz) <= 750 * 0.01
    assert swing(mains_hz + 0.1) <= 750 * 0.12
    assert swing(8.0) == pytest.approx(750, rel=0.01)
    assert swing(8.0, mains_hz) == pytest.approx(750, rel=0.02)


def test_a_notch_shifts_no_level_and_does_not_hum_by_itself() -> None:
    bench = Bench("MAINS_NOTCH_HZ=50")
    levels = np.tile(np.repeat([0, 1234, -4321], 600), (2, 1)).astype(np.int32)
    bench.samples(levels)
    packets = packets_of(decode(bench.run().line))
    counts = joined(packet.counts for packet in packets if isinstance(packet, SamplesPacket))
    for last, level in ((600, 0), (1200, 1234), (1800, -4321)):
        assert np.all(np.abs(4 * counts[0, last - 50 : last] - level) <= 3)


def test_sums_of_an_ad8232_near_its_supply_are_saturated() -> None:
    bench = Bench()
    sums = (8192, 496, 497, 15887, 15888, 0, 16368)
    for lead in sums:
        bench.say("c", lead, 8192, 0)
    levels = bench.run().of("level")
    assert [level for level, *_ in levels] == [lead - 8192 for lead in sums]
    assert [saturated for _, _, saturated, _ in levels] == [0, 1, 0, 0, 1, 1, 1]


def test_the_pins_of_two_ad8232_name_their_electrodes() -> None:
    bench = Bench()
    for pins in range(16):
        bench.say("c", 8192, 8192, pins)
    ra, la, ll = 1, 2, 4
    expected = [
        (la if pins & 1 else 0) | (ra if pins & 10 else 0) | (ll if pins & 4 else 0)
        for pins in range(16)
    ]
    assert [off for *_, off in bench.run().of("level")] == expected
