"""The same for ``six-lead``, which counts nothing: how far samples stand from their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from chaos.air import Air
from chaos.line import Oscillator
from chaos.numbers import NumberedFeed, Numbers, counts_of, numbers_of
from chaos.weather import Weather
from ecgd.config.settings import AnalysisSettings, DeviceSettings
from ecgd.model.link import BytesReceived
from ecgd.model.signal import CountArray
from ecgd.node.device import COUNTS_PER_MV, FS_HZ
from ecgd.node.feed import Feed
from ecgd.node.six_lead_device import ChannelFaults, SixLeadDevice
from ecgd.node.uart import Uart
from ecgd.pipeline.intake import Intake, IntakeEvent, SamplesPlaced

BAUD = 38_400
STEP_S = 0.02
"""Finer than for ``block``: only the arrival times tell of lost frames."""
DEVICE = DeviceSettings(protocol="six-lead", counts_per_mv=COUNTS_PER_MV, adc_bits=16)
ROUNDING_COUNTS = 2
NEAR_MS = 25.0
FAR = 2500
"""A sample is told from noise within so many places: noise hits one of them with 0.03 %."""


@dataclass(frozen=True, slots=True)
class SixLeadOutcome:
    """What one trial gave, in samples.

    ``wrong``: delivered with a value that was never sent, by more than rounding. ``near_share``: of
    the rest, how many stand within 25 ms of their place; ``worst_ms``: the farthest. ``in_gaps``:
    what the receiver says is missing.
    """

    sent: int
    delivered: int
    in_gaps: int
    wrong: int
    near_share: float
    worst_ms: float


class SixLeadTrial:
    """One line of a ``six-lead`` device in simulated time."""

    def __init__(self, weather: Weather, seed: int) -> None:
        self._weather = weather
        self._feed = NumberedFeed()
        self._device = SixLeadDevice(cast(Feed, self._feed), DEVICE, ChannelFaults())
        self._uart = Uart(BAUD, 1 << 12)
        self._air = Air(weather, seed)
        self._rng = np.random.default_rng((seed, 4))
        self._oscillator = Oscillator()
        self._intake = Intake(AnalysisSettings(hop_s=5.0), DEVICE)
        self._away_s = (np.inf, np.inf)
        self._last = 0
        self._base: int | None = None
        self._off: list[Numbers] = []
        self._wrong = self._delivered = 0

    def run(self, samples: int) -> SixLeadOutcome:
        """Run for so many samples."""
        for step in range(1, round(samples / FS_HZ / STEP_S) + 1):
            self._step(step * STEP_S)
        off_ms = np.abs(np.concatenate(self._off)) * 1000.0 / FS_HZ
        return SixLeadOutcome(
            sent=self._feed.position,
            delivered=self._delivered,
            in_gaps=self._intake.statistics.samples_lost,
            wrong=self._wrong,
            near_share=float((off_ms <= NEAR_MS).mean()),
            worst_ms=float(off_ms.max()),
        )

    def _step(self, time_s: float) -> None:
        bad = self._weather.is_bad(time_s)
        if bad and not self._air.bad:
            self._begin_bad(time_s)
        self._air.bad = bad
        begin_s, end_s = self._away_s
        is_away = bad and begin_s <= time_s < end_s
        self._air.stalled = is_away and self._weather.stall_s > 0
        connected = not (is_away and self._weather.cut_s > 0)
        if self._air.connected and not connected:
            self._note(self._intake.interrupt(time_s))
        self._air.connected = connected
        for frame in self._device.advance(self._oscillator.read(time_s)):
            if self._air.keeps_packet():
                self._uart.put(frame, time_s)
        arrived = self._air.carry(self._uart.take_sent(time_s), time_s)
        if arrived:
            self._note(self._intake.receive(BytesReceived(arrived, time_s)))

    def _begin_bad(self, time_s: float) -> None:
        weather, rng = self._weather, self._rng
        self._oscillator.rate = 1.0 + rng.uniform(-1, 1) * weather.drift_ppm * 1e-6
        length_s = rng.uniform(0.5, max(0.5, weather.stall_s, weather.cut_s))
        begin_s = time_s + rng.uniform(0, weather.bad_s - length_s)
        self._away_s = (begin_s, begin_s + length_s)

    def _note(self, events: tuple[IntakeEvent, ...]) -> None:
        for event in events:
            if isinstance(event, SamplesPlaced):
                self._place(event)

    def _place(self, placed: SamplesPlaced) -> None:
        counts, start = placed.block.counts, placed.block.start_index
        numbers = numbers_of(counts)
        self._delivered += len(numbers)
        if self._base is None:
            self._base = int(numbers[0]) - start
        off = numbers - (self._base + start + np.arange(len(numbers)))
        right = np.abs(off) <= FAR
        for column in np.flatnonzero(~right):
            self._wrong += not self._is_rounding(counts[:2, column], self._last)
        if right.any():
            self._off.append(off[right])
            self._last = int(numbers[right][-1])

    def _is_rounding(self, pair: CountArray, after: int) -> bool:
        """Whether a sample is one that was sent shortly after ``after``, but for rounding."""
        near = counts_of(np.arange(after, after + FAR, dtype=np.int64))
        return bool((np.abs(near - pair[:, None]) <= ROUNDING_COUNTS).all(axis=0).any())
