"""The fault light's real program beside the real daemon, which is stopped and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon_process import Daemon, config, notify_socket, wait_for

from ecgd.alerts.pulse_log import PinChange, read_pulse_log

SILENCE_S = 4.0
SECTION = f"""
[fault_light]
pin = 24
buzzer_pin = 25
silence_s = {SILENCE_S}
socket = "fault.sock"
factory = "mock"
pulse_log = "fault-pins.log"
"""


class Light:
    """The fault light as a child process."""

    def __init__(self, config_path: Path, state_dir: Path, **environ: str) -> None:
        self._pins = state_dir / "fault-pins.log"
        self._output = state_dir / "fault-light.out"
        self.began_s = time.monotonic()
        with self._output.open("a") as output:
            command = [sys.executable, "-m", "ecgd.fault_light", "--config", str(config_path)]
            self.process = subprocess.Popen(
                [*command, "--state-dir", str(state_dir)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | environ,
            )

    def changes(self, channel: str = "red") -> list[PinChange]:
        found = read_pulse_log(str(self._pins)) if self._pins.exists() else ()
        return [change for change in found if change.channel == channel]

    def wait_for_changes(self, count: int) -> list[PinChange]:
        """Return the changes of the light, when there are so many."""
        what = f"change {count} of the light: {self.said()}"
        wait_for(lambda: len(self.changes()) >= count or None, what)
        return self.changes()

    def said(self) -> str:
        return self._output.read_text()


@contextmanager
def fault_light(config_path: Path, state_dir: Path, **environ: str) -> Iterator[Light]:
    light = Light(config_path, state_dir, **environ)
    try:
        yield light
    finally:
        light.process.kill()
        light.process.wait(10)


def dark(light: Light, seconds: float) -> bool:
    """Tell whether the light stays dark for so long."""
    count = len(light.changes())
    time.sleep(seconds)
    return len(light.changes()) == count and not light.changes()[-1].on


def test_light_shows_a_daemon_that_never_came_was_stopped_or_killed(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, config() + SECTION)
    with (
        notify_socket(tmp_path) as (address, messages),
        fault_light(daemon.config, daemon.state_dir, NOTIFY_SOCKET=address) as light,
    ):
        try:
            _tell_the_story(daemon, light)
        finally:
            daemon.end()
        light.process.send_signal(signal.SIGTERM)
        assert light.process.wait(10) == 0
    assert not light.changes()[-1].on, "the pin is released dark"
    states = [line for each in messages for line in each.splitlines() if "STATUS" in line]
    assert [state.partition(":")[0] for state in states[:5]] == [
        "STATUS=the daemon is watched",
        "STATUS=FAULT",
        "STATUS=the daemon is watched",
        "STATUS=FAULT",
        "STATUS=the daemon is watched",
    ]
    assert any("WATCHDOG=1" in each for each in messages)


def _tell_the_story(daemon: Daemon, light: Light) -> None:
    test_on, test_off, never = light.wait_for_changes(3)
    assert [test_on.on, test_off.on, never.on] == [True, False, True]
    assert {change.pin for change in light.changes()} == {24}
    assert test_off.time_s - test_on.time_s < 2.0, "the self test is short"
    assert never.time_s - light.began_s > SILENCE_S
    daemon.start()
    daemon.wait_until_up()
    assert not light.wait_for_changes(4)[-1].on, "cleared"
    assert dark(light, SILENCE_S + 1.0)
    status = daemon.status()
    assert status is not None
    parts = {part["part"]: part for part in status["parts"]}
    assert parts["fault light"]["detail"] == "watches the daemon"

    stopped_s = time.monotonic()
    daemon.send(signal.SIGSTOP)
    lit = light.wait_for_changes(5)[-1]
    assert lit.on
    # The last beat came up to a beat's interval before the daemon was stopped.
    assert lit.time_s - stopped_s > SILENCE_S - 2.0
    daemon.send(signal.SIGCONT)
    assert not light.wait_for_changes(6)[-1].on

    daemon.stop(signal.SIGKILL)
    assert light.wait_for_changes(7)[-1].on
    daemon.start()
    assert not light.wait_for_changes(8)[-1].on
    said = light.said()
    assert said.count("FAULT: no sign of life") == 3
    assert said.count("FAULT CLEARED") == 3
    for words in ("it was never heard", "is stopped: nobody", "is gone: nobody"):
        assert said.count(words) == 1, said


def test_killed_light_comes_back_and_takes_the_socket_over(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.toml"
    path.write_text(SECTION.replace(f"silence_s = {SILENCE_S}", "silence_s = 60"))
    with fault_light(path, tmp_path) as light:
        light.wait_for_changes(2)
        wait_for(lambda: (tmp_path / "fault.sock").exists() or None, "the socket")
    with fault_light(path, tmp_path) as light:
        light.wait_for_changes(4)
        assert light.process.poll() is None, light.said()
    assert "cannot listen" not in light.said()


def test_machine_without_pins_is_told_once_and_watched_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.toml"
    path.write_text(SECTION.replace('factory = "mock"', 'factory = "none"'))
    with notify_socket(tmp_path) as (address, messages):
        with fault_light(path, tmp_path, NOTIFY_SOCKET=address) as light:
            wait_for(lambda: "FAULT: no sign" in light.said() or None, "the fault in the log")
        assert light.said().count("pins are switched off by fault_light.factory") == 1
        status = [each for each in messages if "STATUS=" in each]
    assert "FAULT: the daemon is silent; pins are switched off" in status[-1]
    assert len(status) <= 2


def test_place_without_a_socket_lights_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.toml"
    path.write_text(SECTION.replace('"fault.sock"', '"nowhere/fault.sock"'))
    with fault_light(path, tmp_path) as light:
        assert light.wait_for_changes(1)[-1].on
        wait_for(lambda: "cannot listen at" in light.said() or None, "the reason")
        assert dark(light, 1.0) is False
        (tmp_path / "nowhere").mkdir()
        wait_for(lambda: (tmp_path / "nowhere" / "fault.sock").exists() or None, "the socket")
    assert light.said().count("FAULT: the fault light cannot listen") == 1
