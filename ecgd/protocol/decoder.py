"""The sans-IO decoder: bytes in, packets and faults out (docs/protocol.md, "Resynchronisation")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ecgd.errors import ProtocolError
from ecgd.protocol.command import (
    COMMAND_BODY_SIZE,
    REPLY_BODY_SIZE,
    CommandPacket,
    ReplyPacket,
)
from ecgd.protocol.frame import (
    FRAME_OVERHEAD,
    MAX_BODY_SIZE,
    SAMPLES_BIT,
    SYNC,
    TYPE_MASK,
    VERSION,
    VERSION_SHIFT,
    Frame,
    PacketType,
    crc_holds,
    open_frame,
)
from ecgd.protocol.hello import HELLO_MAX_BODY_SIZE, HELLO_MIN_BODY_SIZE, HelloPacket
from ecgd.protocol.samples import (
    COUNTER_SIZE,
    MAX_LEADS,
    SamplesPacket,
    samples_format,
    samples_in_payload,
)
from ecgd.protocol.seal_guard import Guard, RecordedGuard, Verdict
from ecgd.protocol.status import STATUS_BODY_SIZE, StatusPacket

Packet = SamplesPacket | StatusPacket | HelloPacket | ReplyPacket | CommandPacket

NOISE_LIMIT: Final = 4096
"""A run of noise is reported at the latest when it has grown to so many bytes."""

_SYNC_BYTE: Final = bytes((SYNC,))
_DECODERS: Final[dict[int, Callable[[Frame], Packet]]] = {
    PacketType.HELLO: HelloPacket.from_frame,
    PacketType.STATUS: StatusPacket.from_frame,
    PacketType.REPLY: ReplyPacket.from_frame,
    PacketType.COMMAND: CommandPacket.from_frame,
}
_BODY_SIZES: Final[dict[int, tuple[int, int]]] = {
    PacketType.HELLO: (HELLO_MIN_BODY_SIZE, HELLO_MAX_BODY_SIZE),
    PacketType.STATUS: (STATUS_BODY_SIZE, STATUS_BODY_SIZE),
    PacketType.REPLY: (REPLY_BODY_SIZE, REPLY_BODY_SIZE),
    PacketType.COMMAND: (COMMAND_BODY_SIZE, COMMAND_BODY_SIZE),
}
_ANY_BODY_SIZE: Final = (0, MAX_BODY_SIZE)


class FaultKind(StrEnum):
    """Why bytes were discarded; all but NOISE are whole packets with a right CRC.

    AUTHENTICATION: with a key, a packet that has no tag, or one that was here before.
    """

    NOISE = "noise"
    VERSION = "version"
    TYPE = "type"
    CONTENT = "content"
    AUTHENTICATION = "authentication"


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that gave no packet.

    NOISE stands for a whole run between two packets and comes when the run ends, or has grown to
    ``NOISE_LIMIT`` bytes; ``crc_errors`` counts the candidates in it whose CRC was wrong. So the
    faults do not depend on how the bytes were split.
    """

    kind: FaultKind
    discarded: int
    crc_errors: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DecoderStatistics:
    """Account since the decoder was made: bytes_in = accepted + discarded + pending.

    ``bytes_checked`` counts the bytes that went through the CRC: the decoder's work.
    """

    bytes_in: int = 0
    bytes_accepted: int = 0
    bytes_discarded: int = 0
    bytes_pending: int = 0
    bytes_checked: int = 0
    packets: int = 0
    crc_errors: int = 0
    refused: int = 0


class BlockDecoder:
    """Finds every packet of one direction of one line.

    Holds at most one packet's length (250 bytes) between calls. A candidate whose CRC is wrong
    costs one byte, so no good packet is lost behind garbage or a false sync. With a ``guard`` only
    sealed packets are taken: CRC and tag stand in the same four bytes.
    """

    def __init__(self, guard: Guard | None = None) -> None:
        self._guard = guard
        self._buffer = bytearray()
        self._noise = 0
        self._noise_crc_errors = 0
        self._bytes_in = 0
        self._bytes_accepted = 0
        self._bytes_discarded = 0
        self._bytes_checked = 0
        self._packets = 0
        self._crc_errors = 0
        self._refused = 0

    @property
    def statistics(self) -> DecoderStatistics:
        """The account so far."""
        return DecoderStatistics(
            bytes_in=self._bytes_in,
            bytes_accepted=self._bytes_accepted,
            bytes_discarded=self._bytes_discarded,
            bytes_pending=len(self._buffer),
            bytes_checked=self._bytes_checked,
            packets=self._packets,
            crc_errors=self._crc_errors,
            refused=self._refused,
        )

    def feed(self, data: bytes) -> tuple[Packet | Fault, ...]:
        """Take bytes as they come, in any split, and return what they complete, in order."""
        self._bytes_in += len(data)
        self._buffer += data
        return tuple(self._drain(ended=False))

    def reset(self) -> tuple[Packet | Fault, ...]:
        """Close the account of a line that was cut: no byte will follow those pending.

        Returns packets that stood whole behind an unfinished candidate, then the last fault. What
        is still pending becomes discarded.
        """
        events = self._drain(ended=True)
        self._end_noise(events)
        return tuple(events)

    def _drain(self, *, ended: bool) -> list[Packet | Fault]:
        events: list[Packet | Fault] = []
        buffer = self._buffer
        at = 0
        while True:
            found = buffer.find(_SYNC_BYTE, at)
            start = found if found >= 0 else len(buffer)
            self._discard(start - at, events)
            at = start
            if found < 0:
                break
            size = _candidate_size(buffer, at)
            unfinished = size is None or at + size > len(buffer)
            if unfinished and not ended:
                break
            if unfinished or not size or not self._take(bytes(buffer[at : at + size]), events):
                self._discard(1, events)
                at += 1
            else:
                at += size
        del buffer[:at]
        return events

    def _take(self, candidate: bytes, events: list[Packet | Fault]) -> bool:
        """Return whether these bytes are one whole packet, of whatever worth."""
        self._bytes_checked += len(candidate)
        verdict = self._judge(candidate)
        if verdict is Verdict.DAMAGED:
            self._crc_errors += 1
            self._noise_crc_errors += 1
            return False
        self._end_noise(events)
        event = _decode(candidate)
        if verdict is not Verdict.GOOD:
            event = Fault(FaultKind.AUTHENTICATION, len(candidate), detail=verdict.value)
        if isinstance(event, Fault):
            self._refused += 1
            self._bytes_discarded += len(candidate)
        else:
            self._packets += 1
            self._bytes_accepted += len(candidate)
        events.append(event)
        return True

    def judge_by(self, guard: RecordedGuard) -> None:
        """Take the verdicts on sealed packets from a record."""
        self._guard = guard

    def _judge(self, candidate: bytes) -> Verdict:
        if self._guard is not None:
            return self._guard.judge(candidate)
        return Verdict.GOOD if crc_holds(candidate) else Verdict.DAMAGED

    def _discard(self, count: int, events: list[Packet | Fault]) -> None:
        self._bytes_discarded += count
        self._noise += count
        while self._noise >= NOISE_LIMIT:
            events.append(Fault(FaultKind.NOISE, NOISE_LIMIT, self._noise_crc_errors))
            self._noise -= NOISE_LIMIT
            self._noise_crc_errors = 0

    def _end_noise(self, events: list[Packet | Fault]) -> None:
        if self._noise:
            events.append(Fault(FaultKind.NOISE, self._noise, self._noise_crc_errors))
        self._noise = 0
        self._noise_crc_errors = 0


def _candidate_size(buffer: bytearray, at: int) -> int | None:
    """Size of the packet that seems to begin at this sync byte; 0: none; None: too early to say."""
    if len(buffer) - at < 2:
        return None
    version, kind = buffer[at + 1] >> VERSION_SHIFT, buffer[at + 1] & TYPE_MASK
    if not _may_begin(version, kind):
        return 0
    if len(buffer) - at < 3:
        return None
    body_size = buffer[at + 2]
    return FRAME_OVERHEAD + body_size if _may_have(version, kind, body_size) else 0


def _may_begin(version: int, kind: int) -> bool:
    if version != VERSION:
        return version > VERSION and kind == PacketType.HELLO
    if kind >= SAMPLES_BIT:
        return 1 <= samples_format(kind)[0] <= MAX_LEADS
    return kind > 0


def _may_have(version: int, kind: int, body_size: int) -> bool:
    if version == VERSION and kind >= SAMPLES_BIT:
        fits = samples_in_payload(body_size - COUNTER_SIZE, *samples_format(kind)) > 0
        return fits and body_size <= MAX_BODY_SIZE
    sizes = _BODY_SIZES if version == VERSION else {}
    shortest, longest = sizes.get(kind, _ANY_BODY_SIZE)
    return shortest <= body_size <= longest


def _decode(packet: bytes) -> Packet | Fault:
    version = packet[1] >> VERSION_SHIFT
    if version != VERSION:
        return Fault(FaultKind.VERSION, len(packet), detail=f"protocol version {version}")
    frame = open_frame(packet)
    decode = SamplesPacket.from_frame if frame.kind >= SAMPLES_BIT else _DECODERS.get(frame.kind)
    if decode is None:
        return Fault(FaultKind.TYPE, len(packet), detail=f"packet type {frame.kind}")
    try:
        return decode(frame)
    except ProtocolError as error:
        return Fault(FaultKind.CONTENT, len(packet), detail=error.what)
