"""A line may bring more than any device sends, and not enough to starve the others."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
import tty

import pytest

from ecgd.model.link import BytesReceived, Received
from ecgd.sources.byte_line import STROKE_S
from ecgd.sources.read_budget import BURST_BYTES, RATE_BYTES_PER_S, ReadBudget
from ecgd.sources.serial_line import SerialSource

FASTEST_DEVICE_BYTES_PER_S = 13 * 1000


def test_the_fastest_device_is_never_paused() -> None:
    budget = ReadBudget()
    for tick in range(10_000):
        piece = FASTEST_DEVICE_BYTES_PER_S // 100
        assert budget.take(piece, tick / 100) == 0.0


def test_what_a_radio_held_back_for_half_a_minute_comes_at_once() -> None:
    budget = ReadBudget()
    assert sum(budget.take(4096, 5.0) for _ in range(30 * 960 // 4096)) == 0.0


def test_a_flood_gets_its_rate_and_no_more() -> None:
    budget = ReadBudget()
    now_s = taken = 0.0
    while now_s < 60.0:
        taken += 4096
        now_s += max(budget.take(4096, now_s), 0.0001)
    assert taken == pytest.approx(BURST_BYTES + 60 * RATE_BYTES_PER_S, rel=0.05)


def test_a_clock_that_stands_still_fills_nothing() -> None:
    budget = ReadBudget()
    while budget.take(4096, 7.0) == 0.0:
        pass
    assert budget.take(0, 7.0) > 0.0
    assert budget.take(0, 7.0 + BURST_BYTES / RATE_BYTES_PER_S) == 0.0


def test_lines_that_trickle_wake_the_loop_together_and_lose_nothing() -> None:
    ports = [os.openpty() for _ in range(5)]
    sent = [bytearray() for _ in ports]
    heard: list[bytearray] = [bytearray() for _ in ports]
    strokes: set[int] = set()
    reads = 0
    for _, theirs in ports:
        tty.setraw(theirs)

    def trickle() -> None:
        rng = random.Random(7)
        for _ in range(150):
            for number, (ours, _) in enumerate(ports):
                piece = rng.randbytes(9)
                sent[number] += piece
                os.write(ours, piece)
            time.sleep(0.005)

    async def story() -> None:
        nonlocal reads

        def hear(number: int, received: Received) -> None:
            nonlocal reads
            if isinstance(received, BytesReceived):
                reads += 1
                heard[number].extend(received.data)
                strokes.add(round(asyncio.get_running_loop().time() / STROKE_S))

        tasks = []
        for number, (_, theirs) in enumerate(ports):
            source = SerialSource(
                os.ttyname(theirs), 9600, clock=time.monotonic, rng=random.Random(0)
            )
            work = source.run(lambda received, number=number: hear(number, received))  # type: ignore[misc]
            tasks.append(asyncio.create_task(work))
        await asyncio.sleep(0.2)
        thread = threading.Thread(target=trickle)
        thread.start()
        while thread.is_alive() or heard != sent:
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()

    try:
        asyncio.run(asyncio.wait_for(story(), 20))
    finally:
        for port in ports:
            for descriptor in port:
                os.close(descriptor)
    assert heard == sent
    assert reads < 150 * len(ports)
    assert len(strokes) < reads / 2
