"""What is seen from outside of a daemon that is stopped for a while, and what it makes of that."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon_process import receiving

from ecgd.alerts.pulse_log import PinChange, read_pulse_log
from reliability.bench import Bench
from reliability.rig import Rig, environment, staged
from reliability.row import Findings, Row

SILENCE_S = 15.0
"""The fault light's own default, which is promised."""

SECTIONS = """
[fault_light]
pin = 24
socket = "../fault.sock"
factory = "mock"
pulse_log = "../fault-pins.log"
[heartbeat]
url_file = "address"
every_s = 1
"""
HEART_S = 25.0
"""So long the device sends a sound heart; then an arrest and a loose electrode, for ten seconds."""

SOUND = "synthetic:?rate=72"
ARREST = "synthetic:?rhythm=asystole"
STALE = {"ASYSTOLE", "ELECTRODE_OFF", "PAUSE", "EXTREME_BRADYCARDIA"}


def try_stopped(bench: Bench) -> tuple[Row, ...]:
    """SIGSTOP for longer than the light waits; what the device sends then is old afterwards."""
    found = Findings()
    stopped_s = SILENCE_S + (8.0 if bench.quick else 20.0)
    with (
        bench.place() as directory,
        receiving() as outside,
        staged(directory, more=SECTIONS, electrode_off_s=5.0) as stage,
    ):
        rig = stage.rig
        address = rig.state_dir / "address"
        address.write_text(outside.url)
        address.chmod(0o600)
        words = ("--for", f"{HEART_S:g}", "--source", ARREST, "--for", "10", "--source", SOUND)
        stage.plug(SOUND, *words, "--electrode-off", f"RA@{HEART_S:g}-{HEART_S + 10:g}")
        plugged_s = time.monotonic()
        with _fault_light(rig) as pins:
            rig.start()
            rig.wait_for(lambda: len(outside.received) >= 2, "signs of life")
            rig.wait_for(lambda: pins.exists() and not _lit(pins), "the light to be dark")
            time.sleep(max(0.0, plugged_s + HEART_S - 2.0 - time.monotonic()))
            before = len(outside.received)
            found.check(not rig.stored(), f"alarms before: {rig.stored()}")
            rig.send(signal.SIGSTOP)
            began_s = time.monotonic()
            rig.wait_for(lambda: _lit(pins), "the fault light", SILENCE_S + 10.0)
            lit_s = _changes(pins)[-1].time_s - began_s
            found.say(f"the fault light was lit after {lit_s:.1f} s")
            found.check(lit_s <= SILENCE_S + 1.5, f"limit {SILENCE_S:g} s")
            time.sleep(max(0.0, began_s + stopped_s - time.monotonic()))
            signs = len(outside.received) - before
            found.say(f"{signs} signs of life meanwhile")
            found.check(signs <= 1, "the dead man's sign went on")
            rig.send(signal.SIGCONT)
            went_on_s = time.monotonic()
            rig.wait_for(lambda: not _lit(pins), "the light to be dark again")
            found.say(f"dark again {_changes(pins)[-1].time_s - went_on_s:.1f} s after SIGCONT")
            rig.wait_for(lambda: len(outside.received) > before + signs + 1, "signs of life again")
            found.say(f"signs of life {time.monotonic() - went_on_s:.1f} s after")
            time.sleep(10.0)
            stale = STALE & {alert.alert.event_type.value for alert in rig.stored()}
            found.check(not stale, f"raised from what had waited: {', '.join(sorted(stale))}")
            found.say("no alarm from what had waited")
            found.check(rig.stop() == 0, "it did not end well")
    done = (
        f"SIGSTOP for {stopped_s:g} s, an arrest and a loose electrode in the first ten seconds of "
        "it, then a sound heart"
    )
    promise = "the fault light and the service outside know; nothing old is raised afterwards"
    return (found.row("stopped", promise, done),)


@contextmanager
def _fault_light(rig: Rig) -> Iterator[Path]:
    """Run the fault light's real program; yield where its pin is recorded."""
    command = [sys.executable, "-m", "ecgd.fault_light", "--config", str(rig.config)]
    with subprocess.Popen(
        [*command, "--state-dir", str(rig.state_dir)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment({}),
    ) as light:
        try:
            yield rig.state_dir.parent / "fault-pins.log"
        finally:
            light.kill()


def _changes(pins: Path) -> list[PinChange]:
    try:
        return [each for each in read_pulse_log(str(pins)) if each.channel == "red"]
    except (OSError, ValueError):
        return []


def _lit(pins: Path) -> bool:
    changes = _changes(pins)
    return bool(changes) and changes[-1].on
