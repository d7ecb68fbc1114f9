"""docs/sound.md: its figures are the code's, and its examples are accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ecgd.alerts import gpio, patterns
from ecgd.config.fault_light import FaultLightSettings
from ecgd.config.settings import AlarmSettings
from ecgd.fault_light import lamp, vigil
from ecgd.service.fault_beat import BEAT_S
from ecgd.service.settings import parse_settings

TEXT = (Path(__file__).parents[2] / "docs" / "sound.md").read_text(encoding="utf-8")
SILENCE_S = FaultLightSettings().silence_s


@pytest.mark.parametrize(
    "said",
    [
        f"| {gpio.HOLD_S:g} s or more, no alarm | tests lights and buzzer for ",
        f"tests lights and buzzer for {patterns.TEST_S:g} s; an alarm ends",
        f"| less than {1e3 * gpio.GLITCH_S:g} ms | nothing",
        f"| more than {gpio.STUCK_S:g} s | the status says that the button is stuck",
        f"sound paused ({AlarmSettings().audio_pause_s / 60:g} minutes",
        f"green, a short flash every {patterns.HEARTBEAT.period_s:g} s",
        f"no sign of life for {SILENCE_S:g} s",
        f"lived for {SILENCE_S * vigil.SETTLE_PART:g} s (a third",
        f"tries again every {lamp.REOPEN_S:g} s",
    ],
)
def test_a_figure_is_the_codes(said: str) -> None:
    assert said in TEXT


def test_words_for_one_second_and_half_a_second_hold() -> None:
    assert "one a second" in TEXT
    assert BEAT_S == 1.0
    assert "half a second" in TEXT
    assert lamp.SELF_TEST_S == 0.5


def test_no_alarm_is_steady_red() -> None:
    red = [pattern for channel, pattern in patterns.LIGHT.values() if channel == "red"]
    assert red
    assert all(pattern.period_s is not None for pattern in red)
    assert lamp.LIT[patterns.Channel.RED].period_s is None
    assert lamp.LIT[patterns.Channel.BUZZER] in patterns.BUZZER.values()


def test_the_examples_are_accepted() -> None:
    examples = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert len(examples) == 2
    settings = parse_settings("\n".join(examples), "sound.md")
    assert settings.fault_light.pin == 24
    assert settings.alarms.quiet_hours == "22:00-06:00"
