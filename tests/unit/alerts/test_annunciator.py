"""Buzzer, lights and button on gpiozero's mock pins."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPin
from yardstick import measuring

from ecgd.alerts import annunciator as annunciator_module
from ecgd.alerts import gpio
from ecgd.alerts.annunciator import Annunciator
from ecgd.alerts.patterns import BUZZER, LIGHT, Pattern, edges_until
from ecgd.alerts.pulse_log import read_pulse_log
from ecgd.config.settings import GpioSettings
from ecgd.model.alarm import Priority

SETTINGS = GpioSettings(factory="mock")
PRESS_S = 0.05
LATE_S = 0.12
"""How late an edge may be on a loaded machine; a pattern that is wrong is wrong by more."""


def nothing(down_s: float = 0.0) -> None:
    return


@contextmanager
def running(
    settings: GpioSettings = SETTINGS, pressed: Callable[[float], None] = nothing, **options: Any
) -> Iterator[Annunciator]:
    annunciator = Annunciator(settings, pressed, **options)
    try:
        yield annunciator
    finally:
        annunciator.close()


def until(condition: Callable[[], Any], timeout_s: float = 5.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.005)


def changes(pin: Any) -> list[tuple[float, bool]]:
    """Return (seconds since the first change, state) of a mock pin."""
    since_s = 0.0
    found: list[tuple[float, bool]] = []
    for gap_s, state in pin.states[1:]:
        since_s = since_s + gap_s if found else 0.0
        found.append((since_s, bool(state)))
    return found


def assert_plays(pin: Any, pattern: Pattern, duration_s: float, late_s: float) -> None:
    expected = edges_until(pattern, duration_s)
    found = changes(pin)[: len(expected)]
    assert [state for _, state in found] == [state for _, state in expected]
    for (found_s, _), (expected_s, _) in zip(found, expected, strict=True):
        assert found_s == pytest.approx(expected_s, abs=LATE_S + 2.0 * late_s)


def test_high_alarm_plays_its_burst_and_flashes_red() -> None:
    factory = MockFactory()
    buzzer, red, yellow = (factory.pin(n) for n in (18, 17, 27))
    with running(pin_factory=factory) as annunciator, measuring() as yardstick:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        until(lambda: len(buzzer.states) > 20, 8.0)
    assert_plays(buzzer, BUZZER[Priority.HIGH], 3.0, yardstick.late_s)
    assert_plays(red, LIGHT[Priority.HIGH][1], 3.0, yardstick.late_s)
    assert len(yellow.states) == 1, "yellow stays off"


def test_show_returns_at_once_and_the_first_edge_follows_at_once() -> None:
    reported: list[tuple[Priority, float]] = []
    with running(edge=lambda priority, edge_s: reported.append((priority, edge_s))) as annunciator:
        called_s = time.monotonic()
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        returned_s = time.monotonic()
        until(lambda: annunciator.last_edge_s)
        until(lambda: reported)
    [(priority, edge_s)] = reported
    assert priority is Priority.HIGH
    assert edge_s == annunciator.last_edge_s
    assert returned_s - called_s < 0.05
    assert called_s <= edge_s <= called_s + LATE_S


def test_change_takes_effect_in_the_middle_of_a_burst() -> None:
    factory = MockFactory()
    buzzer, red, yellow, green = (factory.pin(n) for n in (18, 17, 27, 22))
    with running(pin_factory=factory) as annunciator:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        until(lambda: buzzer.state)
        annunciator.show(Priority.MEDIUM, sounding=False, all_well=False)
        until(lambda: yellow.state and not buzzer.state and not red.state, 1.0)
        annunciator.show(None, sounding=False, all_well=True)
        until(lambda: green.state and not yellow.state, 1.0)


def test_pausing_the_sound_does_not_disturb_the_light() -> None:
    factory = MockFactory()
    buzzer, red = factory.pin(18), factory.pin(17)
    with running(pin_factory=factory) as annunciator, measuring() as yardstick:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        until(lambda: buzzer.state)
        annunciator.show(Priority.HIGH, sounding=False, all_well=False)
        until(lambda: not buzzer.state, 1.0)
        silent = len(buzzer.states)
        until(lambda: len(red.states) > 5)
    assert len(buzzer.states) == silent
    assert_plays(red, LIGHT[Priority.HIGH][1], 1.2, yardstick.late_s)


def test_repeated_show_of_the_same_does_not_restart_the_pattern() -> None:
    factory = MockFactory()
    buzzer = factory.pin(18)
    with running(pin_factory=factory) as annunciator, measuring() as yardstick:
        for _ in range(30):
            annunciator.show(Priority.HIGH, sounding=True, all_well=False)
            time.sleep(0.03)
    assert_plays(buzzer, BUZZER[Priority.HIGH], 0.7, yardstick.late_s)


def test_no_pins_configured_is_no_error() -> None:
    settings = GpioSettings(
        factory="mock", buzzer_pin=-1, red_pin=-1, yellow_pin=-1, green_pin=-1, button_pin=-1
    )
    with running(settings) as annunciator:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        assert annunciator.health().healthy
        assert "no pins configured" in annunciator.health().detail


def test_close_switches_off_and_releases_the_pins() -> None:
    factory = MockFactory()
    red = factory.pin(17)
    with running(pin_factory=factory) as annunciator:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        until(lambda: red.state)
    assert red.function == "input"
    assert not red.states[-1].state
    assert not [t for t in threading.enumerate() if t.name == "ecgd-annunciator"]


def test_short_press_calls_back_and_a_long_one_tests_the_lamps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpio, "HOLD_S", 0.6)
    factory = MockFactory()
    lights = [factory.pin(n) for n in (17, 27, 22)]
    button, buzzer = factory.pin(23), factory.pin(18)
    pressed: list[float] = []
    with running(pin_factory=factory, pressed=pressed.append):
        button.drive_low()
        time.sleep(PRESS_S)
        assert not pressed, "it is not yet known whether the press is short"
        up_s = time.monotonic()
        button.drive_high()
        until(lambda: len(pressed) == 1)
        assert pressed[0] <= up_s - PRESS_S, "it counts from when the finger went down"
        button.drive_low()
        until(lambda: all(pin.state for pin in (*lights, buzzer)))
        button.drive_high()
        until(lambda: not any(pin.state for pin in lights))
        assert [state for _, state in changes(buzzer)] == [True, False, True, False]
    assert len(pressed) == 1


def test_bouncing_contact_is_one_press_and_a_spark_is_none() -> None:
    factory = MockFactory()
    button = factory.pin(23)
    pressed: list[float] = []
    with running(pin_factory=factory, pressed=pressed.append):
        for _ in range(20):
            button.drive_low()
            button.drive_high()
        assert not pressed, "sparks acknowledge nothing"
        for _ in range(5):
            button.drive_low()
            button.drive_high()
        button.drive_low()
        time.sleep(PRESS_S)
        for _ in range(5):
            button.drive_high()
            button.drive_low()
        button.drive_high()
    assert len(pressed) == 1


@pytest.mark.parametrize("sounding", [True, False])
def test_long_press_while_an_alarm_is_shown_answers_it_once(
    monkeypatch: pytest.MonkeyPatch, sounding: bool
) -> None:
    monkeypatch.setattr(gpio, "HOLD_S", 0.1)
    factory = MockFactory()
    button, yellow, red = factory.pin(23), factory.pin(27), factory.pin(17)
    pressed: list[float] = []
    with running(pin_factory=factory, pressed=pressed.append) as player:
        player.show(Priority.HIGH, sounding=sounding, all_well=False)
        until(lambda: red.state)
        button.drive_low()
        until(lambda: len(pressed) == 1)
        button.drive_high()
        time.sleep(0.1)
    assert len(pressed) == 1
    assert len(yellow.states) == 1, "no lamp test"


def test_lamp_test_gives_way_to_an_alarm_and_never_hides_one() -> None:
    factory = MockFactory()
    yellow, green, red = (factory.pin(n) for n in (27, 22, 17))
    with running(pin_factory=factory) as annunciator:
        annunciator.test()
        until(lambda: yellow.state and green.state)
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        until(lambda: red.state and not yellow.state and not green.state, 1.0)
        annunciator.test()
        time.sleep(0.1)
        assert not yellow.state


def test_failing_callbacks_silence_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("boom")

    factory = MockFactory()
    buzzer, button = factory.pin(18), factory.pin(23)
    with running(pin_factory=factory, pressed=fails, edge=fails) as annunciator:
        button.drive_low()
        time.sleep(PRESS_S)
        button.drive_high()
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        until(lambda: len(buzzer.states) > 4)
        assert annunciator.health().healthy
    assert caplog.text.count("boom") >= 2


def test_pulse_log_records_every_change(tmp_path: Path) -> None:
    path = str(tmp_path / "pins")
    before_s = time.monotonic()
    with running(GpioSettings(factory="mock", pulse_log=path)) as annunciator:
        annunciator.show(Priority.MEDIUM, sounding=True, all_well=False)
        until(lambda: len(read_pulse_log(path)) >= 6)
    found = read_pulse_log(path)
    buzzer = [change for change in found if change.channel == "buzzer"]
    assert {change.pin for change in buzzer} == {18}
    assert [change.on for change in buzzer[:4]] == [True, False, True, False]
    assert before_s <= found[0].time_s <= time.monotonic()


def test_unwritable_pulse_log_is_told_and_the_buzzer_plays() -> None:
    factory = MockFactory()
    buzzer = factory.pin(18)
    settings = GpioSettings(factory="mock", pulse_log="/nonexistent/pins")
    with running(settings, pin_factory=factory) as annunciator:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        until(lambda: buzzer.state)
        assert not annunciator.health().healthy
        assert "/nonexistent/pins" in annunciator.health().detail


def test_one_pin_for_two_things_costs_only_the_second() -> None:
    factory = MockFactory()
    settings = GpioSettings(factory="mock", buzzer_pin=18, red_pin=18)
    buzzer = factory.pin(18)
    with running(settings, pin_factory=factory) as annunciator:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        until(lambda: buzzer.state)
        health = annunciator.health()
    assert not health.healthy
    assert "red pin 18" in health.detail


def test_pin_that_fails_while_it_runs_is_told_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factory = MockFactory()
    red, buzzer = factory.pin(17), factory.pin(18)
    change = MockPin._change_state

    def unwilling(pin: Any, value: float) -> bool:
        if pin is red:
            raise OSError("no line")
        return bool(change(pin, value))

    with running(pin_factory=factory) as annunciator:
        with monkeypatch.context() as patch:
            patch.setattr(MockPin, "_change_state", unwilling)
            annunciator.show(Priority.HIGH, sounding=True, all_well=False)
            until(lambda: len(buzzer.states) > 3)
            assert "red pin does not answer: no line" in annunciator.health().detail
        until(lambda: annunciator.health().healthy)
        until(lambda: red.state)


def test_stuck_button_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpio, "STUCK_S", 0.05)
    factory = MockFactory()
    button = factory.pin(23)
    with running(pin_factory=factory) as annunciator:
        button.drive_low()
        until(lambda: "button has been down" in annunciator.health().detail)
        button.drive_high()
        assert annunciator.health().healthy


def test_switched_off_is_healthy_and_silent() -> None:
    with running(GpioSettings(factory="none")) as annunciator:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        assert annunciator.health().healthy
        assert annunciator.last_edge_s is None


@pytest.mark.skipif(any(Path("/dev").glob("gpiochip*")), reason="this machine has GPIO")
@pytest.mark.parametrize("factory", ["auto", "lgpio"])
def test_no_gpio_is_a_clear_state(factory: str) -> None:
    with running(GpioSettings(factory=factory)) as annunciator:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        health = annunciator.health()
    assert not health.healthy
    assert health.detail.startswith("no GPIO: ")
    assert "/dev/gpiochip" in health.detail


def test_failing_pin_libraries_are_told_and_lgpio_gets_a_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: iter([Path("/dev/gpiochip0")]))
    monkeypatch.delenv("LG_WD", raising=False)
    with running(GpioSettings(factory="auto"), work_dir=str(tmp_path)) as annunciator:
        health = annunciator.health()
    assert not health.healthy
    assert "lgpio: " in health.detail
    assert "rpigpio: " in health.detail
    assert os.environ["LG_WD"] == str(tmp_path)
    monkeypatch.delenv("LG_WD")


def test_gpio_that_comes_late_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annunciator_module, "REOPEN_S", 0.05)
    factory, real = MockFactory(), gpio._open_factory
    monkeypatch.setattr(gpio, "_open_factory", lambda *_: real("auto", ""))
    if any(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has GPIO")
    with running(GpioSettings(factory="auto")) as annunciator:
        annunciator.show(Priority.HIGH, sounding=True, all_well=False)
        assert not annunciator.health().healthy
        monkeypatch.setattr(gpio, "_open_factory", lambda *_: factory)
        until(lambda: annunciator.health().healthy)
        until(lambda: factory.pin(18).state)


def test_pins_are_released_at_exit_even_if_nobody_closes(tmp_path: Path) -> None:
    path = str(tmp_path / "pins")
    code = (
        "import time; from ecgd.alerts.annunciator import Annunciator;"
        "from ecgd.config.settings import GpioSettings; from ecgd.model.alarm import Priority;"
        f"a = Annunciator(GpioSettings(factory='mock', pulse_log={path!r}), lambda down_s: None);"
        "a.show(Priority.LOW, sounding=False, all_well=False); time.sleep(0.3); raise SystemExit(3)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == 3
    assert [(change.channel, change.on) for change in read_pulse_log(path)][-2:] == [
        ("yellow", True),
        ("yellow", False),
    ]


def test_import_is_light_and_nothing_is_printed_without_gpio() -> None:
    code = (
        "import sys; from ecgd.alerts.annunciator import Annunciator;"
        "from ecgd.alerts.delivery import DeliveryWorker;"
        "from ecgd.config.settings import GpioSettings;"
        "heavy = {'gpiozero', 'lgpio', 'requests', 'urllib3', 'aiohttp'} & set(sys.modules);"
        "assert not heavy, heavy;"
        "Annunciator(GpioSettings(), lambda down_s: None).close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
