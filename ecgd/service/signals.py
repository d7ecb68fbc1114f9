"""Which signals end the daemon, and which must not."""

from __future__ import annotations

import asyncio
import logging
import signal

from ecgd.service.logs import log_event

_log = logging.getLogger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT)

STRAY = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Each would end a program that does not expect it: a terminal that closes sends SIGHUP, and
scripts that turn log files over send any of them. Nobody is left unwatched because of that."""


def ignore_stray_signals() -> None:
    """Let no stray signal end the process while it starts."""
    for number in STRAY:
        signal.signal(number, signal.SIG_IGN)


def listen_for_signals(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set; tell of a stray signal, and go on."""
    stop = asyncio.Event()
    for number in ENDING:
        loop.add_signal_handler(number, stop.set)
    for number in STRAY:
        loop.add_signal_handler(number, _tell, number)
    return stop


def _tell(number: signal.Signals) -> None:
    log_event(
        _log,
        "signal",
        f"{number.name} is ignored: settings are read at the start only, restart to change them",
        level=logging.WARNING,
        signal=number.name,
    )
