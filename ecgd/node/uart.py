"""The device's serial port: a small buffer that empties at the line's real rate."""

from __future__ import annotations

from ecgd.protocol.line import BITS_PER_BYTE


class Uart:
    """Transmits 8N1 at ``baud``. Times are seconds on one clock that never goes back."""

    def __init__(self, baud: int, buffer_size: int) -> None:
        self._buffer_size = buffer_size
        self._bytes_per_s = baud / BITS_PER_BYTE
        self._buffer = bytearray()
        self._sent_until_s = 0.0

    @property
    def empty(self) -> bool:
        """Whether everything has left."""
        return not self._buffer

    def has_room(self, size: int) -> bool:
        """Whether ``size`` more bytes fit."""
        return len(self._buffer) + size <= self._buffer_size

    def put(self, data: bytes, now_s: float) -> None:
        """Queue bytes for which there is room."""
        if not self._buffer:
            self._sent_until_s = max(self._sent_until_s, now_s)
        self._buffer += data

    def take_sent(self, now_s: float) -> bytes:
        """Return the bytes whose stop bit has left by ``now_s``."""
        count = int((now_s - self._sent_until_s) * self._bytes_per_s + 1e-9)
        count = min(max(count, 0), len(self._buffer))
        sent = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._sent_until_s += count / self._bytes_per_s
        return sent

    def hold(self, now_s: float) -> None:
        """The other side takes nothing: no byte leaves before ``now_s``."""
        self._sent_until_s = max(self._sent_until_s, now_s)

    def clear(self) -> None:
        """Forget what has not left, in the middle of a packet if need be: a reset."""
        self._buffer.clear()
