"""Heart monitors on pseudo terminals that note when each of their bytes was written."""

from __future__ import annotations

import time
from bisect import bisect_left
from pathlib import Path

from bench_episodes import Script

from ecgd.node.device import FS_HZ, Battery, SimulatedDevice
from ecgd.node.feed import Feed
from ecgd.node.program import STEP_S
from ecgd.node.pty_link import PtyLink
from ecgd.node.uart import Uart
from ecgd.protocol.decoder import BlockDecoder
from ecgd.protocol.samples import SamplesPacket

BAUD = 9600


class ByteClock:
    """When the byte was written with which each sample was whole: its packet's last."""

    def __init__(self) -> None:
        self._sample_ends: list[int] = []
        self._byte_ends: list[int] = []
        self._written_bytes: list[int] = []
        self._written_s: list[float] = []
        self._queued = 0
        self._samples = 0

    def queue(self, byte_count: int, sample_count: int) -> None:
        """A packet follows, of so many bytes and samples (0: it carries none)."""
        self._queued += byte_count
        self._samples += sample_count
        if sample_count:
            self._sample_ends.append(self._samples)
            self._byte_ends.append(self._queued)

    def skip(self, sample_count: int) -> None:
        """So many samples are counted, and never sent."""
        self._samples += sample_count

    def write(self, byte_count: int, at_s: float) -> None:
        """So many bytes more were written from ``at_s`` on."""
        if byte_count:
            before = self._written_bytes[-1] if self._written_bytes else 0
            self._written_bytes.append(before + byte_count)
            self._written_s.append(at_s)

    def whole_s(self, end_index: int) -> float | None:
        """Return when the window that ends before ``end_index`` was whole; None: it never was."""
        packet = bisect_left(self._sample_ends, end_index)
        if packet == len(self._sample_ends):
            return None
        piece = bisect_left(self._written_bytes, self._byte_ends[packet])
        return self._written_s[piece] if piece < len(self._written_s) else None


class Monitor:
    """One device on one port. It is switched on when somebody opens the port."""

    def __init__(self, script: Script, link: Path, boot: int) -> None:
        self.script = script
        self.bytes = ByteClock()
        self.began_s: float | None = None
        self._device_s = 0.0
        self.cut_s: list[float] = []
        """When the line was taken away, each time."""
        feed = Feed(script.parts, script.electrodes_off, FS_HZ)
        self._device = SimulatedDevice(feed, script.patient_id, Battery(), boot=boot)
        self._decoder = BlockDecoder()
        self._uart = Uart(BAUD, self._device.buffer_size)
        self._link = link
        self._port: PtyLink | None = PtyLink(link)

    def move_on(self, now_s: float) -> None:
        """Do everything that is due, in steps that the device's small buffer can bear."""
        if self.began_s is None:
            if self._port is None or not self._port.connected:
                return
            self.began_s = now_s
        while self._device_s < now_s - self.began_s:
            self._device_s = min(self._device_s + STEP_S, now_s - self.began_s)
            self._step(self._device_s)

    def onset_s(self, number: int) -> float | None:
        """Return when the event began, by the clock of this machine."""
        onset = self.script.onsets[number]
        if not onset.episode.cut:
            return None if self.began_s is None else self.began_s + onset.begun_s
        earlier = sum(each.episode.cut for each in self.script.onsets[:number])
        return self.cut_s[earlier] if earlier < len(self.cut_s) else None

    def close(self) -> None:
        """Take the port away."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _step(self, device_s: float) -> None:
        self._cut_or_return(device_s)
        heard = self._port.read() if self._port is not None else b""
        for packet in (*self._device.receive(heard), *self._device.advance(device_s)):
            self._queue(packet, device_s)
        sent = self._uart.take_sent(device_s)
        written_s = time.monotonic()
        if self._port is not None:
            self._port.write(sent)
        self.bytes.write(len(sent), written_s)

    def _queue(self, packet: bytes, device_s: float) -> None:
        found = (each for each in self._decoder.feed(packet) if isinstance(each, SamplesPacket))
        samples = sum(each.sample_count for each in found)
        if not self._uart.has_room(len(packet)):
            self._device.overran()
            self.bytes.skip(samples)
            return
        self.bytes.queue(len(packet), samples)
        self._uart.put(packet, device_s)

    def _cut_or_return(self, device_s: float) -> None:
        away = any(from_s <= device_s < to_s for from_s, to_s in self.script.cuts_s)
        if away and self._port is not None:
            self.cut_s.append(time.monotonic())
            self.close()
        elif not away and self._port is None:
            self._port = PtyLink(self._link)
