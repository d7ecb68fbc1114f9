"""Ask a device at a cable who it is, and measure the square wave of its self test."""

from __future__ import annotations

import os
import select
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import serial
from numpy.typing import NDArray

from ecgd.errors import SourceError
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.protocol import (
    MAX_PACKET_SIZE,
    Answer,
    BlockDecoder,
    Command,
    Fault,
    HelloPacket,
    LinkKey,
    Packet,
    ReplyPacket,
    SamplesPacket,
    SealGuard,
    SelfTestPoint,
    StatusPacket,
    encode_command,
)
from ecgd.sources.byte_line import close_port
from ecgd.sources.serial_line import loss_reason, open_port, open_reason

BOOT_S: Final = 3.0
"""An Arduino that its USB socket has reset says hello within this by itself."""

HELLO_S: Final = 8.0
REPLY_S: Final = 2.0
STATUS_S: Final = 2.5
WAVE_S: Final = 3.5
_ASK_AGAIN_S: Final = 1.5

STEPS_MV: Final = (1.0, 2.0)
"""From edge to edge: 0 to 1 mV, or −1 to 1 mV, as the ADS1292R makes it."""

STEP_TOLERANCE: Final = 0.1
PERIOD_S: Final = 1.0
PERIOD_TOLERANCE: Final = 0.1
_EDGE_S: Final = 0.032

Floats = NDArray[np.float64]
_Wanted = TypeVar("_Wanted", HelloPacket, StatusPacket, ReplyPacket, SamplesPacket)


@dataclass(frozen=True, slots=True)
class SquareWave:
    """The square wave of one lead: its step from edge to edge, and its period (None: no two)."""

    lead: str
    step_mv: float
    period_s: float | None

    @property
    def is_right(self) -> bool:
        """Whether step and period are those of a self test."""
        step = any(abs(self.step_mv - each) <= STEP_TOLERANCE * each for each in STEPS_MV)
        period = self.period_s is not None and abs(self.period_s - PERIOD_S) <= PERIOD_TOLERANCE
        return step and period


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What came of the self test. ``point`` None: it does not say where the wave enters.

    ``answer``: how the device took the command; without OK there are no waves.
    """

    answer: Answer
    point: SelfTestPoint | None
    waves: tuple[SquareWave, ...]

    @property
    def is_right(self) -> bool:
        """Whether every lead shows the wave."""
        return bool(self.waves) and all(wave.is_right for wave in self.waves)


def measure_wave(lead: str, signal_mv: Floats, fs_hz: float) -> SquareWave:
    """Measure a square wave; ``signal_mv`` has shape (sample,).

    The step is taken across 32 ms, so that neither a low-pass nor the droop of a high-pass that is
    fit for ST counts.
    """
    reach = max(1, round(_EDGE_S * fs_hz))
    rise_mv = signal_mv[reach:] - signal_mv[:-reach]
    if not len(rise_mv) or not float(rise_mv.max()) > 0.0:
        return SquareWave(lead, 0.0, None)
    high = rise_mv > rise_mv.max() / 2
    begins = np.flatnonzero(high[1:] & ~high[:-1]) + 1
    steps = [rise_mv[begin : begin + 2 * reach].max() for begin in begins]
    step_mv = float(np.median(steps)) if steps else float(rise_mv.max())
    period_s = float(np.median(np.diff(begins))) / fs_hz if len(begins) > 1 else None
    return SquareWave(lead, step_mv, period_s)


class DeviceCheck:
    """A conversation with the device at an open port."""

    def __init__(self, path: str, port: serial.Serial, key: LinkKey | None) -> None:
        self._path = path
        self._port = port
        self._decoder = BlockDecoder(SealGuard(key) if key is not None else None)
        self._has_key = key is not None
        self._ready: list[Packet] = []
        self._sequence = 0
        self._sealed = False

    def meet(self) -> DeviceInfo:
        """Wait for the device's hello, and ask for it; raises SourceError where none comes."""
        hello = self._greeting()
        end_s = time.monotonic() + HELLO_S
        while hello is None and time.monotonic() < end_s:
            self._ask(Command.HELLO)
            hello = self._await(HelloPacket, _ASK_AGAIN_S)
        if hello is None:
            raise self._silence()
        return hello.info

    def status(self) -> DeviceStatus | None:
        """Return the next status, None where none comes."""
        packet = self._await(StatusPacket, STATUS_S)
        return None if packet is None else packet.status

    def test(self, info: DeviceInfo) -> SelfTest:
        """Run the self test and switch it off again, whatever happens."""
        try:
            reply = self._command(Command.SELF_TEST, 1)
            if reply.answer is not Answer.OK:
                return SelfTest(reply.answer, None, ())
            points = {point.value: point for point in SelfTestPoint}
            return SelfTest(Answer.OK, points.get(reply.value), self._measure(info))
        finally:
            self._ask(Command.SELF_TEST, 0)

    def identify(self, seconds: int) -> Answer:
        """Let the device's LED blink."""
        return self._command(Command.IDENTIFY, seconds).answer

    def _greeting(self) -> HelloPacket | None:
        """Wait for a hello that comes by itself: it is the first that a device sends after a reset.

        One that has sent more than that runs already, and has to be asked.
        """
        end_s = time.monotonic() + BOOT_S
        hello = None
        while hello is None and time.monotonic() < end_s:
            hello = self._await(HelloPacket, min(0.1, BOOT_S))
            if self._decoder.statistics.bytes_in > MAX_PACKET_SIZE:
                break
        return hello

    def _measure(self, info: DeviceInfo) -> tuple[SquareWave, ...]:
        end_s = time.monotonic() + WAVE_S
        pieces = []
        while time.monotonic() < end_s:
            packet = self._await(SamplesPacket, max(0.0, end_s - time.monotonic()))
            if packet is not None and packet.self_test and len(packet.counts) == len(info.leads):
                pieces.append(packet.counts)
        if not pieces:
            return ()
        counts = np.concatenate(pieces, axis=1)
        signal_mv = (counts - info.baseline_counts) / info.counts_per_mv
        return tuple(
            measure_wave(lead, row, info.fs_hz)
            for lead, row in zip(info.leads, signal_mv, strict=True)
        )

    def _command(self, command: Command, argument: int) -> ReplyPacket:
        self._ask(command, argument)
        end_s = time.monotonic() + REPLY_S
        while time.monotonic() < end_s:
            reply = self._await(ReplyPacket, end_s - time.monotonic())
            if reply is not None and reply.code == command:
                return reply
        raise SourceError(
            f"{self._path}: the device sends, and does not answer the command {command.name}",
            "Check the wire to its RX pin, D0 on an Arduino.",
        )

    def _ask(self, command: Command, argument: int = 0) -> None:
        self._sequence = (self._sequence + 1) % 256
        try:
            os.write(
                self._port.fileno(), encode_command(command, argument, sequence=self._sequence)
            )
        except BlockingIOError:
            return
        except OSError as error:
            raise SourceError(loss_reason(self._path, error), _CABLE) from error

    def _await(self, wanted: type[_Wanted], patience_s: float) -> _Wanted | None:
        """Return the next packet of a kind; those of other kinds are passed over."""
        end_s = time.monotonic() + patience_s
        while True:
            while self._ready:
                packet = self._ready.pop(0)
                if isinstance(packet, ReplyPacket) and packet.code == Command.HELLO:
                    self._sealed = packet.value == 1
                if isinstance(packet, wanted):
                    return packet
            left_s = end_s - time.monotonic()
            if left_s <= 0.0:
                return None
            self._read(left_s)

    def _read(self, patience_s: float) -> None:
        if not select.select([self._port.fileno()], [], [], patience_s)[0]:
            return
        try:
            data = os.read(self._port.fileno(), 4096)
        except BlockingIOError:
            return
        except OSError as error:
            raise SourceError(loss_reason(self._path, error), _CABLE) from error
        if not data:
            raise SourceError(f"{self._path}: the other end is gone", _CABLE)
        self._ready += [each for each in self._decoder.feed(data) if not isinstance(each, Fault)]

    def _silence(self) -> SourceError:
        """Say why no hello has come."""
        heard = self._decoder.statistics
        if self._sealed and not self._has_key:
            return SourceError(
                f"{self._path}: the device seals its packets", "Name its key with --key-file."
            )
        if heard.packets:
            return SourceError(
                f"{self._path}: the device sends, and does not say who it is when asked",
                "Check the wire to its RX pin, D0 on an Arduino.",
            )
        if heard.bytes_in:
            return SourceError(
                f"{self._path}: {heard.bytes_in} bytes came, and none of them is the protocol's",
                "Name the device's rate with --baud; a device that sends six-lead frames cannot "
                "be checked.",
            )
        return SourceError(
            f"{self._path}: nothing came",
            "Is the firmware on it, is it switched on, and is the HC-05's TXD off D0 while the "
            "cable is on?",
        )


_CABLE: Final = "Put the cable in again, and check its plug."


@contextmanager
def device_check(path: str, baud: int, key: LinkKey | None = None) -> Iterator[DeviceCheck]:
    """Yield the conversation with the device at a serial port, which is closed at the end.

    Raises SourceError where the port cannot be opened.
    """
    try:
        port = open_port(path, baud)
    except (OSError, ValueError, termios.error) as error:
        raise SourceError(
            open_reason(path, error),
            "Stop what uses it (systemctl stop ecgd, where the daemon does), and see the port's "
            "name with: ls /dev/ttyUSB* /dev/ttyACM*",
        ) from error
    try:
        yield DeviceCheck(path, port, key)
    finally:
        close_port(port)
