"""A source by Bluetooth: lost lines come back, and soon enough."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable

import pytest
from bluez_air import NEEDED, Air, PlayedDevice

from ecgd.errors import SourceError
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received
from ecgd.sources import radio as radio_module
from ecgd.sources.bluetooth_line import BACKOFF, SILENCE_S, BluetoothSource
from ecgd.sources.radio import TURN_S, Radio
from ecgd.sources.reconnect import Line, LineEvent
from ecgd.sources.source import open_source

pytest_plugins = ("air_fixtures",)

OURS = "98:D3:31:F5:0A:7C"
URL = f"bluetooth://{OURS}"

TRAIN_S = 1.28
"""An adapter calls on one half of the frequencies for so long, then on the other; a device that
listens as usual (R1) listens once in as long. Bluetooth Core, Vol 2 Part B, 8.3."""

PAGE_S = 4 * TRAIN_S
"""How long an adapter calls (the usual page timeout)."""

SETUP_S = 0.4
"""From the answer to the first byte: authentication, service search, RFCOMM."""


def test_without_a_radio_it_is_refused() -> None:
    with pytest.raises(SourceError, match="for the daemon alone"):
        open_source(URL, clock=time.monotonic, rng=random.Random(0))


def calls_of(page_s: float, until_s: float, rng: random.Random) -> list[tuple[float, float]]:
    """Return from when to when a line that nobody answers is called; in virtual time."""
    line, _ = Line().step(LineEvent.START, 0.0, 0.5, BACKOFF)
    now_s, called = 0.0, []
    while now_s < until_s:
        called.append((now_s, now_s + page_s))
        line, _ = line.step(LineEvent.FAILED, now_s + page_s, rng.random(), BACKOFF)
        assert line.due_s is not None
        now_s = line.due_s
        line, _ = line.step(LineEvent.DUE, now_s, rng.random(), BACKOFF)
    return called


def heard_after_s(back_s: float, called: list[tuple[float, float]], rng: random.Random) -> float:
    """Return how long a device is not heard that is back at ``back_s``."""
    half, listens_s = rng.randrange(2), back_s + rng.uniform(0.0, TRAIN_S)
    while True:
        for begin_s, end_s in called:
            if begin_s <= listens_s < end_s and int((listens_s - begin_s) / TRAIN_S) % 2 == half:
                return listens_s + SETUP_S - back_s
        listens_s += TRAIN_S


@pytest.mark.parametrize(
    ("page_s", "share_late"), [(PAGE_S, 0.0), (TURN_S, 0.01)], ids=["alone", "others wait"]
)
def test_a_device_that_is_back_is_heard_within_5_s(page_s: float, share_late: float) -> None:
    rng = random.Random(7)
    called = calls_of(page_s, 400.0, rng)
    times_s = [heard_after_s(rng.uniform(20.0, 380.0), called, rng) for _ in range(3000)]
    late = sum(each > 5.0 for each in times_s)
    assert late <= share_late * len(times_s), max(times_s)
    assert statistics.median(times_s) < 2.5


class Heard:
    """What a source delivers, and waiting for some of it."""

    def __init__(self) -> None:
        self.received: list[Received] = []

    async def wait(self, what: Callable[[Received], bool], within_s: float = 8.0) -> Received:
        async with asyncio.timeout(within_s):
            while True:
                for each in self.received:
                    if what(each):
                        return each
                await asyncio.sleep(0.01)


def with_source(
    air: Air,
    work: Callable[[Heard, BluetoothSource], Awaitable[None]],
    silence_s: float = SILENCE_S,
) -> None:
    async def run() -> None:
        radio = Radio({OURS: "4711"}.get, bus_address=air.address)
        chance = random.Random(1)
        source = BluetoothSource(
            OURS, 0, radio, clock=time.monotonic, rng=chance, silence_s=silence_s
        )
        heard = Heard()
        task = asyncio.create_task(source.run(heard.received.append))
        try:
            await work(heard, source)
        finally:
            task.cancel()
            await asyncio.wait((task,))
            radio.close()

    asyncio.run(run())


@pytest.mark.debian(*NEEDED)
def test_a_line_that_is_lost_comes_back(air: Air, played: PlayedDevice) -> None:
    air.put(OURS, played.path)

    async def work(heard: Heard, source: BluetoothSource) -> None:
        await heard.wait(lambda each: isinstance(each, LinkOpened))
        far = played.answer()
        assert source.send(b"hello?")
        assert far.recv(10) == b"hello?"
        far.sendall(b"first")
        await heard.wait(lambda each: isinstance(each, BytesReceived) and each.data == b"first")
        await air.ask("TakeDevice", "s", OURS)
        played.drop()
        await air.ask("Drop", "s", OURS)
        closed = await heard.wait(lambda each: isinstance(each, LinkClosed))
        assert isinstance(closed, LinkClosed)
        assert "the other end is gone" in closed.reason
        assert not source.send(b"x")
        await asyncio.sleep(1.0)
        heard.received.clear()
        await air.ask("PutDevice", "ssss", OURS, "ecg", "4711", str(played.path))
        began_s = time.monotonic()
        far = await asyncio.to_thread(played.answer)
        far.sendall(b"again")
        await heard.wait(lambda each: isinstance(each, BytesReceived), 5.0)
        assert time.monotonic() - began_s < 5.0

    with_source(air, work)


@pytest.mark.debian(*NEEDED)
def test_a_silent_line_is_opened_anew(air: Air, played: PlayedDevice) -> None:
    """The adapter has not noticed that the device was switched off and on again."""
    air.put(OURS, played.path)
    assert SILENCE_S < 5.0

    async def work(heard: Heard, source: BluetoothSource) -> None:
        await heard.wait(lambda each: isinstance(each, LinkOpened))
        played.answer()
        closed = await heard.wait(lambda each: isinstance(each, LinkClosed))
        assert isinstance(closed, LinkClosed)
        assert "nothing came for 1.3 s" in closed.reason
        far = await asyncio.to_thread(played.answer)
        far.sendall(b"back")
        await heard.wait(lambda each: isinstance(each, BytesReceived))

    with_source(air, work, silence_s=1.3)
    calls = air.calls()
    assert f"Disconnect {OURS}" in calls[calls.index(f"ConnectProfile {OURS}") :]


@pytest.mark.debian(*NEEDED)
def test_why_there_is_no_line_is_told_once(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radio_module, "SEARCH_S", 0.1)

    async def work(heard: Heard, source: BluetoothSource) -> None:
        await asyncio.sleep(1.5)
        (closed,) = heard.received
        assert isinstance(closed, LinkClosed)
        assert f"{OURS} was not found" in closed.reason

    with_source(air, work)
