"""Turns at the radio: one connection attempt at a time, in the order in which they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A lock that tells whether somebody waits for it: a controller pages one device at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0

    @property
    def is_wanted(self) -> bool:
        return self._waiting > 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Wait for the turn, and have it within the block."""
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._lock.release()
