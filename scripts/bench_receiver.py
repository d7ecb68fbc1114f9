"""A receiver of alerts that notes when the first byte of each request came."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

ANSWER_S = 0.05
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")


@dataclass(frozen=True, slots=True)
class Notice:
    """A request of one target; ``first_byte_s`` is monotonic, the alert None where none is told."""

    target: str
    first_byte_s: float
    alert_id: str | None


@asynccontextmanager
async def receiving(
    target: str, taken: Callable[[Notice], None], answer_s: float | None = ANSWER_S
) -> AsyncIterator[str]:
    """Serve until left, at the address that is yielded; ``answer_s`` None: never answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while first := await reader.read(1):
                first_byte_s = time.monotonic()
                body = await _rest(first, reader)
                taken(Notice(target, first_byte_s, find_alert(json.loads(body))))
                await asyncio.sleep(3600.0 if answer_s is None else answer_s)
                writer.write(_answer())
                await writer.drain()
        except (OSError, EOFError, asyncio.CancelledError):
            # Whoever gives up hangs up, in the middle if need be; and the run ends.
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def find_alert(body: Any) -> str | None:
    """Return the alert's id wherever it stands in what a target is sent; None: it does not."""
    if isinstance(body, dict):
        own = body.get("alert_id")
        if isinstance(own, str):
            return own
        body = list(body.values())
    found = (find_alert(each) for each in body) if isinstance(body, list) else ()
    return next((each for each in found if each is not None), None)


async def _rest(first: bytes, reader: asyncio.StreamReader) -> bytes:
    head = first + await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return await reader.readexactly(int(length[1])) if length else b"null"


def _answer() -> bytes:
    status, body = HTTPStatus.OK, b'{"id": 1}'
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
