"""One client's place in the live feed: bounded, and never waited for."""

from __future__ import annotations

import asyncio
import io
from collections import deque
from collections.abc import Callable
from typing import Final

from ecgd.model.live import LiveItem, Missed
from ecgd.sources.byte_log import ByteLogHeader, ByteLogWriter, Direction

ITEMS_MAX: Final = 256
"""A client may be so many items behind, 20 s of a patient; then the oldest go and are counted."""

BYTES_MAX: Final = 1 << 20
"""A recording may be so many bytes behind; then it ends, for it is whole or nothing."""


class _Place:
    """Wakes who waits, remembers the end, gives itself back once."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._wake = asyncio.Event()
        self._ended: str | None = None
        self._closed = False

    @property
    def ended(self) -> str | None:
        return self._ended

    def end(self, reason: str) -> None:
        """Let the client know, once it has taken what is there, that nothing more comes."""
        self._ended = self._ended or reason
        self._wake.set()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._release()

    async def _wait(self, patience_s: float) -> None:
        try:
            async with asyncio.timeout(patience_s):
                await self._wake.wait()
        except TimeoutError:
            return
        if self._ended is None:
            self._wake.clear()


class ItemStream(_Place):
    """A queue of items; what finds no room pushes the oldest out.

    ``pushed_out`` is called for each item that a client will miss.
    """

    def __init__(
        self,
        release: Callable[[], None],
        patient_id: str | None = None,
        pushed_out: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(release)
        self.patient_id = patient_id
        self._pushed_out = pushed_out
        self._items: deque[LiveItem] = deque()
        self._missed = 0

    def put(self, item: LiveItem) -> None:
        if len(self._items) >= ITEMS_MAX:
            self._items.popleft()
            self._missed += 1
            self._pushed_out()
        self._items.append(item)
        self._wake.set()

    async def take(self, patience_s: float) -> tuple[LiveItem, ...]:
        await self._wait(patience_s)
        taken = tuple(self._items)
        self._items.clear()
        if self._missed:
            taken = (Missed(self._missed), *taken)
            self._missed = 0
        return taken


class ByteTap(_Place):
    """The bytes of one line, encoded as a recording; one that is not taken in time is cut."""

    def __init__(self, release: Callable[[], None], header: ByteLogHeader) -> None:
        super().__init__(release)
        self._buffer = io.BytesIO()
        self._writer = ByteLogWriter(self._buffer, header)
        self._cut = False
        self._wake.set()

    @property
    def is_cut(self) -> bool:
        return self._cut

    def write(self, data: bytes, direction: Direction, now_s: float) -> None:
        """Take bytes that passed; where too many wait already the recording is cut here."""
        if self._ended is not None:
            return
        if self._buffer.tell() > BYTES_MAX:
            self._cut = True
            self.end(f"{BYTES_MAX} bytes waited and were not taken: the client is too slow")
            return
        self._writer.write(data, direction, now_s)
        self._wake.set()

    async def take(self, patience_s: float) -> bytes:
        await self._wait(patience_s)
        taken = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return taken
