"""Where the gateway is: reads gpsd's socket, which many satellite receivers are spoken to by.

The protocol is one JSON object a line (https://gpsd.io/gpsd_json.html, protocol 3): after WATCH
gpsd tells a TPV object, "time, position, velocity", for every fix and for every second without.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, Final

from ecgd.errors import SourceError
from ecgd.model.position import Position

WATCH: Final = b'?WATCH={"enable":true,"json":true};\n'

CONNECT_S: Final = 5.0
SILENT_S: Final = 60.0
"""gpsd that says nothing for so long is asked anew: a receiver without a fix talks all the time."""

PACE_S: Final = 0.25
"""What has come is looked at so often, and of it the newest position alone: no flood takes more."""

CHUNK_BYTES: Final = 65_536
LINE_MAX_BYTES: Final = 32_768
"""gpsd's own lines end before 16 KiB; what has none within twice that is no gpsd."""

LINES_MAX: Final = 64
"""So many lines of what has come are looked at, from the end."""

MODE_2D: Final = 2
SIMULATED: Final = 8
"""TPV ``mode`` from which there is a place, and the ``status`` of one that was made up."""


async def follow_gpsd(host: str, port: int) -> AsyncGenerator[Position | None, None]:
    """Yield the newest position of whatever comes, None where there is none among it.

    Raises OSError (TimeoutError too) when the line fails, SourceError when what is there is no
    gpsd. It never ends by itself.
    """
    async with asyncio.timeout(CONNECT_S):
        reader, writer = await asyncio.open_connection(host, port, limit=CHUNK_BYTES)
    try:
        writer.write(WATCH)
        rest = b""
        while True:
            async with asyncio.timeout(SILENT_S):
                chunk = await reader.read(CHUNK_BYTES)
            if not chunk:
                raise ConnectionResetError("gpsd has hung up")
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LINE_MAX_BYTES:
                raise SourceError(
                    f"{host}:{port} sends what is no line of gpsd",
                    "Check location.host and location.port",
                )
            yield newest_position(lines)
            await asyncio.sleep(PACE_S)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def newest_position(lines: list[bytes]) -> Position | None:
    """Return the last position that lines of gpsd tell; what is none is passed over."""
    found = (read_position(line) for line in reversed(lines[-LINES_MAX:]))
    return next((position for position in found if position is not None), None)


def read_position(line: bytes) -> Position | None:
    """Return the position of a TPV object; None: it is none, or holds none that is measured.

    The accuracy is ``eph`` where gpsd knows it, else that of both axes together.
    """
    report = _object(line)
    if report.get("class") != "TPV" or report.get("status") == SIMULATED:
        return None
    mode, latitude_deg = report.get("mode"), _number(report.get("lat"), 90.0)
    longitude_deg = _number(report.get("lon"), 180.0)
    if not isinstance(mode, int) or mode < MODE_2D:
        return None
    if latitude_deg is None or longitude_deg is None or latitude_deg == longitude_deg == 0.0:
        return None  # 0, 0 is what some receivers say while they know nothing
    time = report.get("time")
    receiver_time = time if isinstance(time, str) else ""
    return Position(
        latitude_deg, longitude_deg, _accuracy_m(report), receiver_time=receiver_time[:40]
    )


def _accuracy_m(report: dict[str, Any]) -> float | None:
    whole = _number(report.get("eph"))
    if whole is not None and whole > 0.0:
        return whole
    east, north = _number(report.get("epx")), _number(report.get("epy"))
    if east is None or north is None:
        return None
    return math.hypot(east, north) or None


def _object(line: bytes) -> dict[str, Any]:
    """Return a line's JSON object, empty for whatever else it is."""
    if b'"TPV"' not in line or len(line) > LINE_MAX_BYTES:
        return {}
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return report if isinstance(report, dict) else {}


def _number(value: object, most: float = math.inf) -> float | None:
    """Return a finite number between -most and most, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and abs(number) <= most else None
