"""How long an alarm takes, from the last byte that decides it to the buzzer and to the receivers.

The daemon runs as a process on seven simulated devices, with its networks, three targets (a
webhook, a phone's service, one that hangs) and recorded pins. Devices and receivers live in this
process and stamp what they write and read with the clock that the daemon has too.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench_daemon import COMMANDS, running, wait_until_up
from bench_episodes import Script, write_scripts
from bench_receiver import ANSWER_S, Notice, receiving
from bench_report import HANGS, PHONE, WEBHOOK, LatencyRun
from bench_trace import Raised, match, trace
from bench_ward import Monitor

from ecgd.alerts.patterns import Channel
from ecgd.alerts.pulse_log import read_pulse_log
from ecgd.cli.client import Client
from ecgd.errors import ControlError
from ecgd.model.finding import EventType

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures" / "recordings"

TICK_S = 0.01
ANSWERED_S = 0.4
"""An alarm sounds for so long before somebody acknowledges it."""

SETTLE_S = 2.0
STOP_S = 60.0


@dataclass(slots=True)
class _Room:
    """What happens while the run lasts."""

    monitors: tuple[Monitor, ...]
    notices: list[Notice] = field(default_factory=list)
    quiet_s: dict[str, float] = field(default_factory=dict)
    answering: set[asyncio.Task[None]] = field(default_factory=set)


def run_latency(seconds: float, models: Path | None = None) -> LatencyRun:
    """Let seven patients have their events for so long, and trace each alarm."""
    with tempfile.TemporaryDirectory(prefix="ecgd") as name:
        return asyncio.run(_run(seconds, models, Path(name)))


async def _run(seconds: float, models: Path | None, folder: Path) -> LatencyRun:
    scripts = write_scripts(seconds, folder, FIXTURES)
    room = _Room(
        tuple(
            Monitor(script, folder / script.patient_id, boot)
            for boot, script in enumerate(scripts, 1)
        )
    )
    client = Client(folder / "control.sock")
    async with AsyncExitStack() as stack:
        for monitor in room.monitors:
            stack.callback(monitor.close)

        def take(notice: Notice) -> None:
            room.notices.append(notice)
            if notice.target == WEBHOOK and notice.alert_id is not None:
                task = asyncio.create_task(_answer(client, notice.alert_id, room.quiet_s))
                room.answering.add(task)
                task.add_done_callback(room.answering.discard)

        urls = {
            target: await stack.enter_async_context(
                receiving(target, take, None if target == HANGS else ANSWER_S)
            )
            for target in (WEBHOOK, PHONE, HANGS)
        }
        config = folder / "bench.toml"
        config.write_text(_config(folder, urls, scripts, models), encoding="utf-8")
        command = [str(COMMANDS / "ecgd"), "--config", str(config), "--state-dir", str(folder)]
        process = stack.enter_context(running(command, folder / "said"))
        await asyncio.to_thread(wait_until_up, client, process)
        while process.poll() is None and not _move_on(room.monitors, seconds + SETTLE_S):
            await asyncio.sleep(TICK_S)
        if process.poll() is not None:
            sys.exit(f"the daemon ended by itself:\n{(folder / 'said').read_text()}")
        await asyncio.gather(*room.answering)
        diagnostics = await asyncio.to_thread(client.get, "/v1/diagnostics")
        process.terminate()
        await asyncio.to_thread(process.wait, STOP_S)
    return _reckon(room, diagnostics, folder)


def _move_on(monitors: Sequence[Monitor], seconds: float) -> bool:
    """Move the devices on; return whether each has run for so long."""
    for monitor in monitors:
        monitor.move_on(time.monotonic())
    began_s = [monitor.began_s for monitor in monitors if monitor.began_s is not None]
    return len(began_s) == len(monitors) and time.monotonic() - max(began_s) >= seconds


async def _answer(client: Client, alert_id: str, quiet_s: dict[str, float]) -> None:
    """Acknowledge an alarm a moment after it came, so that the next one is heard."""
    await asyncio.sleep(ANSWERED_S)
    route = f"/v1/alerts/{alert_id}/acknowledge"
    # Refused where it is over by now: a graver one has taken its place.
    with suppress(ControlError):
        await asyncio.to_thread(client.post, route, {"by": "bench"})
    quiet_s[alert_id] = time.monotonic()


def _config(
    folder: Path, urls: Mapping[str, str], scripts: Iterable[Script], models: Path | None
) -> str:
    """Return a configuration with the defaults of everything that alarms."""
    _write_secret(folder / "signing", "whsec_" + b64encode(bytes(range(32))).decode())
    _write_secret(folder / "token", "token=bench-token")
    lines = ["[daemon]", "simulated = true"]
    lines += ["[gpio]", 'factory = "mock"', f'pulse_log = "{folder / "pins.log"}"']
    if models is not None:
        lines += ["[ensemble]", f'models_dir = "{models}"']
    for target, url in urls.items():
        secret = "token" if target == PHONE else "signing"
        lines += ["[[webhooks]]", f'name = "{target}"', f'url = "{url}"', "test_target = true"]
        lines += ['least_severity = "LOW"', f'secret_file = "{folder / secret}"']
        lines += ['profile = "gotify"'] if target == PHONE else []
    for script in scripts:
        source = f"serial://{folder / script.patient_id}"
        lines += ["[[patients]]", f'id = "{script.patient_id}"', f'source = "{source}"']
    return "\n".join(lines) + "\n"


def _write_secret(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")


def _reckon(room: _Room, diagnostics: Mapping[str, Any], folder: Path) -> LatencyRun:
    raised = _read_raised(folder / "ecgd.sqlite3", room.quiet_s)
    changes = read_pulse_log(str(folder / "pins.log"))
    edges_s = [each.time_s for each in changes if each.on and each.channel == Channel.BUZZER]
    clocks = {monitor.script.patient_id: monitor.bytes for monitor in room.monitors}
    whole_s = {
        each.alert_id: clocks[each.patient_id].whole_s(each.end_index)
        for each in raised
        if each.end_index is not None
    }
    traced = trace(raised, whole_s, edges_s, room.notices)
    felt = [
        match(onset.episode, onset.patient_id, began_s, traced)
        for monitor in room.monitors
        for number, onset in enumerate(monitor.script.onsets)
        if (began_s := monitor.onset_s(number)) is not None
    ]
    hung = sum(notice.target == HANGS for notice in room.notices)
    return LatencyRun(traced, tuple(felt), hung, diagnostics)


def _read_raised(path: Path, quiet_s: Mapping[str, float]) -> tuple[Raised, ...]:
    """Read every alarm of the run, as the daemon has stored it."""
    asked = (
        "SELECT alert_id, users.patient_id, event_type, occurred_mono_s, sample_index"
        " FROM alerts JOIN users ON users.id = alerts.user_id ORDER BY occurred_mono_s"
    )
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return tuple(
            Raised(name, patient, EventType(kind), at_s, index, quiet_s.get(name, float("inf")))
            for name, patient, kind, at_s, index in database.execute(asked)
        )
