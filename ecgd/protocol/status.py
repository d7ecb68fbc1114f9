"""Status packets: once a second, how the device fares, and its full sample counter."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ecgd.errors import ProtocolError
from ecgd.model.device import DeviceStatus
from ecgd.protocol.frame import FRAME_OVERHEAD, Frame, PacketType, check_range, seal_frame

ELECTRODES: Final = ("RA", "LA", "LL", "RL")
"""Bit 0 to bit 3 of both halves of the electrode byte."""

RESET_CAUSES: Final = ("power_on", "external", "brown_out", "watchdog", "software")
"""Codes 1 to 5; 0: not reported; 15, and any code not listed: ``UNKNOWN_CAUSE``."""

UNKNOWN_CAUSE: Final = "unknown"

_BODY: Final = struct.Struct("<IHHBBHHI")
STATUS_BODY_SIZE: Final = _BODY.size
STATUS_PACKET_SIZE: Final = FRAME_OVERHEAD + STATUS_BODY_SIZE

_ALL_ELECTRODES: Final = frozenset(ELECTRODES)
_UNKNOWN_CAUSE_CODE: Final = 0x0F
_SENDING_BIT: Final = 0x10
_SELF_TEST_BIT: Final = 0x20
_NONE_16: Final = 0xFFFF
_NONE_32: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class StatusPacket:
    """One status.

    ``counter`` is the device counter (32 bits) of the next sample to be sent. ``boot`` is the
    number of the device's run: every reset changes it.
    """

    sequence: int
    counter: int
    status: DeviceStatus
    boot: int = 0

    def to_bytes(self) -> bytes:
        """Return the packet on the line; raises ProtocolError for what the format cannot carry."""
        status = self.status
        body = _BODY.pack(
            check_range("counter", self.counter, 0, 0xFFFFFFFF),
            check_range("boot", self.boot, 0, 0xFFFF),
            _number_or("battery_mv", status.battery_mv, _NONE_16),
            _electrodes_byte(status),
            _state_byte(status),
            _number_or("saturated_count", status.saturated_count, _NONE_16),
            _number_or("overrun_count", status.overrun_count, _NONE_16),
            _number_or("uptime_s", status.uptime_s, _NONE_32),
        )
        return seal_frame(PacketType.STATUS, self.sequence, body)

    @classmethod
    def from_frame(cls, frame: Frame) -> StatusPacket:
        """Decode a status frame; raises ProtocolError for a body of another length."""
        if len(frame.body) != STATUS_BODY_SIZE:
            raise ProtocolError(f"a status of {len(frame.body)} bytes")
        fields = _BODY.unpack(frame.body)
        counter, boot, battery_mv, electrodes, state, saturated, overruns, uptime_s = fields
        sensed = _electrode_names(electrodes >> 4)
        status = DeviceStatus(
            battery_mv=_none_if(battery_mv, _NONE_16),
            electrodes_off=_electrode_names(electrodes) & sensed if sensed else None,
            saturated_count=_none_if(saturated, _NONE_16),
            overrun_count=_none_if(overruns, _NONE_16),
            uptime_s=_none_if(uptime_s, _NONE_32),
            reset_cause=_cause_name(state & 0x0F),
            electrodes_sensed=sensed if sensed and sensed != _ALL_ELECTRODES else None,
            sending=bool(state & _SENDING_BIT),
            self_test=bool(state & _SELF_TEST_BIT),
        )
        return cls(frame.sequence, counter, status, boot)


def _number_or(what: str, number: int | None, none_code: int) -> int:
    return none_code if number is None else check_range(what, number, 0, none_code - 1)


def _none_if(number: int, none_code: int) -> int | None:
    return None if number == none_code else number


def _electrode_names(bits: int) -> frozenset[str]:
    return frozenset(name for bit, name in enumerate(ELECTRODES) if bits >> bit & 1)


def _electrode_bits(names: frozenset[str]) -> int:
    strangers = names - _ALL_ELECTRODES
    if strangers:
        raise ProtocolError(f"no such electrode: {', '.join(sorted(strangers))}", "Use RA LA LL RL")
    return sum(1 << bit for bit, name in enumerate(ELECTRODES) if name in names)


def _electrodes_byte(status: DeviceStatus) -> int:
    if status.electrodes_off is None:
        return 0
    sensed = _ALL_ELECTRODES if status.electrodes_sensed is None else status.electrodes_sensed
    if not status.electrodes_off <= sensed:
        raise ProtocolError("an electrode is off that is not sensed", "Name it in both sets.")
    return _electrode_bits(sensed) << 4 | _electrode_bits(status.electrodes_off)


def _state_byte(status: DeviceStatus) -> int:
    sending = _SENDING_BIT if status.sending else 0
    self_test = _SELF_TEST_BIT if status.self_test else 0
    return _cause_code(status.reset_cause) | sending | self_test


def _cause_code(cause: str | None) -> int:
    if cause is None:
        return 0
    if cause == UNKNOWN_CAUSE:
        return _UNKNOWN_CAUSE_CODE
    if cause not in RESET_CAUSES:
        raise ProtocolError(f"no such reset cause: {cause}", f"Use {', '.join(RESET_CAUSES)}.")
    return 1 + RESET_CAUSES.index(cause)


def _cause_name(code: int) -> str | None:
    if code == 0:
        return None
    return RESET_CAUSES[code - 1] if code <= len(RESET_CAUSES) else UNKNOWN_CAUSE
