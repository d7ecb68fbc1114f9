"""The firmware's ELF file: electrodes, battery, resets of every cause, and programs that hang."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from avr_device import CONVERTED, CPU_HZ, RESET, AvrDevice, needs_simulator
from firmware_boards import Board, ad8232, ads1292r, put_electrodes, recorded_uv, set_battery
from heard_packets import Heard

from ecgd.model.device import DeviceStatus
from ecgd.protocol import HelloPacket, SamplesPacket, StatusPacket

pytestmark = [needs_simulator, pytest.mark.xdist_group("firmware")]

TIMSK1 = 0x6F
SENSED = frozenset({"RA", "LA", "LL"})


def status_after(device: AvrDevice, seconds: float = 2.1) -> DeviceStatus:
    """Return the last status heard in so long; two follow each other within 2.1 s."""
    heard = Heard()
    device.new_bytes()
    heard.feed(device.run(seconds))
    return heard.last(StatusPacket).status


def boots(heard: Heard) -> list[int]:
    return [packet.boot for packet in heard.of(HelloPacket)]


@pytest.mark.parametrize("electrode", ["RA", "LA", "LL"])
def test_an_ad8232_electrode_that_is_off_is_told(tmp_path: Path, electrode: str) -> None:
    with ad8232(tmp_path / "device") as device:
        first = status_after(device, 1.5)
        put_electrodes(device, electrode)
        off = status_after(device)
        put_electrodes(device)
        on = status_after(device, 3.1)
    assert (first.electrodes_off, first.electrodes_sensed) == (frozenset(), SENSED)
    assert off.electrodes_off == frozenset({electrode})
    assert on.electrodes_off == frozenset()


@pytest.mark.parametrize(
    ("inputs", "electrode"),
    [(("IN1N", "IN2N"), "RA"), (("IN1P",), "LA"), (("IN2P",), "LL")],
)
def test_an_ads1292r_electrode_that_is_off_is_told(
    tmp_path: Path, inputs: tuple[str, ...], electrode: str
) -> None:
    with ads1292r(tmp_path / "device") as device:
        assert status_after(device, 1.5).electrodes_off == frozenset()
        device.loosen(*inputs)
        assert status_after(device).electrodes_off == frozenset({electrode})
        device.loosen()
        assert status_after(device, 3.1).electrodes_off == frozenset()


@pytest.mark.parametrize("board", [ad8232, ads1292r])
def test_the_battery_is_told_in_millivolts(tmp_path: Path, board: Board) -> None:
    with board(tmp_path / "device") as device:
        for volts in (4.2, 3.55, 3.3):
            set_battery(device, volts)
            # The mean forgets the voltage before it within some seconds.
            battery_mv = status_after(device, 4.1).battery_mv
            assert battery_mv == pytest.approx(volts * 1000, abs=7)


def test_a_reset_amid_a_packet_costs_that_packet_only(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        heard = Heard(device.run(2.0))
        before = len(heard.of(SamplesPacket))
        for turn, size in enumerate((1, 2, 4, 40, 84)):
            heard.feed(device.run_until_sent(size + 85 * turn))
            device.reset("external")
            heard.feed(device.run(1.5))
    assert boots(heard) == list(range(boots(heard)[0], boots(heard)[0] + 6))
    causes = [packet.status.reset_cause for packet in heard.of(StatusPacket)]
    assert (causes[0], causes[-1]) == ("power_on", "external")
    # Only what was cut off is discarded, and nothing that was never sent is believed.
    assert {fault.kind for fault in heard.faults} == {"noise"}
    assert sum(fault.discarded for fault in heard.faults) <= 5 * 85
    assert heard.decoder.statistics.refused == 0
    assert all((packet.counts == 0).all() for packet in heard.of(SamplesPacket)[before:])
    counters = [packet.counter for packet in heard.of(SamplesPacket)]
    assert counters.count(0) == 6


def test_the_first_packets_after_a_reset(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        device.run(0.4)
        device.reset("brown_out")
        device.new_bytes()
        heard = Heard(device.run(1.0))
    kinds = [type(packet) for packet in heard.packets[:3]]
    assert kinds == [HelloPacket, StatusPacket, SamplesPacket]
    hello, status, samples = heard.packets[:3]
    assert isinstance(hello, HelloPacket)
    assert hello.sequence == 61 * hello.boot % 256
    assert isinstance(status, StatusPacket)
    assert (status.boot, status.status.reset_cause) == (hello.boot, "brown_out")
    assert isinstance(samples, SamplesPacket)
    assert samples.counter == 0


def test_the_bootloader_does_not_hide_why(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        device.run(0.4)
        device.reset("external", bootloader=True)
        assert status_after(device).reset_cause == "external"
        device.reset("brown_out", bootloader=True)
        assert status_after(device).reset_cause == "brown_out"


def test_the_number_of_the_run_outlives_the_power(tmp_path: Path) -> None:
    seen = []
    for _ in range(3):
        with ad8232(tmp_path / "device") as device:
            seen += boots(Heard(device.run(0.4)))
    assert seen == [seen[0], seen[0] + 1, seen[0] + 2]


def test_no_number_is_heard_twice_however_short_the_runs(tmp_path: Path) -> None:
    """The power flickers at every moment of the writing of the number."""
    with ad8232(tmp_path / "device") as device:
        seen = boots(Heard(device.run(0.4)))
        for run_ms in range(2, 60, 3):
            device.reset("power")
            device.run(run_ms / 1000)
            device.reset("power")
            device.new_bytes()
            seen += boots(Heard(device.run(0.3)))
    assert len(seen) == 21
    assert (sorted(set(seen))) == seen


@pytest.mark.parametrize("in_interrupt", [False, True])
def test_a_program_that_hangs_is_ended_by_the_watchdog(tmp_path: Path, in_interrupt: bool) -> None:
    with ad8232(tmp_path / "device") as device:
        device.run(0.7)
        device.hang(in_interrupt=in_interrupt)
        device.run(3.0)
        heard = Heard()
        heard.feed(device.run(1.1))
        resets = device.trace(RESET)["value"].tolist()
    assert resets[0] == 1
    assert resets[1:] == [8] or resets[1:] == [9]
    assert heard.last(StatusPacket).status.reset_cause == "watchdog"
    assert heard.of(SamplesPacket)


def test_a_sampler_that_stops_is_ended_by_the_watchdog(tmp_path: Path) -> None:
    """The program itself is well; without its timer it would sleep for ever."""
    with ad8232(tmp_path / "device") as device:
        device.run(0.7)
        device.poke(TIMSK1, 0)
        device.run(3.0)
        heard = Heard()
        heard.feed(device.run(1.1))
    assert heard.last(StatusPacket).status.reset_cause == "watchdog"
    assert heard.of(SamplesPacket)


def test_an_ads1292r_that_a_spark_resets_is_set_up_again(tmp_path: Path, recordings: Path) -> None:
    """It goes on at its defaults, twice as fast and without a reference: no heart, but bytes."""
    signal_uv, fs_hz = recorded_uv(recordings / "inferior_stemi")
    with ads1292r(tmp_path / "device") as device:
        device.play(signal_uv, fs_hz)
        before = Heard(device.run(4.0))
        device.upset_front_end()
        device.run(3.0)
        begun_s = 7.0
        after = Heard()
        after.feed(device.run(3.0))
        codes = device.trace(CONVERTED)
    late = after.of(SamplesPacket)
    # Right again, in value and in place.
    assert max(int(np.abs(packet.counts).max()) for packet in late) < 500
    first = before.of(SamplesPacket)[0]
    ready_s = codes["cycle"] / CPU_HZ
    assert first.counter == 0
    due = (begun_s - ready_s[0]) * 250
    assert late[0].counter == pytest.approx(due, abs=50)
    assert np.diff([packet.counter for packet in late]).tolist() == [25] * (len(late) - 1)


def test_the_sequence_counts_every_packet(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        heard = Heard(device.run(5.0))
    first = heard.sequences()[0]
    assert heard.sequences() == [(first + turn) % 256 for turn in range(len(heard.packets))]
