"""The serial source on pseudo terminals: bytes, losses, returns, missing devices."""

from __future__ import annotations

import asyncio
import os
import random
import termios
import time
import tty
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import serial

from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received, SamplesReceived
from ecgd.sources.reconnect import Backoff
from ecgd.sources.serial_line import CABLE_BACKOFF, SerialSource, is_radio

QUICK = Backoff(first_s=0.02, cap_s=0.05, stable_s=10.0, settle_s=0.1)


class _Cable:
    """A pseudo terminal under a fixed name, which can be pulled and put back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.master = -1
        self.plug()

    def plug(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)

    def pull(self) -> None:
        self.path.unlink()
        os.close(self.master)

    def write(self, data: bytes) -> None:
        os.write(self.master, data)


class _Listener:
    """Runs a source and keeps what it delivers."""

    def __init__(self, path: Path) -> None:
        self.received: list[Received] = []
        self.source = SerialSource(
            str(path), 9600, clock=time.monotonic, rng=random.Random(1), backoff=QUICK
        )

    def of(self, kind: type[Received]) -> list[Received]:
        return [value for value in self.received if isinstance(value, kind)]

    @property
    def data(self) -> bytes:
        return b"".join(v.data for v in self.received if isinstance(v, BytesReceived))

    @property
    def reasons(self) -> list[str]:
        return [v.reason for v in self.received if isinstance(v, LinkClosed)]

    def listen(self, script: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            task = asyncio.create_task(self.source.run(self.received.append))
            try:
                await script()
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()

        asyncio.run(main())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not condition():
            await asyncio.sleep(0.005)


def test_bytes_arrive_with_their_times_and_go_back(tmp_path: Path) -> None:
    cable = _Cable(tmp_path / "port")
    listener = _Listener(cable.path)
    before_s = time.monotonic()

    async def script() -> None:
        await _until(lambda: bool(listener.of(LinkOpened)))
        cable.write(bytes(range(256)))
        await _until(lambda: len(listener.data) == 256)
        assert listener.source.send(b"\x00\x11\x13\x1a\x0d\x0a")
        assert os.read(cable.master, 100) == b"\x00\x11\x13\x1a\x0d\x0a"

    listener.listen(script)
    assert listener.data == bytes(range(256))
    times = [v.arrived_s for v in listener.received if not isinstance(v, SamplesReceived)]
    assert len(times) == len(listener.received)
    assert times == sorted(times)
    assert before_s <= times[0] <= time.monotonic()
    assert listener.reasons == []


def test_being_woken_for_nothing_is_no_loss(tmp_path: Path) -> None:
    cable = _Cable(tmp_path / "port")
    listener = _Listener(cable.path)

    async def script() -> None:
        await _until(lambda: bool(listener.of(LinkOpened)))
        listener.source._read()
        cable.write(b"still here")
        await _until(lambda: listener.data == b"still here")

    listener.listen(script)
    assert listener.reasons == []


def test_the_first_bytes_open_the_link_at_once(tmp_path: Path) -> None:
    cable = _Cable(tmp_path / "port")
    listener = _Listener(cable.path)

    async def script() -> None:
        await _until(lambda: listener.source._port is not None)
        cable.write(b"x")
        await _until(lambda: listener.data == b"x")

    listener.listen(script)
    assert [type(value) for value in listener.received[:2]] == [LinkOpened, BytesReceived]


def test_a_pulled_cable_is_one_loss_and_comes_back(tmp_path: Path) -> None:
    cable = _Cable(tmp_path / "port")
    listener = _Listener(cable.path)

    async def script() -> None:
        for turn in range(3):
            await _until(lambda turn=turn: len(listener.of(LinkOpened)) == turn + 1)  # type: ignore[misc]
            cable.write(b"%d" % turn)
            await _until(lambda turn=turn: len(listener.data) == turn + 1)  # type: ignore[misc]
            cable.pull()
            await _until(lambda turn=turn: len(listener.reasons) == turn + 1)  # type: ignore[misc]
            await asyncio.sleep(0.2)
            assert not listener.source.send(b"anyone?")
            cable.plug()

    listener.listen(script)
    assert listener.data == b"012"
    kinds = [type(v) for v in listener.received]
    assert kinds[:9] == [LinkOpened, BytesReceived, LinkClosed] * 3
    assert all("gone" in reason for reason in listener.reasons)
    first = listener.of(LinkClosed)[0]
    assert isinstance(first, LinkClosed)
    assert first.retry_s is not None
    assert 0 < first.retry_s < 0.1


def test_a_missing_device_is_told_once_and_found_later(tmp_path: Path) -> None:
    path = tmp_path / "port"
    listener = _Listener(path)

    async def script() -> None:
        await asyncio.sleep(0.4)
        assert len(listener.received) == 1
        cable = _Cable(path)
        await _until(lambda: bool(listener.of(LinkOpened)))
        cable.write(b"here")
        await _until(lambda: listener.data == b"here")

    listener.listen(script)
    assert len(listener.reasons) == 1
    assert "no such device" in listener.reasons[0]


def test_what_is_no_serial_port_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "port"
    path.write_text("a file")
    listener = _Listener(path)

    async def script() -> None:
        await _until(lambda: bool(listener.reasons))

    listener.listen(script)
    assert listener.reasons == [f"{path}: is no serial port"]


def test_a_port_in_use_is_said_to_be(tmp_path: Path) -> None:
    cable = _Cable(tmp_path / "port")
    other = serial.Serial(str(cable.path), 9600, exclusive=True)
    listener = _Listener(cable.path)

    async def script() -> None:
        await _until(lambda: bool(listener.reasons))
        other.close()
        await _until(lambda: bool(listener.of(LinkOpened)))

    listener.listen(script)
    assert "in use by another program" in listener.reasons[0]


def test_a_device_that_takes_nothing_does_not_fill_the_memory(tmp_path: Path) -> None:
    cable = _Cable(tmp_path / "port")
    listener = _Listener(cable.path)

    async def script() -> None:
        await _until(lambda: bool(listener.of(LinkOpened)))
        accepted = sum(listener.source.send(bytes(1000)) for _ in range(100))
        assert 1 <= accepted < 40
        assert len(listener.source._outgoing) <= 4096
        drained = 0
        while drained < accepted * 1000:
            drained += len(os.read(cable.master, 65536))
            await asyncio.sleep(0)
        assert drained == accepted * 1000
        assert listener.source.send(b"again")

    listener.listen(script)


def test_an_error_in_the_receiver_ends_the_run(tmp_path: Path) -> None:
    cable = _Cable(tmp_path / "port")
    source = SerialSource(
        str(cable.path), 9600, clock=time.monotonic, rng=random.Random(1), backoff=QUICK
    )

    def deliver(value: Received) -> None:
        if isinstance(value, BytesReceived):
            raise ZeroDivisionError

    async def main() -> None:
        task = asyncio.create_task(source.run(deliver))
        await _until(lambda: source._port is not None)
        cable.write(b"x")
        async with asyncio.timeout(5.0):
            await task

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())


def test_cancelling_closes_the_port(tmp_path: Path) -> None:
    cable = _Cable(tmp_path / "port")
    listener = _Listener(cable.path)

    async def script() -> None:
        await _until(lambda: bool(listener.of(LinkOpened)))

    listener.listen(script)
    assert listener.source._port is None
    with serial.Serial(str(cable.path), 9600, exclusive=True) as port:
        assert port.is_open
    assert listener.reasons == []


def test_closing_the_port_resets_no_arduino(tmp_path: Path) -> None:
    """With HUPCL, which pyserial leaves on, closing drops DTR and the next opening is a reset."""
    cable = _Cable(tmp_path / "port")
    attributes = termios.tcgetattr(cable.master)
    attributes[2] |= termios.HUPCL
    termios.tcsetattr(cable.master, termios.TCSANOW, attributes)
    with serial.Serial(str(cable.path), 9600):
        assert termios.tcgetattr(cable.master)[2] & termios.HUPCL, "pyserial sees to it by itself"
    listener = _Listener(cable.path)

    async def script() -> None:
        await _until(lambda: bool(listener.of(LinkOpened)))
        assert not termios.tcgetattr(cable.master)[2] & termios.HUPCL
        assert termios.tcgetattr(cable.master)[5] == termios.B9600

    listener.listen(script)
    assert not termios.tcgetattr(cable.master)[2] & termios.HUPCL, "nor after the closing"


def test_a_device_comes_back_under_another_kernel_name(tmp_path: Path) -> None:
    """The kernel gives a new number while the old one is held; udev moves the link."""
    cable = _Cable(tmp_path / "port")
    listener = _Listener(cable.path)
    held: list[int] = []

    async def script() -> None:
        await _until(lambda: bool(listener.of(LinkOpened)))
        before = cable.path.readlink()
        old = cable.master
        cable.path.unlink()
        cable.plug()
        assert cable.path.readlink() != before
        os.close(old)
        await _until(lambda: len(listener.of(LinkOpened)) == 2)
        cable.write(b"again")
        await _until(lambda: listener.data == b"again")
        held.append(cable.master)

    listener.listen(script)
    assert len(listener.reasons) == 1


def test_a_cable_is_looked_for_more_often_than_a_radio_is_called(tmp_path: Path) -> None:
    (tmp_path / "radio").symlink_to("/dev/rfcomm3")
    assert is_radio(str(tmp_path / "radio"))
    assert is_radio("/dev/rfcomm0")
    assert not is_radio("/dev/ttyUSB0")
    longest_s = CABLE_BACKOFF.delay_s(100, 1.0)
    assert longest_s < 3.0
    assert longest_s < Backoff().delay_s(100, 0.0)
