"""One device and its way to the host, moved on in small steps of simulated time."""

from __future__ import annotations

from collections import deque
from typing import cast

import numpy as np

from chaos.air import Air
from chaos.numbers import NumberedFeed
from chaos.sent import Sent, Whole
from chaos.weather import Weather
from ecgd.node.device import Battery, SimulatedDevice
from ecgd.node.feed import Feed
from ecgd.node.uart import Uart
from ecgd.protocol import LinkKey

BAUD = 9600
STEP_S = 0.1


class Oscillator:
    """The device's own time, which may run fast or slow and step from one rate to another."""

    def __init__(self) -> None:
        self._at_s = 0.0
        self._own_s = 0.0
        self.rate = 1.0

    def read(self, time_s: float) -> float:
        """Return the device's own time; ``time_s`` never goes back."""
        self._own_s += (time_s - self._at_s) * self.rate
        self._at_s = time_s
        return self._own_s


class DeviceLine:
    """A ``block`` device, its serial port and its radio."""

    def __init__(
        self, name: str, weather: Weather, sent: Sent, seed: int, *, key: LinkKey | None, first: int
    ) -> None:
        self.weather = weather
        self.name = name
        self.first = first
        self._sent = sent
        self._rng = np.random.default_rng((seed, 2))
        feed = cast(Feed, NumberedFeed(first))
        self.device = SimulatedDevice(feed, name, Battery(decline_s=1e6), boot=1, key=key)
        sent.admit(self.device.info)
        self._oscillator = Oscillator()
        self._uart = Uart(BAUD, self.device.buffer_size)
        self.air = Air(weather, seed)
        self._put = 0
        self._taken = 0
        self.on_way: deque[Whole] = deque()
        self.calm: list[tuple[int, int]] = []
        """Stretches of undisturbed bytes, by their places among all that were sent."""
        self._resets_s: list[float] = []
        self._stall_s = (np.inf, np.inf)

    def move_on(self, time_s: float, heard: bytes) -> bytes:
        """Do everything that is due; return what arrives at the host."""
        self._change_weather(time_s)
        own_s = self._oscillator.read(time_s)
        if self._resets_s and time_s >= self._resets_s[0]:
            self._resets_s.pop(0)
            self._put = self._taken
            self._uart.clear()
            self.device.reset(own_s)
        for packet in (*self.device.receive(heard), *self.device.advance(own_s)):
            self._transmit(packet, time_s)
        sent = self._uart.take_sent(time_s)
        self._taken += len(sent)
        return self.air.carry(sent, time_s)

    def _transmit(self, packet: bytes, time_s: float) -> None:
        samples = self._sent.note(packet, self.name)
        if not self.air.keeps_packet():
            return
        if not self._uart.has_room(len(packet)):
            self.device.overran()
            return
        if samples is not None and not self.air.bad:
            begin, end = self._put, self._put + len(packet)
            self.on_way.append(Whole(begin, end, *samples))
        self._uart.put(packet, time_s)
        self._put += len(packet)

    def _change_weather(self, time_s: float) -> None:
        weather, bad = self.weather, self.weather.is_bad(time_s)
        if bad and not self.air.bad:
            self._begin_bad(time_s)
        if self.air.bad and not bad:
            self.calm.append((self._taken, self._taken))
        elif self.calm and not bad:
            self.calm[-1] = (self.calm[-1][0], self._taken)
        self.air.bad = bad
        if weather.stall_s:
            self.air.stalled = bad and self._stall_s[0] <= time_s < self._stall_s[1]

    def _begin_bad(self, time_s: float) -> None:
        weather, rng = self.weather, self._rng
        if weather.drift_ppm:
            self._oscillator.rate = 1.0 + rng.uniform(-1, 1) * weather.drift_ppm * 1e-6
        if weather.resets:
            moments = time_s + rng.uniform(0, weather.bad_s, weather.resets)
            self._resets_s = sorted(moments.tolist())
        if weather.stall_s:
            length_s = rng.uniform(0.5, weather.stall_s)
            begin_s = time_s + rng.uniform(0, weather.bad_s - length_s)
            self._stall_s = (begin_s, begin_s + length_s)
