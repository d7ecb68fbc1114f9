"""The fault light: lights a pin of its own when the daemon gives no sign of life."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from ecgd import __version__
from ecgd.alerts.beat import BeatListener
from ecgd.config.fault_light import FaultLightSettings
from ecgd.config.places import state_dir
from ecgd.errors import EcgdError
from ecgd.fault_light.lamp import Lamp
from ecgd.fault_light.reading import Reading, read_configuration
from ecgd.fault_light.vigil import Vigil
from ecgd.fault_light.watch import FaultLight
from ecgd.service.journal import priority, stderr_is_journal
from ecgd.service.notify import Notifier

_log = logging.getLogger("ecgd.fault_light")

RETRY_S = 5.0
"""A socket that cannot be made is tried again so often; the light is lit meanwhile."""


def main(arguments: list[str] | None = None) -> int:
    """Watch the daemon until SIGTERM or SIGINT; return the exit status."""
    options = _parser().parse_args(arguments)
    _start_log()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    reading = read_configuration(options.config)
    for problem in reading.problems:
        _log.error("%s", problem)
    _watch(_resolved(reading, options.state_dir), stop)
    return 0


def _watch(settings: FaultLightSettings, stop: threading.Event) -> None:
    started_s = time.monotonic()
    work_dir = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    lamp = Lamp(settings, work_dir, started_s)
    notifier = Notifier()
    _log.info(
        "the fault light watches: pin %d is lit after %g s of silence%s",
        settings.pin,
        settings.silence_s,
        f"; {lamp.fault}" if lamp.fault else "",
    )
    try:
        listener = _listen(settings, lamp, notifier, stop)
        if listener is None:
            return
        try:
            FaultLight(lamp, listener, Vigil(settings.silence_s, started_s), notifier).run(stop)
        finally:
            listener.close()
    finally:
        lamp.close()


def _listen(
    settings: FaultLightSettings, lamp: Lamp, notifier: Notifier, stop: threading.Event
) -> BeatListener | None:
    """Return the listener; while there can be none, nobody is heard and the light is lit."""
    told = ""
    while not stop.is_set():
        try:
            return BeatListener(settings.socket)
        except EcgdError as error:
            if str(error) != told:
                told = str(error)
                _log.critical("FAULT: %s", error)
            notifier.ready(f"FAULT: {error.what}")
        retry_s = time.monotonic() + RETRY_S
        while not stop.is_set() and (now_s := time.monotonic()) < retry_s:
            notifier.watchdog()
            due_s = lamp.step(lit=True, now_s=now_s)
            stop.wait(max(0.0, min(due_s, retry_s, now_s + 1.0) - time.monotonic()))
    return None


def _resolved(reading: Reading, configured: Path | None) -> FaultLightSettings:
    """Return the settings with absolute paths, as the daemon resolves its own."""
    base = state_dir(os.environ, str(configured or reading.state_dir)).expanduser().absolute()
    settings = reading.settings
    pulse_log = str(base / settings.pulse_log) if settings.pulse_log else ""
    return replace(settings, socket=str(base / settings.socket), pulse_log=pulse_log)


class _Lines(logging.Formatter):
    """Lines with systemd's level in front where the journal reads them (sd-daemon(3))."""

    def __init__(self, *, with_level: bool) -> None:
        super().__init__("%(message)s" if with_level else "%(asctime)s %(levelname)s %(message)s")
        self._with_level = with_level

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return f"<{priority(record.levelno)}>{line}" if self._with_level else line


def _start_log() -> None:
    output = logging.StreamHandler()
    output.setFormatter(_Lines(with_level=stderr_is_journal(os.environ, sys.stderr)))
    logging.basicConfig(level=logging.INFO, handlers=[output])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ecgd.fault_light",
        description="Lights a pin of its own when the daemon gives no sign of life.",
    )
    parser.add_argument("--config", type=Path, required=True, help="the daemon's configuration")
    parser.add_argument("--state-dir", type=Path, help="where relative paths lead")
    parser.add_argument("--version", action="version", version=f"ecgd {__version__}")
    return parser
