"""The receiver of sealed packets: takes what has the right tag, and nothing twice."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from ecgd.protocol.frame import (
    CRC_SIZE,
    FRAME_OVERHEAD,
    HEADER_SIZE,
    SAMPLES_BIT,
    TYPE_MASK,
    VERSION,
    VERSION_SHIFT,
    PacketType,
)
from ecgd.protocol.samples import (
    COUNTER_MODULUS,
    COUNTER_SIZE,
    samples_format,
    samples_in_payload,
)
from ecgd.protocol.seal import LinkKey, Mark

FULL_MODULUS: Final = 1 << 32
_COUNTS_AT: Final = HEADER_SIZE + COUNTER_SIZE
_HELLO_BOOT_AT: Final = HEADER_SIZE + 1
_STATUS_BOOT_AT: Final = HEADER_SIZE + 4


class Verdict(Enum):
    """What a candidate is."""

    GOOD = "good"
    DAMAGED = "neither CRC nor tag is right"
    UNSEALED = "a packet without authentication"
    REPLAYED = "a packet that was here before, or is older than one that was"


class SealGuard:
    """Judges the candidates of one line by the key, and remembers how far the device has come.

    ``mark`` is the place behind the newest samples that were accepted: nothing before it is
    taken again. A status or hello that tells of a later place is believed at once, but only
    samples that follow from it move the mark, so one packet that is right by chance cannot
    lock the device out.
    """

    def __init__(self, key: LinkKey, mark: Mark | None = None) -> None:
        self.heard: Callable[[Verdict], None] = lambda verdict: None
        """Is told of every verdict."""
        self._key = key
        self._mark = mark
        self._told: Mark | None = None
        self._greeted = False

    @property
    def mark(self) -> Mark | None:
        """The place behind the newest accepted samples; None before any."""
        return self._mark

    def __deepcopy__(self, memo: object) -> RecordedGuard:
        """Return what judges again as it will have been heard: no copy takes the key along."""
        return RecordedGuard()

    def judge(self, packet: bytes) -> Verdict:
        """Judge a candidate whose version, type and length are allowed, and learn from it."""
        verdict = self._judge(packet)
        self.heard(verdict)
        return verdict

    def _judge(self, packet: bytes) -> Verdict:
        crc = int.from_bytes(packet[-CRC_SIZE:], "little")
        tag = crc ^ zlib.crc32(packet[:-CRC_SIZE])
        kind = packet[1] & TYPE_MASK
        if packet[1] >> VERSION_SHIFT != VERSION:
            return Verdict.DAMAGED if tag else Verdict.GOOD
        if kind >= SAMPLES_BIT:
            verdict = self._judge_samples(packet, tag)
        elif kind == PacketType.STATUS:
            verdict = self._judge_status(packet, tag)
        elif kind == PacketType.HELLO:
            verdict = self._judge_hello(packet, tag)
        else:
            return Verdict.DAMAGED if tag else Verdict.GOOD
        return Verdict.UNSEALED if verdict is Verdict.DAMAGED and tag == 0 else verdict

    def _judge_samples(self, packet: bytes, tag: int) -> Verdict:
        low = int.from_bytes(packet[HEADER_SIZE:_COUNTS_AT], "little")
        known = [place for place in (self._told, self._mark) if place is not None]
        ahead = [_moved(place, (low - place.counter) % COUNTER_MODULUS) for place in known]
        behind = [_moved(place, -((place.counter - low) % COUNTER_MODULUS)) for place in known]
        tags = self._key.tags(packet, (*ahead, *behind))
        for place, right in zip(ahead, tags, strict=False):
            if tag == right:
                self._follow(place, packet)
                return Verdict.GOOD
        return Verdict.REPLAYED if tag in tags[len(ahead) :] else Verdict.DAMAGED

    def _follow(self, place: Mark, packet: bytes) -> None:
        """Move the mark behind accepted samples."""
        body_size = len(packet) - FRAME_OVERHEAD
        lead_count, width_bits = samples_format(packet[1] & TYPE_MASK)
        count = samples_in_payload(body_size - COUNTER_SIZE, lead_count, width_bits)
        self._mark = _moved(place, count)
        if self._told is not None and self._told.boot <= place.boot:
            self._told = None

    def _judge_status(self, packet: bytes, tag: int) -> Verdict:
        counter = int.from_bytes(packet[HEADER_SIZE:_STATUS_BOOT_AT], "little")
        place = Mark(_boot_at(packet, _STATUS_BOOT_AT), counter)
        if not self._is_right(packet, tag, place):
            return Verdict.DAMAGED
        told, mark = self._told, self._mark
        is_known = told is not None and told.boot == place.boot and place <= told
        # The first status of a run stands where its hello did.
        if (is_known and not self._greeted) or (mark is not None and place < mark):
            return Verdict.REPLAYED
        self._told, self._greeted = place, False
        return Verdict.GOOD

    def _judge_hello(self, packet: bytes, tag: int) -> Verdict:
        place = Mark(_boot_at(packet, _HELLO_BOOT_AT))
        if not self._is_right(packet, tag, place):
            return Verdict.DAMAGED
        told, mark = self._told, self._mark
        if mark is not None and place.boot < mark.boot:
            return Verdict.REPLAYED
        is_new = mark is None or place.boot > mark.boot
        if is_new and (told is None or told.boot != place.boot):
            self._told, self._greeted = place, True
        return Verdict.GOOD

    def _is_right(self, packet: bytes, tag: int, place: Mark) -> bool:
        return self._key.tags(packet, (place,)) == (tag,)


class RecordedGuard:
    """Gives the verdicts that a guard gave once, in their order: a replay has no key."""

    mark: Mark | None = None

    def __init__(self, verdicts: Iterable[Verdict] = ()) -> None:
        self._verdicts = deque(verdicts)

    def judge(self, packet: bytes) -> Verdict:
        """Return the next verdict; a candidate that was not there then counts as damaged."""
        return self._verdicts.popleft() if self._verdicts else Verdict.DAMAGED


Guard = SealGuard | RecordedGuard


def _moved(place: Mark, samples: int) -> Mark:
    return Mark(place.boot, (place.counter + samples) % FULL_MODULUS)


def _boot_at(packet: bytes, at: int) -> int:
    return int.from_bytes(packet[at : at + 2], "little")
