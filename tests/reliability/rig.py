"""The daemon under trial, and what its pins, its database and its receiver saw."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from daemon_process import Daemon, Receiver, node, receiving, wait_for

from ecgd.alerts.pulse_log import PinChange, read_pulse_log
from ecgd.cli.client import Client, UnreachableError
from ecgd.errors import StoreError
from ecgd.store.entries import StoredAlert
from ecgd.store.reader import StoreReader

T = TypeVar("T")

PYTHON = (sys.executable, "-m")
STEMI = "synthetic:?st=inferior:0.4&rate=72"
SOUND_HEART = "synthetic:?rate=72"

HOLD_OFF: dict[str, float] = {
    "stemi_s": 0.0,
    "link_lost_s": 1.0,
    "electrode_off_s": 0.0,
}
"""Short, so that a trial does not take minutes; what is tried does not depend on them."""


def settings(webhook_urls: Sequence[str] = (), *, more: str = "", **hold_off: float) -> str:
    """Return a configuration of one patient at the simulated device."""
    held = "\n".join(f"{name} = {time_s}" for name, time_s in (HOLD_OFF | hold_off).items())
    webhooks = "".join(webhook(f"target{n}", url) for n, url in enumerate(webhook_urls))
    return f"""
[daemon]
log_file = "ecgd.log"
[analysis]
hop_s = 0.5
[proof]
enabled = false
[gpio]
factory = "mock"
pulse_log = "../pins.log"
[alarms.hold_off]
{held}
{more}
[[patients]]
id = "anna"
name = "Anna"
source = "serial:hc05?baud=9600"
{webhooks}
"""


def webhook(name: str, url: str, timeout_s: float = 10.0) -> str:
    """Return the section of one target."""
    return f"""
[[webhooks]]
name = "{name}"
url = "{url}"
secret_file = "secret"
least_severity = "LOW"
test_target = true
timeout_s = {timeout_s}
"""


class Rig(Daemon):
    """The daemon as a child process; ``start`` may put another program before it."""

    started_s = 0.0
    socket: Path | None = None

    def client(self) -> Client:
        return Client(self.socket or self.state_dir / "control.sock")

    def status(self) -> dict[str, Any] | None:
        try:
            return self.client().get("/v1/status")
        except UnreachableError:
            return None

    def start(self, *before: str, **environ: str) -> None:
        with self.output.open("a") as output:
            self.started_s = time.monotonic()
            self.process = subprocess.Popen(
                [*before, *self.command()],
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                env=environment(environ),
            )

    def command(self) -> list[str]:
        """Return the command line of the daemon."""
        where = ("--config", str(self.config), "--state-dir", str(self.state_dir))
        return [*PYTHON, "ecgd.service", *where]

    @property
    def database(self) -> Path:
        return self.state_dir / "ecgd.sqlite3"

    @property
    def pulse_log(self) -> Path:
        """Not in the state directory: the pins of a real gateway need no disk."""
        return self.state_dir.parent / "pins.log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def pulses(self, since_s: float = 0.0, channel: str = "buzzer") -> list[PinChange]:
        """Return when a pin went on."""
        try:
            changes = read_pulse_log(str(self.pulse_log))
        except (OSError, ValueError):
            return []
        return [c for c in changes if c.on and c.channel == channel and c.time_s >= since_s]

    def stored(self, after_id: int = 0) -> list[StoredAlert]:
        """Return the alerts on the disk, oldest first; none while they cannot be read."""
        try:
            found = StoreReader(self.database).alerts(after_id=after_id, limit=1_000_000)
        except StoreError:
            return []
        return list(reversed(found))

    def books(self) -> str:
        """Return the alarm books on the disk, as text."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT book FROM alarm_state").fetchall()
        return " ".join(str(row[0]) for row in rows)

    def part(self, name: str) -> dict[str, Any]:
        """Return what the daemon says of one of its parts."""
        status = self.status()
        parts: list[dict[str, Any]] = status["parts"] if status else []
        return next((part for part in parts if part["part"] == name), {})

    def samples(self) -> int:
        """Return how many samples the daemon has had from the device."""
        status = self.status()
        return int(status["patients"][0]["link"]["statistics"]["samples"]) if status else 0

    def wait_until_fed(self) -> None:
        self.wait_for(lambda: self.samples() > 0, "samples of the device")

    def wait_for(self, look: Callable[[], T | None], what: str, patience_s: float = 60.0) -> T:
        """Return the first truthy answer; where none comes, fail with what the daemon said."""
        try:
            return wait_for(look, what, patience_s)
        except AssertionError as late:
            raise AssertionError(f"{late}; the daemon said:\n{self.said()[-3000:]}") from late

    def all_alarms(self) -> list[dict[str, Any]]:
        """Return every alarm that is shown, whosever it is."""
        status = self.status()
        if not status:
            return []
        of_patients = (alarm for each in status["patients"] for alarm in each["alarms"])
        known = (*of_patients, *status["gateway_alarms"])
        return [alarm for alarm in known if alarm["state"] != "pending"]


@dataclass
class Stage:
    """A daemon with a device and a receiver; ``device`` can be taken away."""

    rig: Rig
    receiver: Receiver
    directory: Path
    stack: ExitStack
    _device: ExitStack | None = None

    def plug(self, source: str = STEMI, *words: str) -> None:
        """Switch a device on."""
        self._device = ExitStack()
        self.stack.callback(self.unplug)
        self._device.enter_context(node(self.directory, *words, source=source))

    def unplug(self) -> None:
        """Take the device away: its port is gone."""
        if self._device is not None:
            self._device.close()
        self._device = None

    def heard(self, event: str = "STEMI_DETECTED") -> int:
        """Return how many messages about such an event the receiver has had."""
        return sum(f'"{event}"'.encode() in body for body in self.receiver.bodies())

    def wait_for_alert(self, event: str = "STEMI_DETECTED", patience_s: float = 60.0) -> float:
        """Wait until an event reaches pins and receiver; return the monotonic time."""
        self.rig.wait_for(lambda: self.heard(event), event, patience_s)
        self.rig.wait_for(lambda: self.rig.pulses(self.rig.started_s), "the buzzer", patience_s)
        return time.monotonic()


@contextmanager
def staged(directory: Path, *, more: str = "", **hold_off: float) -> Iterator[Stage]:
    """Yield a daemon, not started, whose receiver works."""
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        rig = Rig(directory, settings([receiver.url], more=more, **hold_off))
        stack.callback(rig.end)
        yield Stage(rig, receiver, directory, stack)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the daemon's environment: what belongs to whoever runs the trial is not its."""
    dropped = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "JOURNAL_STREAM", "RUNTIME_DIRECTORY")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | dict(more)


def sound_database(path: Path) -> list[str]:
    """Return what a full check of a database finds."""
    with sqlite3.connect(path) as connection:
        lines = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    connection.close()
    return [] if lines == ["ok"] else lines
