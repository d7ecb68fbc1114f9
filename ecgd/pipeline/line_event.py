"""What one line of bytes says, in whichever protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ecgd.model.device import DeviceInfo
from ecgd.model.signal import BoolArray, CountArray
from ecgd.pipeline.intake_event import FaultSeen, ReplySeen, StatusSeen
from ecgd.protocol import Placement
from ecgd.protocol.decoder import DecoderStatistics


@dataclass(frozen=True, slots=True)
class DeviceDescribed:
    """The device, or the configuration, says what the counts mean."""

    device: DeviceInfo


@dataclass(frozen=True, slots=True, eq=False)
class SamplesDecoded:
    """Counts of shape (lead, sample) and where they stand; ``valid`` has shape (sample,)."""

    placement: Placement
    counts: CountArray
    valid: BoolArray
    arrived_s: float


LineEvent = DeviceDescribed | SamplesDecoded | StatusSeen | ReplySeen | FaultSeen


class Line(Protocol):
    """The receiving end of one protocol: decoder and timeline."""

    @property
    def statistics(self) -> DecoderStatistics:
        """Every byte accounted for."""

    @property
    def takes_commands(self) -> bool:
        """Whether the device can be asked for anything."""

    @property
    def awaits_hello(self) -> bool:
        """Whether the line was cut, and who is on it now has not been said again."""

    @property
    def authenticated(self) -> bool | None:
        """Whether the device has proved who it is; None: nobody asks for that."""

    @property
    def seal_trouble(self) -> str:
        """Why nothing of the device is authentic, or what it is in vain; empty: nothing."""

    @property
    def configured_device(self) -> DeviceInfo | None:
        """The device as far as it is known without its having said a word."""

    def receive(self, data: bytes, arrived_s: float) -> Iterator[LineEvent]:
        """Take bytes as they come and yield what they complete, in order."""

    def interrupt(self, now_s: float) -> Iterator[LineEvent]:
        """Learn that the line was cut; yield what is left."""
