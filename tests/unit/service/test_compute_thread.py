"""One thread that computes for the loop, and keeps no process that is told to end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from functools import partial

import pytest

from ecgd.service.compute_thread import ComputeThread


def test_results_and_failures_come_back_in_order() -> None:
    async def story() -> None:
        thread = ComputeThread("sums")
        names = [await thread.compute(lambda: threading.current_thread().name) for _ in range(2)]
        assert names == ["sums", "sums"]
        jobs = [asyncio.create_task(thread.compute(partial(pow, k, 2))) for k in range(20)]
        assert await asyncio.gather(*jobs) == [k * k for k in range(20)]
        with pytest.raises(ZeroDivisionError):
            await thread.compute(lambda: 1 / 0)
        assert await thread.compute(lambda: 3) == 3
        thread.close()

    asyncio.run(story())


def test_who_does_not_wait_any_more_is_not_told() -> None:
    async def story() -> None:
        thread = ComputeThread("slow")
        go = threading.Event()
        waiting = asyncio.create_task(thread.compute(go.wait))
        await asyncio.sleep(0.01)
        waiting.cancel()
        go.set()
        assert await thread.compute(lambda: "next") == "next"
        thread.close()

    asyncio.run(story())


PROGRAM = """
import asyncio, threading
from ecgd.service.compute_thread import ComputeThread

async def story():
    asyncio.create_task(ComputeThread("stuck").compute(threading.Event().wait))
    await asyncio.sleep(0.05)

asyncio.run(story())
print("ended")
"""


def test_a_job_that_never_ends_keeps_no_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "ended\n"
