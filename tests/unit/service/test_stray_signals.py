"""What ends the daemon and what must not: real signals to this very process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterator

import pytest

from ecgd.service.signals import ENDING, STRAY, ignore_stray_signals, listen_for_signals


@pytest.fixture(autouse=True)
def dispositions() -> Iterator[None]:
    """Give every signal back what it did before."""
    before = {number: signal.getsignal(number) for number in (*ENDING, *STRAY)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def send(number: int) -> bool:
    loop = asyncio.get_running_loop()
    stop = listen_for_signals(loop)
    try:
        os.kill(os.getpid(), number)
        await asyncio.sleep(0.05)
        return stop.is_set()
    finally:
        for each in (*ENDING, *STRAY):
            loop.remove_signal_handler(each)


@pytest.mark.parametrize("number", ENDING)
def test_it_ends_when_asked(number: signal.Signals) -> None:
    assert asyncio.run(send(number))


@pytest.mark.parametrize("number", STRAY)
def test_a_stray_signal_is_told_and_ends_nothing(
    number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert not asyncio.run(send(number))
    assert f"{number.name} is ignored" in caplog.text


@pytest.mark.parametrize("number", STRAY)
def test_no_stray_signal_ends_a_daemon_that_starts(number: signal.Signals) -> None:
    ignore_stray_signals()
    os.kill(os.getpid(), number)
    assert signal.getsignal(number) is signal.SIG_IGN
