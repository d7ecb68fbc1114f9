"""The running node: device, line, radio and pseudo terminal, moved on every few milliseconds."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from ecgd.errors import EcgdError, SourceError
from ecgd.node.device import ADC_BITS, FS_HZ, Device, SimulatedDevice
from ecgd.node.feed import Feed
from ecgd.node.impairment import ImpairedLine
from ecgd.node.options import NodeOptions, read_options
from ecgd.node.pty_link import PtyLink
from ecgd.node.recorded_device import RecordedDevice
from ecgd.node.six_lead_device import SixLeadDevice
from ecgd.node.uart import Uart
from ecgd.protocol.line import MAX_LINE_LOAD, line_load, six_lead_load
from ecgd.sources.byte_log import SUFFIX, ByteLogHeader, ByteLogWriter, Direction
from ecgd.sources.byte_log_device import device_notes
from ecgd.sources.key_file import load_link_key
from ecgd.sources.url import ReplayUrl, parse_source

TICK_S: Final = 0.01
STEP_S: Final = 0.05
"""Longest step: a node that the machine kept waiting makes up for it in small ones, or the
device's small buffer would overrun as no device's does."""

LINGER_S: Final = 0.2


class Node:
    """One simulated device on one port. ``time_s`` counts from the start."""

    def __init__(
        self, options: NodeOptions, device: Device, port: PtyLink, log: ByteLogWriter | None
    ) -> None:
        self._device = device
        self._port = port
        self._log = log
        self._uart = Uart(options.baud, device.buffer_size)
        self._radio = ImpairedLine(options.impairment, options.seed)
        self._clock_rate = 1.0 + options.drift_ppm * 1e-6
        self._resets_s = list(options.reset_at_s)
        self._overruns = 0

    @property
    def ended(self) -> bool:
        """Whether the device has ended and its last byte has left, or nobody takes it."""
        return self._device.ended and (self._uart.empty or self._port.congested)

    def move_on(self, time_s: float) -> None:
        """Do everything that is due at ``time_s``."""
        device_s = time_s * self._clock_rate
        if self._resets_s and time_s >= self._resets_s[0]:
            self._resets_s.pop(0)
            self._uart.clear()
            self._device.reset(device_s)
        heard = self._port.read()
        self._note(heard, Direction.TO_DEVICE, time_s)
        for packet in (*self._device.receive(heard), *self._device.advance(device_s)):
            self._transmit(packet, time_s)
        if self._port.congested:
            self._uart.hold(time_s)
        arrived = self._radio.carry(self._uart.take_sent(time_s), time_s)
        self._note(arrived, Direction.FROM_DEVICE, time_s)
        self._port.write(arrived)

    def summary(self) -> str:
        """Return one line on what was done to the bytes."""
        count = self._radio.count
        return (
            f"transmitted {count.bytes_out} bytes ({self._port.unheard} unheard), "
            f"lost {count.packets_lost} packets and {count.bytes_lost} bytes, "
            f"flipped {count.bits_flipped} bits, {self._overruns} overruns"
        )

    def _transmit(self, packet: bytes, time_s: float) -> None:
        if not self._radio.keeps_packet():
            return
        if self._uart.has_room(len(packet)):
            self._uart.put(packet, time_s)
        else:
            self._overruns += 1
            self._device.overran()

    def _note(self, data: bytes, direction: Direction, time_s: float) -> None:
        if data and self._log is not None:
            self._log.write(data, direction, time_s)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is stopped, its source ends or its time is up; return the status."""
    options = read_options(sys.argv[1:] if arguments is None else arguments)
    try:
        device = _device(options)
        with PtyLink(options.link) as port:
            _run(options, device, port)
    except EcgdError as error:
        sys.stderr.write(f"ecgd.node: {error}\n")
        return 2
    return 0


def _run(options: NodeOptions, device: Device, port: PtyLink) -> None:
    notes = {"device": device.description, **device_notes(options.device)}
    header = ByteLogHeader(options.baud, notes)
    log = None if options.log is None else ByteLogWriter.create(options.log, header)
    stopped = _stop_on_signals()
    node = Node(options, device, port, log)
    _say(f"ready: {port.link} is {port.port}, {options.baud} baud, {device.description}")
    try:
        began_s, time_s, end_s = time.monotonic(), 0.0, options.duration_s
        while not stopped() and time_s < end_s:
            now_s = time.monotonic() - began_s
            time_s = min(now_s, time_s + STEP_S)
            node.move_on(time_s)
            if node.ended:
                # A hang-up discards what the host has not read yet.
                end_s = min(end_s, time_s + LINGER_S)
            if time_s == now_s:
                time.sleep(TICK_S)
    finally:
        if log is not None:
            log.close()
    _say(f"ended: {node.summary()}")


def _device(options: NodeOptions) -> Device:
    sources = [parse_source(part.url) for part in options.parts]
    recorded = [
        source.path
        for source in sources
        if isinstance(source, ReplayUrl) and source.path.lower().endswith(SUFFIX)
    ]
    if recorded:
        if len(sources) > 1:
            raise SourceError("a byte recording is played alone", "Give one --source.")
        return RecordedDevice(Path(recorded[0]))
    feed = Feed(options.parts, options.electrodes_off, FS_HZ)
    is_six_lead = options.device.protocol == "six-lead"
    load = (
        six_lead_load(FS_HZ, options.baud)
        if is_six_lead
        else line_load(FS_HZ, len(feed.leads), ADC_BITS, options.baud)
    )
    if load > MAX_LINE_LOAD:
        raise SourceError(
            f"{options.baud} baud is too slow: the samples take {load:.0%} of the line",
            f"At most {MAX_LINE_LOAD:.0%} can be used: give a greater --baud.",
        )
    if is_six_lead:
        return SixLeadDevice(feed, options.device, options.channel_faults)
    # Process numbers rise from start to start, as the run number in a device's EEPROM does.
    boot = os.getpid() & 0xFFFF if options.boot is None else options.boot
    key = load_link_key(options.key_file) if options.key_file else None
    return SimulatedDevice(feed, options.device_id, options.battery, boot=boot, key=key, tell=_say)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _stop_on_signals() -> Callable[[], bool]:
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        received.append(number)

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    return lambda: bool(received)
