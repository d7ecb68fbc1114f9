"""Hello packets: who the device is, and what its counts mean."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ecgd.errors import ProtocolError
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import LIMB_LEADS
from ecgd.protocol.frame import (
    MINOR_VERSION,
    VERSION,
    Frame,
    PacketType,
    check_range,
    seal_frame,
)
from ecgd.protocol.samples import MAX_LEADS

LEAD_CODES: Final = (*LIMB_LEADS, "V1", "V2", "V3", "V4", "V5", "V6")
"""Lead names by their code on the line."""

MIN_FS_HZ: Final = 50.0
MAX_FS_HZ: Final = 1000.0
MAX_TEXT_SIZE: Final = 24

_FIXED: Final = struct.Struct("<BHBIBIhIIIB")
HELLO_MIN_BODY_SIZE: Final = _FIXED.size + 1 + 2 + 1
HELLO_MAX_BODY_SIZE: Final = _FIXED.size + MAX_LEADS + 2 + 2 * MAX_TEXT_SIZE

_NOTCH_BIT: Final = 0x01
_UNKNOWN: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class HelloPacket:
    """A device's identity, scale and front end.

    ``boot`` is the number of the device's run: every reset changes it. On the line frequencies
    have a resolution of 1 mHz, ``counts_per_mv`` of 0.001, and the input range (± so much) of 1 µV.
    """

    sequence: int
    info: DeviceInfo
    boot: int = 0

    def to_bytes(self) -> bytes:
        """Return the packet on the line; raises ProtocolError for what the format cannot carry."""
        info = self.info
        fixed = _FIXED.pack(
            MINOR_VERSION,
            check_range("boot", self.boot, 0, 0xFFFF),
            _NOTCH_BIT if info.notch_on else 0,
            fs_to_mhz(info.fs_hz),
            check_range("adc_bits", info.adc_bits, 8, 32),
            check_range("counts_per_mv in thousandths", _milli(info.counts_per_mv), 1, _UNKNOWN),
            check_range("baseline_counts", info.baseline_counts, -0x8000, 0x7FFF),
            _milli_or_unknown("highpass_hz in mHz", info.highpass_hz),
            _milli_or_unknown("lowpass_hz in mHz", info.lowpass_hz),
            _milli_or_unknown("input_range_mv in µV", info.input_range_mv),
            check_range("number of leads", len(info.leads), 1, MAX_LEADS),
        )
        leads = _lead_codes(info.leads)
        texts = _text("device_id", info.device_id, 1) + _text("firmware", info.firmware, 0)
        return seal_frame(PacketType.HELLO, self.sequence, fixed + leads + texts)

    @classmethod
    def from_frame(cls, frame: Frame) -> HelloPacket:
        """Decode a hello frame; raises ProtocolError when a field is outside its limits."""
        body = frame.body
        if not HELLO_MIN_BODY_SIZE <= len(body) <= HELLO_MAX_BODY_SIZE:
            raise ProtocolError(f"a hello of {len(body)} bytes")
        minor, boot, flags, fs_mhz, adc_bits, scale, baseline, *front_end, count = (
            _FIXED.unpack_from(body)
        )
        highpass_hz, lowpass_hz, input_range_mv = map(_known, front_end)
        leads, device_id, firmware = _variable_part(body[_FIXED.size :], count)
        info = DeviceInfo(
            device_id=device_id,
            fs_hz=_checked_fs(fs_mhz) / 1000.0,
            leads=leads,
            counts_per_mv=check_range("counts_per_mv", scale, 1, _UNKNOWN) / 1000.0,
            baseline_counts=baseline,
            adc_bits=check_range("adc_bits", adc_bits, 8, 32),
            firmware=firmware,
            protocol=f"block {VERSION}.{minor}",
            highpass_hz=highpass_hz,
            lowpass_hz=lowpass_hz,
            input_range_mv=input_range_mv,
            notch_on=bool(flags & _NOTCH_BIT),
        )
        return cls(frame.sequence, info, boot)


def fs_to_mhz(fs_hz: float) -> int:
    """Return a sampling rate as the line carries it; raises ProtocolError outside 50-1000 Hz."""
    return _checked_fs(_milli(fs_hz))


def _checked_fs(fs_mhz: int) -> int:
    return check_range("fs in mHz", fs_mhz, int(MIN_FS_HZ * 1000), int(MAX_FS_HZ * 1000))


def _milli(value: float) -> int:
    try:
        return round(value * 1000.0)
    except (ValueError, OverflowError):
        raise ProtocolError(f"{value} is not a number", "Give a finite one.") from None


def _milli_or_unknown(what: str, value: float | None) -> int:
    return _UNKNOWN if value is None else check_range(what, _milli(value), 0, _UNKNOWN - 1)


def _known(milli: int) -> float | None:
    return None if milli == _UNKNOWN else milli / 1000.0


def _lead_codes(leads: tuple[str, ...]) -> bytes:
    strangers = [lead for lead in leads if lead not in LEAD_CODES]
    if strangers or len(set(leads)) != len(leads):
        raise ProtocolError(
            f"leads {', '.join(leads)}", f"Name each once, out of {', '.join(LEAD_CODES)}."
        )
    return bytes(LEAD_CODES.index(lead) for lead in leads)


def _text(what: str, text: str, shortest: int) -> bytes:
    if not (shortest <= len(text) <= MAX_TEXT_SIZE and _is_plain(text.encode())):
        raise ProtocolError(
            f"{what} {text!r}", f"Use {shortest} to {MAX_TEXT_SIZE} printable ASCII characters."
        )
    return bytes((len(text),)) + text.encode()


def _is_plain(raw: bytes) -> bool:
    return all(0x20 <= byte <= 0x7E for byte in raw)


def _variable_part(rest: bytes, lead_count: int) -> tuple[tuple[str, ...], str, str]:
    check_range("number of leads", lead_count, 1, MAX_LEADS)
    codes, rest = rest[:lead_count], rest[lead_count:]
    if len(set(codes)) != lead_count or max(codes) >= len(LEAD_CODES):
        raise ProtocolError("leads repeated, missing or unknown")
    device_id, rest = _take_text(rest)
    firmware, rest = _take_text(rest)
    if rest or not device_id:
        raise ProtocolError("a hello with a wrong length or no device id")
    return tuple(LEAD_CODES[code] for code in codes), device_id, firmware


def _take_text(rest: bytes) -> tuple[str, bytes]:
    size = rest[0] if rest else MAX_TEXT_SIZE + 1
    raw = rest[1 : 1 + size]
    if size > MAX_TEXT_SIZE or len(raw) < size or not _is_plain(raw):
        raise ProtocolError("a text too long, cut short or not printable")
    return raw.decode("ascii"), rest[1 + size :]
