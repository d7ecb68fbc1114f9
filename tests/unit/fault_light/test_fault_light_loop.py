"""The fault light's loop and its lamp, in this process, with short times."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from ecgd.alerts import gpio
from ecgd.alerts.beat import Beat, BeatListener, BeatSender
from ecgd.alerts.pulse_log import PinChange, read_pulse_log
from ecgd.config.fault_light import FaultLightSettings
from ecgd.fault_light import lamp as lamp_module
from ecgd.fault_light.lamp import Lamp
from ecgd.fault_light.vigil import Vigil
from ecgd.fault_light.watch import FaultLight
from ecgd.service.notify import Notifier

SILENCE_S = 0.6


def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.01)


def settings(directory: Path, **more: str | int) -> FaultLightSettings:
    path = str(directory / "pins")
    return FaultLightSettings(**{"pin": 24, "factory": "mock", "pulse_log": path, **more})  # type: ignore[arg-type]


def changes(directory: Path, channel: str = "red") -> list[PinChange]:
    return [each for each in read_pulse_log(str(directory / "pins")) if each.channel == channel]


@contextmanager
def running(directory: Path, **more: str | int) -> Iterator[BeatSender]:
    stop = threading.Event()
    now_s = time.monotonic()
    lamp = Lamp(settings(directory, **more), "", now_s)
    listener = BeatListener(str(directory / "beat"))
    light = FaultLight(lamp, listener, Vigil(SILENCE_S, now_s), Notifier({}))
    thread = threading.Thread(target=light.run, args=(stop,))
    thread.start()
    try:
        yield BeatSender(str(directory / "beat"))
    finally:
        stop.set()
        thread.join(10)
        listener.close()
        lamp.close()


def beat_for(sender: BeatSender, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        sender.send(Beat(4711, time.monotonic()))
        time.sleep(0.05)


def test_steps_of_the_clock_neither_light_nor_darken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = itertools.cycle([0.0, 4e9, 1.0, 2e9])
    monkeypatch.setattr(time, "time", lambda: next(steps))
    with running(tmp_path) as sender:
        beat_for(sender, 3.0 * SILENCE_S)
        lit = [change.on for change in changes(tmp_path)]
        assert lit in ([True, False], [True, False, True, False]), "the self test, and no more"
        count = len(lit)
        until(lambda: len(changes(tmp_path)) == count + 1)
    assert changes(tmp_path)[count].on


def test_buzzer_of_its_own_plays_three_pulses(tmp_path: Path) -> None:
    with running(tmp_path, buzzer_pin=25):
        until(lambda: len(changes(tmp_path, "buzzer")) >= 8, 15.0)
    times = [change.time_s for change in changes(tmp_path, "buzzer")][2:8]
    lengths = [later - earlier for earlier, later in pairwise(times)]
    assert lengths == pytest.approx([0.2] * 5, abs=0.12)


def test_strangers_at_the_socket_count_for_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Stranger(Beat):
        def to_bytes(self) -> bytes:
            return b"I am well"

    with running(tmp_path) as sender:
        for _ in range(30):
            sender.send(Stranger(1, time.monotonic()))
            time.sleep(0.05)
        until(lambda: "it was never heard" in caplog.text)
    assert caplog.text.count("no sign of life came") == 1


def test_pins_that_come_late_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if any(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has GPIO")
    monkeypatch.setattr(lamp_module, "REOPEN_S", 5.0)
    lamp = Lamp(settings(tmp_path, factory="auto", pulse_log=""), "", 100.0)
    assert lamp.fault.startswith("no GPIO: this machine has no /dev/gpiochip*")
    factory = MockFactory()
    monkeypatch.setattr(gpio, "_open_factory", lambda *_: factory)
    lamp.step(lit=True, now_s=104.0)
    assert lamp.fault
    lamp.step(lit=True, now_s=105.0)
    assert not lamp.fault
    assert factory.pin(24).state
    lamp.close()


def test_lamp_without_a_pin_says_so(tmp_path: Path) -> None:
    lamp = Lamp(settings(tmp_path, pin=-1), "", 0.0)
    lamp.step(lit=True, now_s=1.0)
    assert lamp.fault == "fault_light.pin is not set: no pin is lit"
    lamp.close()


def test_self_test_ends_when_the_first_step_came_late(tmp_path: Path) -> None:
    lamp = Lamp(settings(tmp_path), "", 0.0)
    assert lamp.step(lit=False, now_s=9.0) <= 9.0 + lamp_module.SELF_TEST_S
    assert [change.on for change in changes(tmp_path)] == [True]
    lamp.step(lit=False, now_s=9.0 + lamp_module.SELF_TEST_S)
    assert [change.on for change in changes(tmp_path)] == [True, False]
    lamp.close()
