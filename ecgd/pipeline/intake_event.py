"""What an intake makes of what a source delivers."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.signal import SampleBlock, Window
from ecgd.protocol import Fault, ReplyPacket


@dataclass(frozen=True, slots=True, eq=False)
class WindowReady:
    """A window to be analysed."""

    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class SamplesPlaced:
    """Samples at their absolute indices, after a gap of ``gap_samples``."""

    block: SampleBlock
    device: DeviceInfo
    origin: int
    gap_samples: int


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """The device has said who it is and how it measures."""

    device: DeviceInfo
    origin: int


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """The device reported its status."""

    status: DeviceStatus
    arrived_s: float


@dataclass(frozen=True, slots=True)
class ReplySeen:
    """The device answered a command."""

    reply: ReplyPacket


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """Bytes were discarded."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class DeviceReset:
    """The sample count began anew: indices of before mean nothing any more."""

    origin: int
    reason: str


IntakeEvent = (
    WindowReady | SamplesPlaced | DeviceSeen | StatusSeen | ReplySeen | FaultSeen | DeviceReset
)
