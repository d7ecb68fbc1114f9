"""The firmware's ELF file: every command of the host, good and bad, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from avr_device import CPU_HZ, AvrDevice, needs_simulator
from firmware_boards import (
    Board,
    ad8232,
    ad8232_counts,
    ads1292r,
    conversions,
    recorded_uv,
    within_swing,
)
from heard_packets import Heard

from ecgd.protocol import (
    Answer,
    Command,
    HelloPacket,
    ReplyPacket,
    SamplesPacket,
    SelfTestPoint,
    StatusPacket,
    encode_command,
)

pytestmark = [needs_simulator, pytest.mark.xdist_group("firmware")]

BOARDS = pytest.mark.parametrize("board", [ad8232, ads1292r])


class Talk:
    """A host that speaks with a device and keeps all it hears."""

    def __init__(self, device: AvrDevice) -> None:
        self.device = device
        self.heard = Heard()
        self.sequence = 0

    def listen(self, seconds: float) -> None:
        self.heard.feed(self.device.run(seconds))

    def ask(self, code: int, argument: int = 0, within_s: float = 0.4) -> ReplyPacket:
        """Send a command; return its one reply."""
        before = len(self.heard.of(ReplyPacket))
        self.sequence = (self.sequence + 1) % 256
        self.device.send(encode_command(code, argument, sequence=self.sequence))
        self.listen(within_s)
        (reply,) = self.heard.of(ReplyPacket)[before:]
        assert (reply.command_sequence, reply.code) == (self.sequence, code)
        assert self.heard.faults == []
        return reply


@BOARDS
def test_hello_is_answered_and_sent(tmp_path: Path, board: Board) -> None:
    with board(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(2.5)
        assert len(talk.heard.of(HelloPacket)) == 1
        reply = talk.ask(Command.HELLO)
        talk.listen(0.5)
    assert (reply.answer, reply.value) == (Answer.OK, 0)
    first, second = talk.heard.of(HelloPacket)
    assert first.info == second.info
    assert first.info.device_id == "ecg-node"
    assert (first.info.leads, first.info.fs_hz) == (("I", "II"), 250.0)


def test_a_second_hello_waits_its_time(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(2.5)
        for _ in range(4):
            talk.ask(Command.HELLO)
        talk.listen(2.0)
        when = [packet for packet in talk.heard.packets if isinstance(packet, HelloPacket)]
    assert 2 <= len(when) <= 3
    assert device_overruns(talk) == 0


def device_overruns(talk: Talk) -> int:
    overruns = talk.heard.last(StatusPacket).status.overrun_count
    assert overruns is not None
    return overruns


@BOARDS
def test_stop_and_start_leave_the_counter_right(tmp_path: Path, board: Board) -> None:
    with board(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(2.5)
        assert talk.ask(Command.STOP).answer is Answer.OK
        silent_from = len(talk.heard.packets)
        talk.listen(3.0)
        quiet = talk.heard.packets[silent_from:]
        assert {type(packet) for packet in quiet} == {StatusPacket}
        assert talk.heard.last(StatusPacket).status.sending is False
        assert talk.ask(Command.START).answer is Answer.OK
        talk.listen(2.0)
    packets = talk.heard.of(SamplesPacket)
    steps = np.diff([packet.counter for packet in packets])
    (gap,) = (step for step in steps if step != 25)
    # 3.4 s were not sent, and the counter has counted them.
    assert gap == pytest.approx(3.4 * 250, abs=60)
    assert talk.heard.last(StatusPacket).status.sending is True
    # The samples wait for the ADS1292R to settle, so the first two statuses are left out.
    statuses = talk.heard.of(StatusPacket)[2:]
    assert np.diff([status.counter for status in statuses]) == pytest.approx(250, abs=30)
    assert device_overruns(talk) == 0


@BOARDS
def test_start_while_sending_costs_nothing(tmp_path: Path, board: Board) -> None:
    """A gateway says START whenever it connects, to a device that has long begun."""
    with board(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(2.5)
        for _ in range(6):
            assert talk.ask(Command.START, within_s=0.43).answer is Answer.OK
    counters = [packet.counter for packet in talk.heard.of(SamplesPacket)]
    assert (np.diff(counters) == 25).all()


def test_what_comes_after_a_stop_is_bit_exact_too(tmp_path: Path, recordings: Path) -> None:
    signal_uv, fs_hz = recorded_uv(recordings / "normal")
    with ad8232(tmp_path / "device") as device:
        device.noise(3000.0, seed=9)
        device.play(within_swing(signal_uv), fs_hz)
        talk = Talk(device)
        for _ in range(3):
            talk.listen(0.73)
            talk.ask(Command.STOP)
            talk.listen(0.31)
            talk.ask(Command.START)
        talk.listen(0.5)
        expected, _ = ad8232_counts(conversions(device))
    for packet in talk.heard.of(SamplesPacket):
        wanted = expected[:, packet.counter : packet.counter + packet.counts.shape[1]]
        assert packet.counts.tolist() == wanted.tolist()


def test_self_test_of_an_ad8232_is_a_wave_of_one_millivolt(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(1.0)
        reply = talk.ask(Command.SELF_TEST, 1)
        assert (reply.answer, reply.value) == (Answer.OK, SelfTestPoint.AFTER_AMPLIFIER)
        talk.listen(3.0)
        assert talk.heard.last(StatusPacket).status.self_test is True
        assert talk.ask(Command.SELF_TEST, 0).value == 0
        talk.listen(1.0)
    check_wave(talk, peak_to_peak_mv=1.0)


def test_self_test_of_an_ads1292r_goes_through_its_amplifier(tmp_path: Path) -> None:
    with ads1292r(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(2.5)
        reply = talk.ask(Command.SELF_TEST, 1)
        assert (reply.answer, reply.value) == (Answer.OK, SelfTestPoint.BEFORE_AMPLIFIER)
        talk.listen(4.0)
        assert talk.ask(Command.SELF_TEST, 0).value == 0
        talk.listen(1.0)
        assert set(device.figures().spi_faults.values()) == {0}
    check_wave(talk, peak_to_peak_mv=2.0)


def check_wave(talk: Talk, peak_to_peak_mv: float) -> None:
    """The wave has its height on both leads, turns each half second and is marked as a test."""
    scale = talk.heard.last(HelloPacket).info.counts_per_mv
    marked = [packet for packet in talk.heard.of(SamplesPacket) if packet.self_test]
    wave_mv = np.concatenate([packet.counts for packet in marked], axis=1)[:, 125:] / scale
    steps = np.diff(wave_mv, axis=1)
    for lead in range(2):
        (edges,) = np.nonzero(np.abs(steps[lead]) > 0.5)
        # The mark stays a while when the wave has gone; going is an edge, too.
        edges = edges[edges < steps.shape[1] - 150]
        assert (np.diff(edges) == 125).all()
        assert len(edges) >= 3
        assert np.abs(steps[lead][edges]) == pytest.approx(peak_to_peak_mv, rel=0.02)
    unmarked = [packet for packet in talk.heard.of(SamplesPacket) if not packet.self_test]
    assert all(np.abs(packet.counts / scale).max() < 0.05 for packet in unmarked)


@pytest.mark.parametrize(
    ("board", "led"), [(ad8232, "D13"), (ads1292r, "D7")], ids=["ad8232", "ads1292r"]
)
def test_identify_blinks_for_so_long(tmp_path: Path, board: Board, led: str) -> None:
    with board(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(2.0)
        before = len(device.edges(led))
        assert talk.ask(Command.IDENTIFY, 3).answer is Answer.OK
        talk.listen(6.0)
        edges = device.edges(led)[before:]
    lit_s = (edges["cycle"] - edges["cycle"][0]) / CPU_HZ
    blinking = lit_s[lit_s < 2.9]
    # 2 Hz for 3 s, then a short flash at each status again.
    assert len(blinking) == pytest.approx(12, abs=2)
    assert np.diff(blinking) == pytest.approx(0.25, abs=0.03)
    assert len(lit_s[lit_s > 3.3]) <= 8


def test_the_rate_can_be_set_and_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(1.0)
        reply = talk.ask(Command.SET_FS, 125_000)
        assert (reply.answer, reply.value) == (Answer.OK, 125_000)
        talk.listen(4.0)
        assert talk.heard.last(HelloPacket).info.fs_hz == 125.0
        slow = talk.heard.of(SamplesPacket)[-10:]
        assert {packet.counts.shape[1] for packet in slow} == {12}
        refused = talk.ask(Command.SET_FS, 1_000_000)
        assert refused.answer in (Answer.NOT_SUPPORTED, Answer.BAD_ARGUMENT)
        assert refused.value == 125_000
        assert talk.ask(Command.SET_FS, 250_000).value == 250_000
        talk.listen(4.0)
        assert talk.heard.last(HelloPacket).info.fs_hz == 250.0
    assert device_overruns(talk) == 0


def test_unknown_commands_and_bad_arguments_are_refused_once(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(1.0)
        asked = [
            (99, 0, Answer.UNKNOWN_COMMAND),
            (0, 0, Answer.UNKNOWN_COMMAND),
            (Command.SELF_TEST, 2, Answer.BAD_ARGUMENT),
            (Command.IDENTIFY, 61, Answer.BAD_ARGUMENT),
            (Command.SET_FS, 49_999, Answer.BAD_ARGUMENT),
            (Command.STOP, 1, Answer.BAD_ARGUMENT),
        ]
        for code, argument, answer in asked:
            assert talk.ask(code, argument).answer is answer
        talk.listen(0.5)
    assert talk.heard.last(StatusPacket).status.sending is True
    assert device_overruns(talk) == 0


def test_garbage_between_commands_hides_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    with ad8232(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(1.0)
        for turn in range(20):
            noise = rng.integers(0, 256, 30, dtype=np.uint8).tobytes()
            half = encode_command(Command.STOP, sequence=200)[: 1 + turn % 12]
            device.send(noise + half)
            talk.listen(0.3)
            assert talk.ask(Command.IDENTIFY, 0).answer is Answer.OK
        talk.listen(1.0)
        assert device.figures().receive_overruns == 0
    assert talk.heard.last(StatusPacket).status.sending is True
    assert len(talk.heard.of(ReplyPacket)) == 20
    talk.heard.samples()


def test_commands_at_the_rate_of_the_line_cost_no_sample(tmp_path: Path) -> None:
    """13 bytes each, one behind the other: what the line cannot answer may wait or be dropped."""
    with ad8232(tmp_path / "device") as device:
        talk = Talk(device)
        talk.listen(1.0)
        device.send(b"".join(encode_command(Command.IDENTIFY, 0, sequence=n) for n in range(60)))
        talk.listen(4.0)
        figures = device.figures()
    assert talk.heard.faults == []
    assert figures.receive_overruns == 0
    assert device_overruns(talk) == 0
    talk.heard.samples()
