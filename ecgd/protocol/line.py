"""What a format costs on a serial line, so that a baud rate too low is refused beforehand."""

from __future__ import annotations

from typing import Final

from ecgd.protocol.frame import FRAME_OVERHEAD
from ecgd.protocol.hello import fs_to_mhz
from ecgd.protocol.samples import COUNTER_SIZE, MAX_PAYLOAD_SIZE, payload_size
from ecgd.protocol.six_lead import FRAME_SIZE
from ecgd.protocol.status import STATUS_PACKET_SIZE

MAX_LINE_LOAD: Final = 0.92
"""Share of the line that samples and statuses may take; hello and replies go into the rest."""

BITS_PER_BYTE: Final = 10
"""8N1: start bit, eight data bits, stop bit."""

PACKETS_PER_S: Final = 10
"""A packet holds at most 100 ms of signal."""


def samples_per_packet(fs_hz: float, lead_count: int, width_bits: int = 12) -> int:
    """Return the most samples per lead that one packet may hold: 100 ms, and its body's limit.

    Raises ProtocolError for a rate outside 50-1000 Hz.
    """
    in_time = fs_to_mhz(fs_hz) // (1000 * PACKETS_PER_S)
    in_body = MAX_PAYLOAD_SIZE * 8 // (lead_count * width_bits)
    return min(in_time, in_body)


def samples_packet_size(sample_count: int, lead_count: int, width_bits: int = 12) -> int:
    """Return the bytes of one samples packet on the line."""
    return FRAME_OVERHEAD + COUNTER_SIZE + payload_size(sample_count, lead_count, width_bits)


def bytes_per_second(fs_hz: float, lead_count: int, width_bits: int = 12) -> float:
    """Return the bytes per second of samples and the status; no signal needs more."""
    sample_count = samples_per_packet(fs_hz, lead_count, width_bits)
    packet_size = samples_packet_size(sample_count, lead_count, width_bits)
    return fs_hz / sample_count * packet_size + STATUS_PACKET_SIZE


def line_load(fs_hz: float, lead_count: int, width_bits: int, baud: int) -> float:
    """Return the share of an 8N1 line that this format takes; usable up to ``MAX_LINE_LOAD``."""
    return bytes_per_second(fs_hz, lead_count, width_bits) * BITS_PER_BYTE / baud


def six_lead_bytes_per_second(fs_hz: float) -> float:
    """Return the bytes per second of ``six-lead`` frames; there is nothing else on that line."""
    return fs_hz * FRAME_SIZE


def six_lead_load(fs_hz: float, baud: int) -> float:
    """Return the share of an 8N1 line that ``six-lead`` frames take."""
    return six_lead_bytes_per_second(fs_hz) * BITS_PER_BYTE / baud
