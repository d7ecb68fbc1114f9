"""The sans-IO decoder of ``six-lead`` frames: bytes in, samples and faults out."""

from __future__ import annotations

from typing import Final

from ecgd.protocol.decoder import NOISE_LIMIT, DecoderStatistics, Fault, FaultKind
from ecgd.protocol.identity_trust import IdentityTrust
from ecgd.protocol.phase_search import PhaseSearch
from ecgd.protocol.six_lead import (
    FRAME_SIZE,
    ByteOrder,
    Kept,
    SixLeadSamples,
    check_identities,
    decode_six_lead,
    sum_holds,
)

LOST_FRAMES: Final = 8
"""So many bad frames in a row, and the phase is looked for as if there had never been one."""

REGAIN_FRAMES_BY_SUM: Final = 3
"""Good sums in a row that confirm the known phase where no identity can."""

SEARCH_FRAMES: Final = 40
"""Frames' bytes that are kept while the phase is looked for; they are not lost once it is found."""

PHASE_LOST: Final = "the frame boundary was lost"
IDENTITY_BROKEN: Final = "a right sum, but the leads contradict each other"

SixLeadEvent = SixLeadSamples | Fault


class SixLeadDecoder:
    """Finds the frames of one line, though nothing marks where they begin.

    The phase is proved by frames in a row (``PhaseSearch``). While it is known, a bad frame holds
    back what follows: the phase is confirmed by the next good frames, or another one is proved, and
    the frames that proved it are delivered. So a lost byte costs the frame it was in. Holds at most
    520 bytes; work is linear; the events, joined, do not depend on how the bytes were split.
    """

    def __init__(self, *, byte_order: ByteOrder = "little", baseline_counts: int = 0) -> None:
        self._byte_order: ByteOrder = byte_order
        self._baseline_counts = baseline_counts
        self._buffer = bytearray()
        self._trust = IdentityTrust()
        self._search: PhaseSearch | None = self._new_search()
        self._has_prior = False
        self._bad_in_row = 0
        self._newest = b""
        self._accepted = bytearray()
        self._noise = 0
        self._noise_sum_errors = 0
        self._noise_detail = ""
        self._bytes_in = 0
        self._bytes_discarded = 0
        self._bytes_checked = 0
        self._frames = 0
        self._sum_errors = 0
        self._refused = 0

    @property
    def locked(self) -> bool:
        """Whether the phase is known and not in doubt."""
        return self._search is None

    @property
    def trusted_identities(self) -> tuple[str, ...]:
        """Identities that this device keeps, so that a frame that breaks one is refused."""
        return self._trust.trusted

    @property
    def statistics(self) -> DecoderStatistics:
        """The account so far. A packet is a frame.

        ``crc_errors`` counts bad sums at a known phase, and each loss of the phase as one.
        """
        return DecoderStatistics(
            bytes_in=self._bytes_in,
            bytes_accepted=self._frames * FRAME_SIZE,
            bytes_discarded=self._bytes_discarded,
            bytes_pending=len(self._buffer),
            bytes_checked=self._bytes_checked,
            packets=self._frames,
            crc_errors=self._sum_errors,
            refused=self._refused,
        )

    def feed(self, data: bytes) -> tuple[SixLeadEvent, ...]:
        """Take bytes as they come, in any split, and return what they complete, in order."""
        self._bytes_in += len(data)
        self._buffer += data
        events: list[SixLeadEvent] = []
        progress = True
        while progress:
            search = self._search
            progress = self._take_frames(events) if search is None else self._look(search, events)
        self._tell_samples(events)
        return tuple(events)

    def reset(self) -> tuple[SixLeadEvent, ...]:
        """Close the account of a line that was cut: what comes next may begin in mid-frame."""
        events: list[SixLeadEvent] = []
        self._discard(len(self._buffer), events)
        self._end_noise(events)
        self._buffer.clear()
        self._search = self._new_search()
        self._has_prior = False
        return tuple(events)

    def _new_search(self) -> PhaseSearch:
        return PhaseSearch(self._byte_order, self._baseline_counts)

    def _take_frames(self, events: list[SixLeadEvent]) -> bool:
        """Accept frames at the known phase; return True at a bad one: there is doubt now."""
        at, size = 0, len(self._buffer)
        doubt = False
        while size - at >= FRAME_SIZE and not doubt:
            frame = bytes(self._buffer[at : at + FRAME_SIZE])
            self._bytes_checked += FRAME_SIZE
            kept = self._check(frame)
            doubt = not sum_holds(frame) or not self._trust.allows(kept)
            if not doubt:
                self._trust.note_good_sum(kept)
                self._accept(frame, events)
                at += FRAME_SIZE
        del self._buffer[:at]
        if doubt:
            self._search, self._has_prior, self._bad_in_row = self._new_search(), True, 0
        return doubt

    def _look(self, search: PhaseSearch, events: list[SixLeadEvent]) -> bool:
        """Look for the phase; return True once it is known."""
        while search.scanned < len(self._buffer):
            if search.scanned >= SEARCH_FRAMES * FRAME_SIZE:
                self._discard(FRAME_SIZE, events)
                del self._buffer[:FRAME_SIZE]
                search.forget(FRAME_SIZE)
            good = search.scan_next(self._buffer)
            self._bytes_checked += 1
            phase = search.scanned % FRAME_SIZE
            if self._has_prior and phase == 0 and self._confirms(search, good):
                self._settle(search.scanned, events)
                return True
            if good and search.proves(phase):
                self._lock(search, phase, events)
                return True
        return False

    def _confirms(self, search: PhaseSearch, good: bool) -> bool:
        """Judge a frame at the phase known so far; tell whether it is right after all."""
        end = search.scanned
        frame = bytes(self._buffer[end - FRAME_SIZE : end])
        if not good:
            self._trust.note_bad_sum()
        elif self._vouches(search, frame):
            return True
        self._bad_in_row += 1
        if self._bad_in_row >= LOST_FRAMES:
            self._has_prior = False
            self._noise_detail = PHASE_LOST
            self._note_sum_error()
        return False

    def _vouches(self, search: PhaseSearch, frame: bytes) -> bool:
        kept = self._check(frame)
        self._trust.note_good_sum(kept)
        if self._trust.trusted:
            return self._trust.allows(kept)
        if frame == self._newest:
            return True
        return search.run(0) >= REGAIN_FRAMES_BY_SUM and not search.has_rival(0)

    def _lock(self, search: PhaseSearch, phase: int, events: list[SixLeadEvent]) -> None:
        if self._has_prior and phase != 0:
            self._noise_detail = PHASE_LOST
            self._note_sum_error()
        end = search.scanned
        start = end - FRAME_SIZE * min(search.run(phase), end // FRAME_SIZE)
        proof = [self._check(frame) for frame in self._frames_of(start, end)]
        if not search.proves_by_sum(phase):
            # A frame before these may have passed by chance.
            others = [number for number, kept in enumerate(proof) if not all(kept)]
            proof = proof[max(others, default=-1) + 1 :]
        self._trust.begin(proof)
        self._settle(end, events)

    def _settle(self, end: int, events: list[SixLeadEvent]) -> None:
        """Accept the good frames that end at ``end``, discard what is before them."""
        start = end
        while start >= FRAME_SIZE and self._is_good(start - FRAME_SIZE):
            start -= FRAME_SIZE
        if self._has_prior and start % FRAME_SIZE == 0:
            for frame in self._frames_of(0, start):
                self._refuse(frame, events)
        else:
            self._discard(start, events)
        for frame in self._frames_of(start, end):
            self._accept(frame, events)
        del self._buffer[:end]
        self._search, self._has_prior = None, False

    def _is_good(self, start: int) -> bool:
        frame = bytes(self._buffer[start : start + FRAME_SIZE])
        return sum_holds(frame) and self._trust.allows(self._check(frame))

    def _frames_of(self, start: int, end: int) -> list[bytes]:
        return [bytes(self._buffer[at : at + FRAME_SIZE]) for at in range(start, end, FRAME_SIZE)]

    def _check(self, frame: bytes) -> Kept:
        return check_identities(frame, self._byte_order, self._baseline_counts)

    def _accept(self, frame: bytes, events: list[SixLeadEvent]) -> None:
        self._end_noise(events)
        self._accepted += frame
        self._newest = frame
        self._frames += 1

    def _refuse(self, frame: bytes, events: list[SixLeadEvent]) -> None:
        """Discard one whole frame."""
        if not sum_holds(frame):
            self._note_sum_error()
            self._discard(FRAME_SIZE, events)
            return
        self._end_noise(events)
        self._tell_samples(events)
        self._refused += 1
        self._bytes_discarded += FRAME_SIZE
        events.append(Fault(FaultKind.CONTENT, FRAME_SIZE, detail=IDENTITY_BROKEN))

    def _note_sum_error(self) -> None:
        self._sum_errors += 1
        self._noise_sum_errors += 1

    def _discard(self, size: int, events: list[SixLeadEvent]) -> None:
        if size:
            self._tell_samples(events)
        self._bytes_discarded += size
        self._noise += size
        while self._noise >= NOISE_LIMIT:
            events.append(self._noise_fault(NOISE_LIMIT))
            self._noise -= NOISE_LIMIT
            self._noise_sum_errors = 0

    def _end_noise(self, events: list[SixLeadEvent]) -> None:
        if self._noise:
            events.append(self._noise_fault(self._noise))
        self._noise = 0
        self._noise_sum_errors = 0
        self._noise_detail = ""

    def _noise_fault(self, size: int) -> Fault:
        return Fault(FaultKind.NOISE, size, self._noise_sum_errors, self._noise_detail)

    def _tell_samples(self, events: list[SixLeadEvent]) -> None:
        """Hand over the samples accepted so far: something follows them, or the bytes are over."""
        if self._accepted:
            counts = decode_six_lead(bytes(self._accepted), self._byte_order)
            events.append(SixLeadSamples(counts))
            self._accepted.clear()
