"""The conversation with a device at a cable, against the device's own encoder on a pty."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgd.errors import SourceError
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.protocol import (
    Answer,
    BlockDecoder,
    BlockEncoder,
    Command,
    CommandPacket,
    LinkKey,
    SelfTestPoint,
)
from ecgd.service import device_check as module
from ecgd.service.device_check import DeviceCheck, device_check, measure_wave

FS_HZ = 250.0
INFO = DeviceInfo("bench", FS_HZ, ("I", "II"), 400.0, highpass_hz=0.039)


def square_mv(low_mv: float, high_mv: float, *, highpass_hz: float = 0.0) -> NDArray[np.float64]:
    """Return 5 s of a square wave of 1 Hz behind a first-order high-pass."""
    ideal = np.where(np.arange(1250) // 125 % 2 == 1, high_mv, low_mv)
    out, slow = np.empty(len(ideal)), 0.0
    for index, value in enumerate(ideal):
        out[index] = value - slow
        slow += (value - slow) * 2 * np.pi * highpass_hz / FS_HZ
    return out


@pytest.mark.parametrize(
    ("low_mv", "high_mv", "highpass_hz", "right"),
    [
        (0.0, 1.0, 0.0, True),
        (-1.0, 1.0, 0.039, True),
        (0.0, 1.08, 0.0, True),
        (0.0, 0.85, 0.0, False),
        (0.0, 1.4, 0.0, False),
        (0.0, 4.0, 0.0, False),
    ],
)
def test_a_wave_is_right_by_its_step(
    low_mv: float, high_mv: float, highpass_hz: float, right: bool
) -> None:
    wave = measure_wave("I", square_mv(low_mv, high_mv, highpass_hz=highpass_hz), FS_HZ)
    assert wave.step_mv == pytest.approx(high_mv - low_mv, rel=0.02)
    assert wave.period_s == pytest.approx(1.0)
    assert wave.is_right is right


def test_a_wave_of_another_period_is_wrong() -> None:
    slow_mv = np.repeat(square_mv(0.0, 1.0), 2)
    assert measure_wave("I", slow_mv, FS_HZ).period_s == pytest.approx(2.0)
    assert not measure_wave("I", slow_mv, FS_HZ).is_right


@pytest.mark.parametrize("signal_mv", [np.zeros(1000), np.zeros(0), np.full(1000, 1.0)])
def test_silence_is_no_wave(signal_mv: NDArray[np.float64]) -> None:
    wave = measure_wave("I", signal_mv, FS_HZ)
    assert (wave.step_mv, wave.period_s, wave.is_right) == (0.0, None, False)


class Device:
    """Answers on one end of a pty as a device does; ``refuse`` are codes it does not support."""

    def __init__(self, fd: int, *, refuse: tuple[Command, ...] = (), key: LinkKey | None) -> None:
        self._fd = fd
        self._refuse = refuse
        self._key = key
        self._encoder = BlockEncoder(boot=1, key=key)
        self._decoder = BlockDecoder()
        self.commands: list[tuple[int, int]] = []
        self._on = False
        self._phase = 0

    def serve(self, stop: threading.Event) -> None:
        os.set_blocking(self._fd, False)
        while not stop.wait(0.01):
            try:
                heard = self._decoder.feed(os.read(self._fd, 4096))
            except OSError:
                heard = ()
            for packet in heard:
                if isinstance(packet, CommandPacket):
                    self._obey(packet)
            self._send(self._encoder.status(DeviceStatus(battery_mv=3900)))
            self._send(self._encoder.samples(self._counts(), self_test=self._on))

    def _counts(self) -> NDArray[np.int32]:
        at = np.arange(self._phase, self._phase + 25)
        self._phase += 25
        row = (at // 125 % 2 * 400).astype(np.int32)
        return np.stack([row, row])

    def _obey(self, packet: CommandPacket) -> None:
        assert packet.command is not None
        self.commands.append((packet.code, packet.argument))
        if packet.command in self._refuse:
            self._send(self._encoder.reply(packet, Answer.NOT_SUPPORTED))
            return
        value = int(self._key is not None) if packet.command is Command.HELLO else 0
        if packet.command is Command.SELF_TEST:
            self._on = packet.argument == 1
            value = SelfTestPoint.AFTER_AMPLIFIER if self._on else 0
        self._send(self._encoder.reply(packet, Answer.OK, value=value))
        if packet.command is Command.HELLO:
            self._send(self._encoder.hello(INFO))

    def _send(self, data: bytes) -> None:
        try:
            os.write(self._fd, data)
        except BlockingIOError:
            return


@contextmanager
def bench(
    speak: Callable[[int, threading.Event], None], key: LinkKey | None = None
) -> Iterator[DeviceCheck]:
    """Yield a conversation whose far end is ``speak``, in a thread."""
    device_fd, port_fd = os.openpty()
    stop = threading.Event()
    thread = threading.Thread(target=speak, args=(device_fd, stop))
    thread.start()
    try:
        with device_check(os.ttyname(port_fd), 9600, key) as talk:
            yield talk
    finally:
        stop.set()
        thread.join()
        os.close(device_fd)
        os.close(port_fd)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("BOOT_S", 0.2), ("HELLO_S", 0.6), ("REPLY_S", 1.0), ("WAVE_S", 1.0)):
        monkeypatch.setattr(module, name, seconds)
    monkeypatch.setattr(module, "_ASK_AGAIN_S", 0.3)


def spoken_by(devices: list[Device], **about: object) -> Callable[[int, threading.Event], None]:
    def speak(fd: int, stop: threading.Event) -> None:
        key, refuse = about.get("key"), about.get("refuse", ())
        assert key is None or isinstance(key, LinkKey)
        assert isinstance(refuse, tuple)
        devices.append(Device(fd, refuse=refuse, key=key))
        devices[0].serve(stop)

    return speak


def test_a_device_that_is_right() -> None:
    devices: list[Device] = []
    with bench(spoken_by(devices)) as talk:
        info = talk.meet()
        status = talk.status()
        test = talk.test(info)
        assert talk.identify(5) is Answer.OK
    assert info.device_id == "bench"
    assert status is not None
    assert status.battery_mv == 3900
    assert test.point is SelfTestPoint.AFTER_AMPLIFIER
    assert [wave.lead for wave in test.waves] == ["I", "II"]
    assert test.is_right
    codes = [command for command in devices[0].commands if command[0] == Command.SELF_TEST]
    assert codes == [(Command.SELF_TEST, 1), (Command.SELF_TEST, 0)]


def test_a_device_without_a_self_test_is_not_right() -> None:
    with bench(spoken_by([], refuse=(Command.SELF_TEST,))) as talk:
        test = talk.test(talk.meet())
    assert (test.answer, test.waves, test.is_right) == (Answer.NOT_SUPPORTED, (), False)


def test_the_test_signal_goes_off_again_when_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    devices: list[Device] = []

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with bench(spoken_by(devices)) as talk:
        info = talk.meet()
        monkeypatch.setattr(talk, "_measure", interrupted)
        with pytest.raises(KeyboardInterrupt):
            talk.test(info)
        time.sleep(0.1)
    assert devices[0].commands[-1] == (Command.SELF_TEST, 0)


def test_a_sealed_device_needs_its_key() -> None:
    key = LinkKey(bytes(range(16)))
    with bench(spoken_by([], key=key)) as talk, pytest.raises(SourceError, match="seals"):
        talk.meet()
    with bench(spoken_by([], key=key), key) as talk:
        assert talk.meet().device_id == "bench"


def chatter(fd: int, stop: threading.Event) -> None:
    while not stop.wait(0.02):
        os.write(fd, b"six leads in a frame of another kind")


def nothing(_: int, stop: threading.Event) -> None:
    stop.wait()


@pytest.mark.parametrize(
    ("speak", "words"), [(nothing, "nothing came"), (chatter, "none of them is the protocol's")]
)
def test_what_is_no_device_is_named(
    speak: Callable[[int, threading.Event], None], words: str
) -> None:
    with bench(speak) as talk, pytest.raises(SourceError, match=words):
        talk.meet()


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceError, match="no such device"),
        device_check(str(tmp_path / "ttyUSB0"), 9600),
    ):
        pass
