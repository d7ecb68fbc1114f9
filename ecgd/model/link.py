"""What a source hands over, and the link's account of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.signal import SampleBlock


@dataclass(frozen=True, slots=True)
class BytesReceived:
    """Bytes from the line, with their monotonic arrival."""

    data: bytes
    arrived_s: float


@dataclass(frozen=True, slots=True, eq=False)
class SamplesReceived:
    """Samples of a recording that needs no decoding; indices are the recording's own.

    ``status`` is what a device would report with them, None where nothing is known.
    """

    block: SampleBlock
    device: DeviceInfo
    status: DeviceStatus | None = None


@dataclass(frozen=True, slots=True)
class LinkOpened:
    """The source is open; data may follow."""

    arrived_s: float


@dataclass(frozen=True, slots=True)
class LinkClosed:
    """The source is gone; ``retry_s`` says when it is tried again, None: never (it has ended)."""

    arrived_s: float
    reason: str
    retry_s: float | None = None


Received = BytesReceived | SamplesReceived | LinkOpened | LinkClosed


class LinkState(StrEnum):
    """Where a patient's link stands."""

    CONNECTING = "connecting"
    UP = "up"
    SILENT = "silent"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LinkStatistics:
    """Every byte and sample accounted for: bytes_in = accepted + discarded + pending."""

    bytes_in: int = 0
    bytes_accepted: int = 0
    bytes_discarded: int = 0
    bytes_pending: int = 0
    packets: int = 0
    crc_errors: int = 0
    repeats_dropped: int = 0
    gaps: int = 0
    samples: int = 0
    samples_lost: int = 0
    resets: int = 0
    clock_ppm: float | None = None
