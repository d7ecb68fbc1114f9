from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing

import pytest

from ecgd.errors import SourceError
from ecgd.model.position import Position
from ecgd.sources import gpsd
from ecgd.sources.gpsd import follow_gpsd, newest_position, read_position

TPV = (
    b'{"class":"TPV","device":"/dev/pts/16","mode":3,"time":"2026-11-21T12:35:01.000Z","ept":0.005,'
    b'"lat":52.520000000,"lon":13.405000000,"altHAE":78.0000,"altMSL":34.0000,"alt":34.0000,'
    b'"epv":27.600,"track":0.0000,"speed":0.000,"climb":0.000,"epc":55.20,"eph":17.100,"sep":28.5}'
)
"""As gpsd 3.22 says it."""


def with_fields(**fields: object) -> bytes:
    report = json.loads(TPV) | fields
    return json.dumps({key: value for key, value in report.items() if value is not None}).encode()


def test_a_fix_is_read() -> None:
    assert read_position(TPV) == Position(
        52.52, 13.405, 17.1, receiver_time="2026-11-21T12:35:01.000Z"
    )


@pytest.mark.parametrize(
    ("fields", "accuracy_m"),
    [
        ({}, 17.1),
        ({"eph": None, "epx": 3.0, "epy": 4.0}, 5.0),
        ({"eph": None, "epx": 3.0}, None),
        ({"eph": 0.0}, None),
        ({"eph": -3}, None),
        ({"eph": "12"}, None),
        ({"eph": None}, None),
    ],
)
def test_how_far_off_it_may_be(fields: dict[str, object], accuracy_m: float | None) -> None:
    position = read_position(with_fields(**fields))
    assert position is not None
    assert position.accuracy_m == accuracy_m


@pytest.mark.parametrize(
    "line",
    [
        *(with_fields(mode=mode) for mode in (0, 1, True, "3", None)),
        *(with_fields(lat=lat) for lat in (90.001, -91, "52", None, True, 1e400, 10**400)),
        *(with_fields(lon=lon) for lon in (180.5, -181, "13", None)),
        with_fields(lat=0, lon=0.0),
        with_fields(status=8),
        with_fields(**{"class": "SKY"}),
        TPV[:-1],
        b'["TPV"]',
        b'"TPV"',
        b'"TPV"' + b"[" * 30_000,
        TPV + b" " * 40_000,
        b"\xff\xfe" + TPV,
        b"",
    ],
)
def test_what_is_no_measured_place_is_none(line: bytes) -> None:
    assert read_position(line) is None


def test_the_edge_of_the_earth_is_a_place() -> None:
    position = read_position(with_fields(lat=-90, lon=180, time=5))
    assert position == Position(-90.0, 180.0, 17.1)


def test_of_several_the_newest_counts_and_what_is_none_is_passed_over() -> None:
    old, new = with_fields(lat=1.5), with_fields(lat=2.5)
    found = newest_position([old, new, b'{"class":"SKY"}', with_fields(mode=1), b"\x00"])
    assert found is not None
    assert found.latitude_deg == 2.5
    assert newest_position([]) is None


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


async def heard_from(talk: Talk, count: int) -> tuple[list[Position | None], list[bytes]]:
    """Return the first answers of a server that talks so, and what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        talk(reader, writer)
        await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    heard: list[Position | None] = []
    async with server, asyncio.timeout(10), aclosing(follow_gpsd("127.0.0.1", port)) as told:
        async for position in told:
            heard.append(position)
            if len(heard) == count:
                break
    return heard, asked


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpsd, "PACE_S", 0.01)


def test_it_asks_to_watch_and_yields_what_comes() -> None:
    heard, asked = asyncio.run(heard_from(lambda _, out: out.write(TPV + b"\r\n"), 1))
    assert heard[0] is not None
    assert heard[0].longitude_deg == 13.405
    assert json.loads(asked[0].removeprefix(b"?WATCH=").rstrip(b";\n")) == {
        "enable": True,
        "json": True,
    }


def test_one_that_hangs_up_is_an_error_of_the_line() -> None:
    with pytest.raises(ConnectionResetError):
        asyncio.run(heard_from(lambda _, out: out.close(), 1))


def test_one_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpsd, "SILENT_S", 0.05)
    with pytest.raises(TimeoutError):
        asyncio.run(heard_from(lambda *_: None, 1))


def test_what_has_no_lines_is_no_gpsd_and_is_not_gathered() -> None:
    with pytest.raises(SourceError, match="no line of gpsd"):
        asyncio.run(heard_from(lambda _, out: out.write(b"x" * 1_000_000), 10_000))


def test_a_flood_is_looked_at_once_a_chunk() -> None:
    flood = (TPV + b"\n") * 500 + with_fields(lat=7.5) + b"\n"
    heard, _ = asyncio.run(heard_from(lambda _, out: out.write(flood), 3))
    assert len(flood) > 2 * gpsd.CHUNK_BYTES
    assert heard[-1] is not None
    assert heard[-1].latitude_deg == 7.5
