"""What the devices have really sent: the truth that every delivery is held against."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from chaos.numbers import Numbers, numbers_of
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.protocol.frame import SAMPLES_BIT, TYPE_MASK, PacketType, open_frame
from ecgd.protocol.samples import SamplesPacket
from ecgd.protocol.status import StatusPacket


@dataclass(frozen=True, slots=True)
class Whole:
    """A packet of samples on its way: where its first byte stands among all that were sent."""

    begin: int
    end: int
    number: int
    count: int


@dataclass(slots=True)
class Sent:
    """Every sample that was made, by its number, and every status and device there was."""

    capacity: int
    made: NDArray[np.bool_] = field(init=False)
    owner: NDArray[np.uint8] = field(init=False)
    names: list[str] = field(default_factory=lambda: [""])
    statuses: dict[str, set[DeviceStatus]] = field(default_factory=dict)
    infos: list[DeviceInfo] = field(default_factory=list)
    samples: int = 0
    packets: int = 0

    def __post_init__(self) -> None:
        self.made = np.zeros(self.capacity, dtype=np.bool_)
        self.owner = np.zeros(self.capacity, dtype=np.uint8)

    def are_real(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Say of each number whether a sample of it was made."""
        inside = numbers < self.capacity
        return inside & self.made[np.where(inside, numbers, 0)]

    def admit(self, info: DeviceInfo) -> None:
        """Take a device in."""
        self.names.append(info.device_id)
        self.statuses[info.device_id] = set()
        self.infos.append(info)

    def knows(self, device: DeviceInfo) -> bool:
        """Whether a device describes itself as one that there is."""
        return replace(device, protocol="") in self.infos

    def note(self, packet: bytes, device_id: str) -> tuple[int, int] | None:
        """Note what a device puts on the line; return number and count of a packet of samples."""
        self.packets += 1
        frame, kind = open_frame(packet), packet[1] & TYPE_MASK
        if kind == PacketType.STATUS:
            self.statuses[device_id].add(StatusPacket.from_frame(frame).status)
        if kind < SAMPLES_BIT:
            return None
        numbers = numbers_of(SamplesPacket.from_frame(frame).counts)
        self.take(int(numbers[0]), len(numbers), device_id)
        return int(numbers[0]), len(numbers)

    def take(self, number: int, count: int, device_id: str) -> None:
        """Note samples that were made."""
        self.made[number : number + count] = True
        self.owner[number : number + count] = self.names.index(device_id)
        self.samples += count
