"""The simulated device, packet by packet, without any clock."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from ecgd.node.device import BOOT_S, COUNTS_PER_MV, Battery, SimulatedDevice
from ecgd.node.feed import Feed, FeedPart
from ecgd.node.recorded_device import RecordedDevice
from ecgd.protocol.command import Answer, Command, ReplyPacket, SelfTestPoint
from ecgd.protocol.decoder import BlockDecoder, Fault, Packet
from ecgd.protocol.encoder import encode_command
from ecgd.protocol.hello import HelloPacket
from ecgd.protocol.samples import SamplesPacket
from ecgd.protocol.status import StatusPacket
from ecgd.sources.byte_log import ByteLogHeader, ByteLogWriter, Direction
from ecgd.sources.patient import Patient, PatientSignal

T = TypeVar("T")


class _Bench:
    """A device on the bench: drives it and decodes what it sends."""

    def __init__(self, url: str = "synthetic:", battery: Battery | None = None) -> None:
        self.told: list[str] = []
        feed = Feed((FeedPart(url),), (), 250.0)
        self.device = SimulatedDevice(
            feed, "bench", battery or Battery(), boot=7, tell=self.told.append
        )
        self._decoder = BlockDecoder()

    def to(self, time_s: float) -> list[Packet]:
        return self._decode(b"".join(self.device.advance(time_s)))

    def ask(self, command: Command | int, argument: int = 0) -> list[Packet]:
        return self._decode(b"".join(self.device.receive(encode_command(command, argument))))

    def _decode(self, data: bytes) -> list[Packet]:
        events = self._decoder.feed(data)
        assert not [event for event in events if isinstance(event, Fault)]
        return [event for event in events if not isinstance(event, Fault)]


def _of(packets: list[Packet], kind: type[T]) -> list[T]:
    return [packet for packet in packets if isinstance(packet, kind)]


def test_it_says_hello_and_then_sends_every_sample() -> None:
    bench = _Bench()
    packets = bench.to(10.0)
    hello = packets[0]
    assert isinstance(hello, HelloPacket)
    assert hello.boot == 7
    assert (hello.info.device_id, hello.info.fs_hz) == ("bench", 250.0)
    assert hello.info.leads == ("I", "II")
    assert hello.info.input_range_mv == pytest.approx(5.12)
    samples = _of(packets, SamplesPacket)
    assert [packet.counter for packet in samples] == [25 * k for k in range(100)]
    assert {packet.sample_count for packet in samples} == {25}
    sent_mv = np.concatenate([packet.counts for packet in samples], axis=1) / COUNTS_PER_MV
    truth_mv = PatientSignal(Patient(), 250.0).take(2500).signal_mv
    assert np.abs(sent_mv - truth_mv).max() <= 0.5 / COUNTS_PER_MV + 0.0005
    assert [packet.sequence for packet in packets] == [
        (packets[0].sequence + k) % 256 for k in range(len(packets))
    ]


def test_samples_come_no_sooner_than_they_are_taken() -> None:
    bench = _Bench()
    assert len(_of(bench.to(0.099), SamplesPacket)) == 0
    assert len(_of(bench.to(0.1), SamplesPacket)) == 1
    assert len(_of(bench.to(0.199), SamplesPacket)) == 0


def test_the_status_comes_each_second() -> None:
    bench = _Bench("synthetic:?electrode_off=LA@2-3", Battery(4000.0, 3000.0, 10.0))
    statuses = [packet.status for t in range(1, 6) for packet in _of(bench.to(t), StatusPacket)]
    assert [status.uptime_s for status in statuses] == [1, 2, 3, 4, 5]
    assert [status.battery_mv for status in statuses] == [3900, 3800, 3700, 3600, 3500]
    off = [sorted(status.electrodes_off or ()) for status in statuses]
    assert off == [[], [], ["LA"], [], []]
    saturated = [status.saturated_count for status in statuses]
    assert saturated[1] == 0
    assert saturated[2] == pytest.approx(250, abs=5)
    assert {status.reset_cause for status in statuses} == {"power_on"}
    assert all(status.sending for status in statuses)


def test_a_reset_starts_anew_while_the_heart_goes_on() -> None:
    bench = _Bench()
    bench.to(2.05)
    bench.device.reset(2.07)
    assert bench.to(2.07 + BOOT_S - 0.01) == []
    packets = bench.to(5.0)
    assert isinstance(packets[0], HelloPacket)
    assert packets[0].boot == 8
    samples = _of(packets, SamplesPacket)
    assert samples[0].counter == 0
    truth_mv = PatientSignal(Patient(), 250.0).take(1250).signal_mv
    first = round((2.07 + BOOT_S) * 250.0 - 0.5)
    sent_mv = samples[0].counts / COUNTS_PER_MV
    assert np.abs(sent_mv - truth_mv[:, first : first + 25]).max() <= 0.002
    status = _of(packets, StatusPacket)[-1].status
    assert status.reset_cause == "watchdog"
    assert status.uptime_s == 2


def test_a_booting_device_hears_nothing() -> None:
    bench = _Bench()
    bench.to(1.0)
    bench.device.reset(1.0)
    assert bench.ask(Command.HELLO) == []


def test_hello_is_said_on_request() -> None:
    bench = _Bench()
    bench.to(1.0)
    reply, hello = bench.ask(Command.HELLO)
    assert isinstance(reply, ReplyPacket)
    assert reply.answer is Answer.OK
    assert isinstance(hello, HelloPacket)
    assert hello.boot == 7


def test_stop_and_start_leave_a_gap_of_known_length() -> None:
    bench = _Bench()
    bench.to(1.0)
    bench.ask(Command.STOP)
    while_stopped = bench.to(3.0)
    assert _of(while_stopped, SamplesPacket) == []
    assert [packet.status.sending for packet in _of(while_stopped, StatusPacket)] == [False, False]
    bench.ask(Command.START)
    assert _of(bench.to(3.1), SamplesPacket)[0].counter == 750


def test_the_sampling_rate_can_only_be_its_own() -> None:
    bench = _Bench()
    bench.to(1.0)
    for fs_mhz, answer in ((250_000, Answer.OK), (500_000, Answer.NOT_SUPPORTED)):
        reply = bench.ask(Command.SET_FS, fs_mhz)[0]
        assert isinstance(reply, ReplyPacket)
        assert (reply.answer, reply.value) == (answer, 250_000)


def test_the_self_test_is_a_square_wave_of_one_millivolt() -> None:
    bench = _Bench()
    bench.to(1.0)
    reply = bench.ask(Command.SELF_TEST, 1)[0]
    assert isinstance(reply, ReplyPacket)
    assert reply.value == SelfTestPoint.BEFORE_AMPLIFIER
    packets = bench.to(4.0)
    samples = _of(packets, SamplesPacket)
    assert all(packet.self_test for packet in samples)
    wave_mv = np.concatenate([packet.counts for packet in samples], axis=1) / COUNTS_PER_MV
    assert set(np.unique(wave_mv)) == {0.0, 1.0}
    assert np.count_nonzero(np.diff(wave_mv[0])) in (5, 6)
    assert (wave_mv[0] == wave_mv[1]).all()
    assert _of(packets, StatusPacket)[0].status.self_test
    bench.ask(Command.SELF_TEST, 0)
    assert not _of(bench.to(4.1), SamplesPacket)[0].self_test


def test_identify_lights_the_led() -> None:
    bench = _Bench()
    bench.to(1.0)
    bench.ask(Command.IDENTIFY, 7)
    assert bench.told == ["identify: the LED blinks for 7 s"]


@pytest.mark.parametrize(
    ("command", "argument", "answer"),
    [
        (200, 0, Answer.UNKNOWN_COMMAND),
        (Command.HELLO, 5, Answer.BAD_ARGUMENT),
        (Command.SELF_TEST, 9, Answer.BAD_ARGUMENT),
    ],
)
def test_what_it_cannot_do_is_refused(command: int, argument: int, answer: Answer) -> None:
    bench = _Bench()
    bench.to(1.0)
    replies = bench.ask(command, argument)
    assert [reply.answer for reply in _of(replies, ReplyPacket)] == [answer]
    assert len(replies) == 1


def test_overruns_are_reported() -> None:
    bench = _Bench()
    bench.to(0.5)
    for _ in range(3):
        bench.device.overran()
    assert _of(bench.to(1.0), StatusPacket)[0].status.overrun_count == 3


def test_where_the_source_has_nothing_the_input_is_at_its_rail(tmp_path: Path) -> None:
    signal_mv = PatientSignal(Patient(), 250.0).take(2500).signal_mv
    signal_mv[:, 250:500] = np.nan
    np.save(tmp_path / "a.npy", signal_mv)
    bench = _Bench(f"replay:{tmp_path / 'a.npy'}?fs=250&leads=I,II")
    packets = bench.to(2.0)
    counts = np.concatenate([p.counts for p in _of(packets, SamplesPacket)], axis=1)
    assert (counts[:, 250:500] == 2047).all()
    assert (counts[:, :250] < 2047).all()
    assert _of(packets, StatusPacket)[1].status.saturated_count == 500


def test_it_ends_with_its_source(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PatientSignal(Patient(), 250.0).take(260).signal_mv)
    bench = _Bench(f"replay:{tmp_path / 'a.npy'}?fs=250&leads=I,II")
    assert len(_of(bench.to(100.0), SamplesPacket)) == 10
    assert bench.device.ended
    assert bench.to(200.0) == []


def test_a_battery_falls_and_stays_empty() -> None:
    battery = Battery(4100.0, 3300.0, 100.0)
    assert [battery.millivolts(time) for time in (0, 50, 100, 1000)] == [4100, 3700, 3300, 3300]


def test_a_recorded_device_plays_its_bytes_in_time(tmp_path: Path) -> None:
    path = tmp_path / "x.ecgdbytes"
    with ByteLogWriter.create(path, ByteLogHeader()) as writer:
        writer.write(b"a", Direction.FROM_DEVICE, 0.0)
        writer.write(b"?", Direction.TO_DEVICE, 0.5)
        writer.write(b"b", Direction.FROM_DEVICE, 1.0)
        writer.write(b"c", Direction.FROM_DEVICE, 2.0)
    device = RecordedDevice(path)
    assert [device.advance(time) for time in (0.0, 0.9, 1.1)] == [[b"a"], [], [b"b"]]
    assert not device.ended
    assert device.receive(encode_command(Command.HELLO)) == []
    assert device.advance(5.0) == [b"c"]
    assert device.ended
