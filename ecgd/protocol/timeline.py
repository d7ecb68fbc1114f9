"""Samples packets to absolute sample indices (docs/protocol.md, "Timeline")."""

from __future__ import annotations

import math
import zlib
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ecgd.protocol.clock import DeviceClock
from ecgd.protocol.hello import HelloPacket
from ecgd.protocol.samples import COUNTER_MODULUS, SamplesPacket
from ecgd.protocol.status import StatusPacket

REORDER_PACKETS: Final = 32
"""A packet further back in sequence than this is not a late one."""

REORDER_S: Final = 5.0
"""Nor is one that comes so long after the newest."""

NEAR_PACKETS: Final = 64
"""A loss of fewer packets is measured by the sequence number alone."""

EARLY_S: Final = 1.0
"""A counter may run ahead of the device's clock, as estimated, by this and ``DRIFT``."""

LATE_S: Final = 5.0
"""A packet may come behind the device's clock by this and ``DRIFT`` and still tell a long gap."""

OTHERS: Final = 4
"""So many lost packets may have been answers to the host, and half as many more a second."""

DRIFT: Final = 0.01
"""Trust in the estimated rate, as a share of the time since the last packet."""

_FULL_MODULUS: Final = 1 << 32


class PlacementKind(StrEnum):
    """Where a packet stands against those before it."""

    NEXT = "next"
    GAP = "gap"
    REPEAT = "repeat"
    RESET = "reset"


class ResetReason(StrEnum):
    """Why indices begin anew."""

    RESTARTED = "the device counts its samples anew"
    UNRESOLVED = "the outage was too long to measure"
    RATE_CHANGED = "the sampling rate has changed"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a packet's first sample stands.

    REPEAT: drop the packet, it is there already or came too late. RESET: ``origin`` is new and
    ``start_index`` is 0; indices of two origins must never be compared. GAP: exactly
    ``gap_samples`` are missing before ``start_index``.
    """

    kind: PlacementKind
    start_index: int
    gap_samples: int
    origin: int
    reason: ResetReason | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """One accepted packet: samples ``start`` to ``end`` (unwrapped; equal for a status)."""

    sequence: int
    start: int
    end: int
    digest: int

    def overtook(self, late: _Seen, largest: int) -> bool:
        """Whether ``late`` was sent shortly before, by its samples and by its sequence number."""
        places = (self.sequence - late.sequence) % 256
        return 0 < places < REORDER_PACKETS and 0 <= self.start - late.end <= places * largest


class Timeline:
    """Gives every samples packet of one device its absolute sample index.

    A short gap is measured by sequence number and 16-bit counter together, one beyond the
    counter's turn by the status' 32-bit counter or by the arrival time, where it leaves one answer
    only. Otherwise a new origin begins: never a wrong time. ``fs_hz`` is the nominal rate until a
    hello tells it. Times are monotonic seconds.
    """

    def __init__(self, fs_hz: float = 250.0) -> None:
        self._fs_hz = fs_hz
        self._clock = DeviceClock(fs_hz)
        self._opened = False
        self._origin = 0
        self._reason: ResetReason | None = None
        self._last_s = 0.0
        self._was_cut = False
        self._base = 0
        self._largest = 1
        self._smallest = 1
        self._expected: int | None = None
        self._full_offset: int | None = None
        self._boot: int | None = None
        self._uptime_s: int | None = None
        self._seen: deque[_Seen] = deque(maxlen=REORDER_PACKETS)

    @property
    def origin(self) -> int:
        """Number of the present origin; the first is 0."""
        return self._origin

    def place(self, packet: SamplesPacket, arrived_s: float) -> Placement:
        """Say where the samples of a packet stand that arrived at ``arrived_s``."""
        expected, count = self._expected, packet.sample_count
        digest = zlib.crc32(packet.counts.tobytes())
        if expected is None:
            return self._open(packet, digest, arrived_s)
        behind = self._behind(packet.counter, COUNTER_MODULUS)
        if self._is_stale(_Seen(packet.sequence, behind, behind + count, digest), arrived_s):
            return Placement(PlacementKind.REPEAT, behind - self._base, 0, self._origin)
        start = self._resolve(packet.counter, COUNTER_MODULUS, packet.sequence, arrived_s)
        if start is None or not self._is_same_run(packet.sequence, start):
            self._begin_anew(self._why_lost(arrived_s))
            return self._open(packet, digest, arrived_s)
        self._expected = start + count
        self._largest = max(self._largest, count)
        self._smallest = min(self._smallest, count)
        self._note(_Seen(packet.sequence, start, start + count, digest), arrived_s)
        kind = PlacementKind.GAP if start > expected else PlacementKind.NEXT
        return Placement(kind, start - self._base, start - expected, self._origin)

    def observe_status(self, packet: StatusPacket, arrived_s: float) -> None:
        """Learn the full counter; a restart shows as RESET when the next samples are placed."""
        counter, modulus = packet.counter, _FULL_MODULUS
        if self._full_offset is None:
            counter, modulus = counter % COUNTER_MODULUS, COUNTER_MODULUS
        else:
            counter -= self._full_offset
        digest = zlib.crc32(packet.to_bytes())
        if self._expected is not None and packet.boot == self._boot:
            behind = self._behind(counter, modulus)
            if self._is_stale(_Seen(packet.sequence, behind, behind, digest), arrived_s):
                return
        self._observe_run(packet.boot, packet.status.uptime_s)
        if self._expected is None:
            return
        reached = self._resolve(counter, modulus, packet.sequence, arrived_s)
        if reached is None:
            self._begin_anew(self._why_lost(arrived_s))
            self._observe_run(packet.boot, packet.status.uptime_s)
            return
        self._full_offset = packet.counter - reached
        self._note(_Seen(packet.sequence, reached, reached, digest), arrived_s)

    def observe_hello(self, packet: HelloPacket) -> None:
        """Learn of a restart or another rate; RESET follows when the next samples are placed."""
        self._observe_run(packet.boot, None)
        if packet.info.fs_hz != self._fs_hz:
            self._begin_anew(ResetReason.RATE_CHANGED)
            self._boot = packet.boot
            self._fs_hz = packet.info.fs_hz
            self._clock = DeviceClock(self._fs_hz)

    def observe_cut(self) -> None:
        """Learn that the line was cut: what comes next was not held up on its way."""
        self._was_cut = True

    def _open(self, packet: SamplesPacket, digest: int, arrived_s: float) -> Placement:
        kind, reason = PlacementKind.NEXT, None
        if self._opened:
            kind, reason = PlacementKind.RESET, self._reason
            self._origin += 1
        self._opened = True
        self._base = packet.counter
        self._expected = packet.counter + packet.sample_count
        self._largest = self._smallest = packet.sample_count
        self._note(_Seen(packet.sequence, self._base, self._expected, digest), arrived_s)
        return Placement(kind, 0, 0, self._origin, reason)

    def _begin_anew(self, reason: ResetReason) -> None:
        """The next samples open a new origin."""
        self._reason = reason
        self._expected = None
        self._full_offset = None
        self._boot = None
        self._uptime_s = None
        self._seen.clear()
        self._clock.restart()

    def _observe_run(self, boot: int, uptime_s: int | None) -> None:
        was_boot, was_up_s = self._boot, self._uptime_s
        fell = was_up_s is not None and uptime_s is not None and uptime_s < was_up_s
        if fell or was_boot not in {None, boot}:
            self._begin_anew(ResetReason.RESTARTED)
        self._boot = boot
        self._uptime_s = self._uptime_s if uptime_s is None else uptime_s

    def _note(self, seen: _Seen, arrived_s: float) -> None:
        self._seen.append(seen)
        self._last_s = arrived_s
        self._was_cut = False
        self._clock.observe(seen.end, arrived_s)

    def _resolve(self, counter: int, modulus: int, sequence: int, arrived_s: float) -> int | None:
        """Unwrap a counter at or after the newest packet; None: no answer, or more than one."""
        newest = self._seen[-1]
        first = newest.end + (counter - newest.end) % modulus
        lost = (sequence - newest.sequence - 1) % 256
        is_near = lost < NEAR_PACKETS and first - newest.end <= lost * self._largest
        reached = self._clock.index_at(arrived_s)
        if reached is None:
            return None
        slack_s = DRIFT * (arrived_s - self._last_s)
        ahead = reached + (EARLY_S + slack_s) * self._fs_hz - first
        turns = int(ahead // modulus)
        if is_near and not self._was_cut:
            return first if turns <= 0 else None
        tolerance = (EARLY_S + LATE_S + 2.0 * slack_s) * self._fs_hz
        fits = turns >= 0 and ahead - turns * modulus <= tolerance <= modulus / 2
        return first + turns * modulus if fits else None

    def _is_same_run(self, sequence: int, start: int) -> bool:
        """Whether about as many packets are missing as carry the missing samples.

        Two runs may lie so that a packet of the second fits behind the first by its counter; its
        sequence number, which begins elsewhere, hardly ever fits as well.
        """
        newest = self._seen[-1]
        lost = (sequence - newest.sequence - 1) % 256
        missing = start - newest.end
        statuses = missing / self._fs_hz
        fewest = math.ceil(missing / self._largest + statuses - OTHERS / 2)
        most = int(missing / self._smallest + 1.5 * statuses + OTHERS)
        return most - fewest >= 255 or (lost - fewest) % 256 <= most - fewest

    def _why_lost(self, arrived_s: float) -> ResetReason:
        silence_s = arrived_s - self._last_s
        is_long = silence_s * self._fs_hz > COUNTER_MODULUS / 2
        return ResetReason.UNRESOLVED if is_long else ResetReason.RESTARTED

    def _behind(self, counter: int, modulus: int) -> int:
        """Unwrap a counter at or before the newest packet."""
        newest = self._seen[-1].end
        return newest - (newest - counter) % modulus

    def _is_stale(self, late: _Seen, arrived_s: float) -> bool:
        """Whether this is a packet already seen, or one that was overtaken."""
        overtaken_by = (self._seen[-1].sequence - late.sequence) % 256
        if overtaken_by >= REORDER_PACKETS or arrived_s - self._last_s > REORDER_S:
            return False
        room = zip([None, *self._seen], self._seen, strict=False)
        return late in self._seen or any(
            (before is None or before.end <= late.start) and after.overtook(late, self._largest)
            for before, after in room
        )
