"""The gateway's time zone is set while it runs: duty and quiet hours follow it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ecgd.service import watch
from ecgd.service.watch import Watch


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


def test_a_new_time_zone_counts_without_a_restart(zone: pytest.MonkeyPatch) -> None:
    zone.setattr(watch, "KEEP_BOOKS_S", 0.01)
    nobody = cast(Any, SimpleNamespace(subjects=lambda: (), overflowed=0))

    async def run() -> None:
        task = asyncio.create_task(Watch(nobody)._keep_books())
        zone.setenv("TZ", "Tokyo-9")
        assert datetime.now().astimezone().utcoffset() == timedelta(0), "read at the start alone"
        await asyncio.sleep(0.1)
        task.cancel()

    asyncio.run(run())
    assert datetime.now().astimezone().utcoffset() == timedelta(hours=9)
