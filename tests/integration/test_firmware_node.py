"""The firmware's node, compiled for this computer: what it sends is what the gateway decodes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from block_examples import decode, packets_of
from firmware_core import (
    Bench,
    Told,
    counts_of,
    hellos_of,
    joined,
    needs_compiler,
    noise_levels,
    one_worker,
    packets,
    replies_of,
    samples_of,
    statuses_of,
    still,
)

from ecgd.protocol import (
    MAX_LINE_LOAD,
    BlockDecoder,
    Command,
    HelloPacket,
    LinkKey,
    ReplyPacket,
    SamplesPacket,
    SealGuard,
    StatusPacket,
    encode_command,
    line_load,
)

pytestmark = [needs_compiler, one_worker]

KEY = bytes(range(16))
KEY_SETTING = "ECG_KEY=" + ",".join(map(str, KEY))
ADS1292R = "FRONT_END=FRONT_END_ADS1292R"


def first_words(*settings: str) -> Told:
    """What a node says of itself."""
    bench = Bench(*settings)
    bench.say("wait", 100)
    return bench.run()


def bytes_of_each_second(told: Told) -> list[int]:
    """Bytes of samples and status from one status to the next: a second of the device."""
    seconds: list[int] = []
    for packet in packets(told):
        if isinstance(packet, StatusPacket):
            seconds.append(0)
        if seconds and isinstance(packet, SamplesPacket | StatusPacket):
            seconds[-1] += len(packet.to_bytes())
    return seconds[1:-1]  # the first and the last one are not whole


@pytest.mark.parametrize("front_end", ["FRONT_END=FRONT_END_AD8232", ADS1292R])
def test_the_gateway_reads_what_was_converted_count_for_count(front_end: str) -> None:
    levels = noise_levels(np.random.default_rng(1), 1000)
    bench = Bench(front_end, boot=770)
    bench.samples(levels)
    bench.say("wait", 200)
    sent = samples_of(bench.run())
    assert np.array_equal(joined(packet.counts for packet in sent), counts_of(levels))
    assert [packet.counter for packet in sent] == list(range(0, 1000, 25))


def test_sixteen_bits_are_sent_as_they_are() -> None:
    levels = noise_levels(np.random.default_rng(2), 250, limit=32767)
    bench = Bench(ADS1292R, "ADC_RESOLUTION=16", "BAUD_RATE=19200")
    bench.samples(levels)
    bench.say("wait", 200)
    told = bench.run()
    sent = samples_of(told)
    assert np.array_equal(joined(packet.counts for packet in sent), levels)
    assert {packet.width_bits for packet in sent} == {16}


def test_a_run_begins_with_hello_and_status_and_says_what_it_is() -> None:
    bench = Bench(boot=1000, cause=4)
    bench.samples(still(30))
    first, second, *_ = packets(bench.run())
    assert isinstance(first, HelloPacket)
    assert isinstance(second, StatusPacket)
    assert first.boot == second.boot == 1000
    assert first.sequence == 1000 * 61 % 256
    assert first.info.leads == ("I", "II")
    assert first.info.fs_hz == 250.0
    assert first.info.counts_per_mv == pytest.approx(1100 * 4096 / 3300, rel=1e-6)
    assert first.info.highpass_hz == 0.5
    assert first.info.lowpass_hz == 40.0
    assert first.info.input_range_mv == pytest.approx(1.55 / 1.1, abs=0.001)
    assert not first.info.notch_on
    assert second.status.reset_cause == "watchdog"
    assert second.status.electrodes_sensed == frozenset({"RA", "LA", "LL"})


def test_changed_amplifiers_reach_five_millivolts_and_pass_the_st_segment() -> None:
    (hello,) = hellos_of(first_words("AD8232_BOARDS=AD8232_CHANGED", "SAMPLING_RATE=125"))
    assert hello.info.input_range_mv is not None
    assert hello.info.input_range_mv >= 5.0
    assert hello.info.highpass_hz is not None
    assert hello.info.highpass_hz <= 0.05


@pytest.mark.parametrize(
    ("settings", "scale", "highpass_hz", "range_mv"),
    [
        ((ADS1292R,), 324.972, 0.039, 6.299),
        ((ADS1292R, "ADC_RESOLUTION=16", "BAUD_RATE=19200"), 1299.887, 0.039, 25.207),
        (
            (ADS1292R, "ADC_RESOLUTION=16", "BAUD_RATE=19200", "ADS1292R_DC_COUPLED=1"),
            81.242,
            0.0,
            403.333,
        ),
    ],
)
def test_an_ads1292r_says_what_its_counts_mean(
    settings: tuple[str, ...], scale: float, highpass_hz: float, range_mv: float
) -> None:
    (hello,) = hellos_of(first_words(*settings))
    assert hello.info.counts_per_mv == pytest.approx(scale, abs=0.002)
    assert hello.info.highpass_hz == pytest.approx(highpass_hz)
    assert hello.info.lowpass_hz == pytest.approx(65.5)
    assert hello.info.input_range_mv == pytest.approx(range_mv, abs=0.002)


@pytest.mark.parametrize(
    ("settings", "fs_hz", "bits", "baud"),
    [
        ((), 250, 12, 9600),
        (("AD8232_BOARDS=AD8232_CHANGED", "SAMPLING_RATE=125"), 125, 12, 9600),
        ((ADS1292R,), 250, 12, 9600),
        ((ADS1292R, "SAMPLING_RATE=500", "BAUD_RATE=19200"), 500, 12, 19200),
        ((ADS1292R, "ADC_RESOLUTION=16", "BAUD_RATE=19200"), 250, 16, 19200),
    ],
)
def test_no_signal_loads_the_line_more_than_the_specification_allows(
    settings: tuple[str, ...], fs_hz: int, bits: int, baud: int
) -> None:
    bench = Bench(*settings)
    bench.say("noise", 12 * fs_hz, 99)
    told = bench.run()
    seconds_bytes = bytes_of_each_second(told)
    assert max(seconds_bytes) * 10 <= MAX_LINE_LOAD * baud
    # Nothing was left out to get there.
    assert sum(packet.counts.shape[1] for packet in samples_of(told)) >= 11.7 * fs_hz
    mean_load = float(np.mean(seconds_bytes)) * 10 / baud
    assert mean_load == pytest.approx(line_load(fs_hz, 2, bits, baud), abs=0.01)
    assert statuses_of(told)[-1].status.overrun_count == 0


def test_commands_load_the_line_only_where_it_is_free() -> None:
    bench = Bench()
    for sequence in range(120):
        for command in (Command.HELLO, Command.IDENTIFY, Command.SELF_TEST):
            bench.hear(encode_command(command, sequence=sequence))
        bench.say("noise", 25, sequence)
    told = bench.run()
    assert max(bytes_of_each_second(told)) * 10 <= MAX_LINE_LOAD * 9600
    sent = samples_of(told)
    assert np.array_equal(np.diff([packet.counter for packet in sent]), [25] * (len(sent) - 1))
    assert statuses_of(told)[-1].status.overrun_count == 0
    assert len(replies_of(told)) > 60


def test_saturated_samples_are_sent_as_the_rail_and_counted() -> None:
    bench = Bench()
    bench.samples(still(25))
    bench.samples(np.full((2, 3), 4000), saturated=0b01)
    bench.samples(np.full((2, 2), -4000), saturated=0b11)
    bench.samples(still(270))
    told = bench.run()
    counts = joined(packet.counts for packet in samples_of(told))
    assert counts[0, 25:31].tolist() == [2047, 2047, 2047, -2048, -2048, 0]
    assert counts[1, 25:31].tolist() == [1000, 1000, 1000, -2048, -2048, 0]
    assert [packet.status.saturated_count for packet in statuses_of(told)] == [0, 7]


def test_an_electrode_is_off_when_it_stays_off_and_is_told_once_at_least() -> None:
    bench = Bench()
    bench.samples(still(30), electrodes_off=0b111)  # 120 ms, then on again
    bench.samples(still(230))
    bench.samples(still(12), electrodes_off=0b001)  # 48 ms: a knock
    bench.samples(still(240))
    bench.samples(still(250), electrodes_off=0b100)
    bench.samples(still(20))
    off = [packet.status.electrodes_off for packet in statuses_of(bench.run())]
    assert off == [frozenset(), {"RA", "LA", "LL"}, frozenset(), {"LL"}]


def test_the_battery_is_read_through_the_divider() -> None:
    bench = Bench()
    bench.say("battery", 612)
    bench.samples(still(300))
    assert statuses_of(bench.run())[-1].status.battery_mv == pytest.approx(
        612 * 3300 / 1024 * 2, abs=7
    )
    bench = Bench("BATTERY_SENSE=0")
    bench.say("battery", 612)
    bench.samples(still(300))
    assert statuses_of(bench.run())[-1].status.battery_mv is None


def test_a_line_too_slow_costs_whole_packets_and_they_are_counted() -> None:
    levels = noise_levels(np.random.default_rng(3), 2500)
    bench = Bench()
    bench.say("line", 600)
    bench.samples(levels[:, :2000])
    bench.say("line", 960)
    bench.samples(levels[:, 2000:])
    told = bench.run()
    sent = samples_of(told)
    for packet in sent:
        at = packet.counter
        assert np.array_equal(packet.counts, counts_of(levels[:, at : at + 25]))
    dropped = statuses_of(told)[-1].status.overrun_count
    assert dropped is not None
    assert dropped == (sent[-1].counter + 25) // 25 - len(sent) > 10
    every = packets(told)
    skipped = sum((b.sequence - a.sequence - 1) % 256 for a, b in pairwise(every))
    assert skipped == dropped


def test_samples_that_the_front_end_lost_are_a_gap_of_that_length() -> None:
    bench = Bench()
    bench.samples(still(60))
    bench.say("missed", 7)
    bench.samples(still(60))
    counters = [(packet.counter, packet.counts.shape[1]) for packet in samples_of(bench.run())]
    assert counters == [(0, 25), (25, 25), (50, 10), (67, 25), (92, 25)]


def test_a_sealed_nodes_packets_open_with_its_key_and_no_other() -> None:
    bench = Bench(KEY_SETTING, boot=9)
    bench.samples(noise_levels(np.random.default_rng(5), 100))
    bench.say("missed", 65_300)
    bench.samples(noise_levels(np.random.default_rng(6), 250))  # here the upper half moves
    bench.hear(encode_command(Command.HELLO))
    bench.samples(still(250))
    told = bench.run()
    with_key = BlockDecoder(SealGuard(LinkKey(KEY)))
    found = packets_of((*with_key.feed(told.line), *with_key.reset()))
    assert len(told.line) == sum(len(packet.to_bytes()) for packet in found)
    assert {type(packet) for packet in found} >= {HelloPacket, StatusPacket, SamplesPacket}
    assert [packet.value for packet in found if isinstance(packet, ReplyPacket)] == [1]
    without = packets_of(decode(told.line))
    assert all(isinstance(packet, ReplyPacket) for packet in without)


def test_a_node_with_a_key_begins_a_new_run_before_its_counter_ends() -> None:
    for settings, restarts in (((KEY_SETTING,), True), ((), False)):
        bench = Bench(*settings)
        bench.samples(still(10))
        bench.say("missed", 0xFFFF0000 - 600)
        bench.samples(still(80))
        assert not bench.run().of("restart")
        bench.samples(still(80))
        assert bool(bench.run().of("restart")) is restarts
