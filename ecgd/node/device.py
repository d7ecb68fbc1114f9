"""The simulated device: electrodes in, packets out. No clock of its own: time is passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.signal import CountArray
from ecgd.node.feed import Feed, FeedBlock
from ecgd.protocol.command import (
    Answer,
    Command,
    CommandPacket,
    SelfTestPoint,
    judge_command,
)
from ecgd.protocol.decoder import BlockDecoder
from ecgd.protocol.encoder import BlockEncoder
from ecgd.protocol.hello import fs_to_mhz
from ecgd.protocol.seal import LinkKey

FS_HZ: Final = 250.0
PACKET_SAMPLES: Final = 25
COUNTS_PER_MV: Final = 400.0
ADC_BITS: Final = 12
FIRMWARE: Final = "simulated 1.0"
BOOT_S: Final = 0.3
"""From a reset to the first hello."""

BUFFER_SIZE: Final = 384
"""Bytes of the transmit buffer, as a small microcontroller can spare."""

_COUNT_RANGE: Final = (-(1 << (ADC_BITS - 1)), (1 << (ADC_BITS - 1)) - 1)
_SELF_TEST_MV: Final = 1.0
_SELF_TEST_HALF_PERIOD: Final = 125
_COUNT_MODULUS: Final = 0xFFFF
_BOOT_MODULUS: Final = 0x10000


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery that falls in a straight line from ``full_mv`` to ``empty_mv`` and stays there."""

    full_mv: float = 4100.0
    empty_mv: float = 3300.0
    decline_s: float = 8 * 3600.0

    def millivolts(self, time_s: float) -> int:
        """Return its voltage ``time_s`` after the start."""
        share = min(max(time_s / self.decline_s, 0.0), 1.0)
        return round(self.full_mv + share * (self.empty_mv - self.full_mv))


class Device(Protocol):
    """What the node plays. Times are seconds of the device's own clock since the start."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""

    @property
    def buffer_size(self) -> int:
        """Bytes that its transmit buffer holds."""

    @property
    def description(self) -> str:
        """What it is, for people."""

    def advance(self, time_s: float) -> list[bytes]:
        """Return the packets that are complete by now."""

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes from the host and return the answers."""

    def reset(self, time_s: float) -> None:
        """Start anew."""

    def overran(self) -> None:
        """Count one packet that found no room in the transmit buffer."""


class SimulatedDevice:
    """Samples at 250 Hz by its own clock, speaks ``block`` and obeys commands.

    ``boot`` is the number of its first run, each reset takes the next one. With a ``key`` it seals
    its packets. ``tell`` gets what a bystander would see (the LED).
    """

    def __init__(
        self,
        feed: Feed,
        device_id: str,
        battery: Battery,
        *,
        boot: int = 0,
        key: LinkKey | None = None,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._feed = feed
        self._boot_number = boot - 1
        self._key = key
        self._tell = tell
        self._battery = battery
        self.info = DeviceInfo(
            device_id=device_id,
            fs_hz=FS_HZ,
            leads=feed.leads,
            counts_per_mv=COUNTS_PER_MV,
            adc_bits=ADC_BITS,
            firmware=FIRMWARE,
            highpass_hz=0.0,
            lowpass_hz=100.0,
            input_range_mv=-_COUNT_RANGE[0] / COUNTS_PER_MV,
        )
        self.ended = False
        self._greeted = False
        self._position = 0
        self._time_s = 0.0
        self._electrodes_off: frozenset[str] = frozenset()
        self._boot(0.0, "power_on", ready_s=0.0)

    @property
    def buffer_size(self) -> int:
        return BUFFER_SIZE

    @property
    def description(self) -> str:
        return f"{self.info.device_id}: {','.join(self.info.leads)} at {self.info.fs_hz:g} Hz"

    def reset(self, time_s: float) -> None:
        """Start anew: counters and uptime begin at 0, a hello follows after the boot."""
        self._boot(time_s, "watchdog", ready_s=time_s + BOOT_S)

    def overran(self) -> None:
        """Count one packet that found no room in the transmit buffer."""
        self._overruns += 1

    def advance(self, time_s: float) -> list[bytes]:
        """Return the packets that are complete at ``time_s`` of the device's own clock."""
        self._time_s = time_s
        packets: list[bytes] = []
        if time_s < self._ready_s:
            return packets
        if not self._greeted:
            self._greeted = True
            self._skip_to(self._ready_s)
            packets.append(self._encoder.hello(self.info))
        while (self._position + PACKET_SAMPLES) / FS_HZ <= time_s and not self.ended:
            packets += self._next_samples()
            if self._encoder.counter % round(FS_HZ) == 0:
                packets.append(self._encoder.status(self._status()))
        return packets

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes from the host and return the answers."""
        if self._time_s < self._ready_s:
            return []
        answers: list[bytes] = []
        for packet in self._decoder.feed(data):
            if isinstance(packet, CommandPacket):
                answers += self._obey(packet)
        return answers

    def _boot(self, time_s: float, cause: str, *, ready_s: float) -> None:
        self._boot_number = (self._boot_number + 1) % _BOOT_MODULUS
        self._encoder = BlockEncoder(boot=self._boot_number, key=self._key)
        self._decoder = BlockDecoder()
        self._booted_s = time_s
        self._ready_s = ready_s
        self._reset_cause = cause
        self._greeted = False
        self._sending = True
        self._self_test = False
        self._overruns = 0
        self._saturated = 0

    def _skip_to(self, time_s: float) -> None:
        """The heart goes on while the device boots."""
        missed = int(time_s * FS_HZ) - self._position
        if missed > 0:
            self._position += missed
            self.ended = self._feed.take(missed) is None

    def _next_samples(self) -> list[bytes]:
        block = self._feed.take(PACKET_SAMPLES)
        if block is None:
            self.ended = True
            return []
        start = self._position
        self._position += PACKET_SAMPLES
        self._electrodes_off = block.electrodes_off
        counts = self._square_wave(start) if self._self_test else self._convert(block)
        if not self._sending:
            self._encoder.pass_over(PACKET_SAMPLES)
            return []
        return [self._encoder.samples(counts, self_test=self._self_test)]

    def _convert(self, block: FeedBlock) -> CountArray:
        """Return the converter's counts; where the source has nothing, the input is at its rail."""
        low, high = _COUNT_RANGE
        ideal = np.rint(np.where(block.valid, block.signal_mv * COUNTS_PER_MV, high + 1))
        self._saturated += int(np.count_nonzero((ideal < low) | (ideal > high)))
        return np.clip(ideal, low, high).astype(np.int32)

    def _square_wave(self, start: int) -> CountArray:
        phase = np.arange(start, start + PACKET_SAMPLES) // _SELF_TEST_HALF_PERIOD % 2
        row = (phase * _SELF_TEST_MV * COUNTS_PER_MV).astype(np.int32)
        return np.tile(row, (len(self.info.leads), 1))

    def _status(self) -> DeviceStatus:
        return DeviceStatus(
            battery_mv=self._battery.millivolts(self._time_s),
            electrodes_off=self._electrodes_off,
            saturated_count=self._saturated % _COUNT_MODULUS,
            overrun_count=self._overruns % _COUNT_MODULUS,
            uptime_s=int(self._time_s - self._booted_s),
            reset_cause=self._reset_cause,
            sending=self._sending,
            self_test=self._self_test,
        )

    def _obey(self, packet: CommandPacket) -> list[bytes]:
        answer, value = judge_command(packet), 0
        if answer is Answer.OK:
            answer, value = self._carry_out(packet)
        answers = [self._encoder.reply(packet, answer, value=value)]
        if answer is Answer.OK and packet.command is Command.HELLO:
            answers.append(self._encoder.hello(self.info))
        return answers

    def _carry_out(self, packet: CommandPacket) -> tuple[Answer, int]:
        match packet.command:
            case Command.HELLO:
                return Answer.OK, int(self._key is not None)
            case Command.START:
                self._sending = True
            case Command.STOP:
                self._sending = False
            case Command.SET_FS:
                own_mhz = fs_to_mhz(FS_HZ)
                done = packet.argument == own_mhz
                return (Answer.OK if done else Answer.NOT_SUPPORTED), own_mhz
            case Command.SELF_TEST:
                self._self_test = packet.argument == 1
                return Answer.OK, SelfTestPoint.BEFORE_AMPLIFIER if self._self_test else 0
            case Command.IDENTIFY:
                self._tell(f"identify: the LED blinks for {packet.argument} s")
            case _:
                pass
        return Answer.OK, 0
