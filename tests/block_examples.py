"""A small device and its packets, for every test of the block protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.signal import CountArray
from ecgd.protocol import (
    Answer,
    BlockDecoder,
    BlockEncoder,
    CommandPacket,
    Fault,
    HelloPacket,
    Packet,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
)

FS_HZ = 250.0
PACKET_SAMPLES = 25
PACKET_S = PACKET_SAMPLES / FS_HZ

INFO = DeviceInfo(
    device_id="node-07",
    fs_hz=FS_HZ,
    leads=("I", "II"),
    counts_per_mv=409.6,
    baseline_counts=-12,
    adc_bits=12,
    firmware="1.4.2",
    protocol="block 1.0",
    highpass_hz=0.05,
    lowpass_hz=150.0,
    input_range_mv=5.0,
    notch_on=True,
)

STATUS = DeviceStatus(
    battery_mv=3712,
    electrodes_off=frozenset({"RA", "LL"}),
    saturated_count=3,
    overrun_count=1,
    uptime_s=86_461,
    reset_cause="brown_out",
    electrodes_sensed=frozenset({"RA", "LA", "LL"}),
    sending=True,
    self_test=False,
)


def noise_counts(
    rng: np.random.Generator, lead_count: int = 2, samples: int = PACKET_SAMPLES, bits: int = 12
) -> CountArray:
    """Full-scale noise of shape (lead, sample): the worst signal for any coding."""
    limit = 1 << (bits - 1)
    return rng.integers(-limit, limit, (lead_count, samples), dtype=np.int32)


def one_of_each(rng: np.random.Generator) -> tuple[Packet, ...]:
    """One packet of each kind, samples in both widths."""
    return (
        HelloPacket(250, INFO, boot=513),
        SamplesPacket(251, 65_530, noise_counts(rng)),
        StatusPacket(252, 4_000_000_000, STATUS, boot=513),
        SamplesPacket(253, 19, noise_counts(rng, 3, 7, 16), width_bits=16, self_test=True),
        ReplyPacket(254, 17, 5, Answer.OK, 2),
        CommandPacket(255, 4, 500_000),
    )


def decode(data: bytes) -> tuple[Packet | Fault, ...]:
    """Everything that a whole line's bytes give."""
    decoder = BlockDecoder()
    return decoder.feed(data) + decoder.reset()


def packets_of(events: tuple[Packet | Fault, ...]) -> tuple[Packet, ...]:
    return tuple(event for event in events if not isinstance(event, Fault))


@dataclass(frozen=True, slots=True)
class Sent:
    """One packet as it left the device. ``index`` is the true index of its first sample."""

    data: bytes
    sent_s: float
    index: int


@dataclass(slots=True)
class SmallDevice:
    """Samples, a status each second, and a restart when told; knows the true time of each."""

    rng: np.random.Generator
    now_s: float = 100.0
    index: int = 0
    uptime_s: int = 0
    packets: int = 0
    boot: int = 1
    encoder: BlockEncoder = field(default_factory=lambda: BlockEncoder(boot=1))
    truth: dict[int, CountArray] = field(default_factory=dict)

    def start(self) -> Iterator[Sent]:
        """Hello and status, as after every reset."""
        yield Sent(self.encoder.hello(INFO), self.now_s, self.index)
        yield self.status()

    def run(self, packet_count: int) -> Iterator[Sent]:
        """So many packets of samples, with the statuses between."""
        for _ in range(packet_count):
            counts = noise_counts(self.rng)
            self.truth[self.index] = counts
            self.now_s += PACKET_S
            yield Sent(self.encoder.samples(counts), self.now_s, self.index)
            self.index += PACKET_SAMPLES
            self.packets += 1
            if self.packets % 10 == 0:
                self.uptime_s += 1
                yield self.status()

    def restart(self, down_s: float) -> None:
        """Reset: the counter begins at 0, the truth goes on."""
        self.boot += 1
        self.encoder = BlockEncoder(boot=self.boot)
        self.uptime_s = 0
        self.packets = 0
        self.now_s += down_s
        self.index += round(down_s * FS_HZ)

    def lose(self, packet_count: int) -> None:
        """As ``run``, but nobody hears it."""
        for _ in range(packet_count):
            self.encoder.drop(PACKET_SAMPLES)
            self.packets += 1
            if self.packets % 10 == 0:
                self.uptime_s += 1
                self.encoder.drop(0)
        self.now_s += packet_count * PACKET_S
        self.index += packet_count * PACKET_SAMPLES

    def pause(self, duration_s: int) -> None:
        """Sending is stopped: the counter runs on."""
        self.encoder.pass_over(round(duration_s * FS_HZ))
        self.index += round(duration_s * FS_HZ)
        self.now_s += duration_s
        self.uptime_s += duration_s

    def status(self) -> Sent:
        """A status out of turn."""
        status = DeviceStatus(battery_mv=3700, uptime_s=self.uptime_s)
        return Sent(self.encoder.status(status), self.now_s, self.index)
