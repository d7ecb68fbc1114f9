"""What ecgctl device check says about what it has seen."""

from __future__ import annotations

import pytest

from ecgd.cli.device_check import _device_lines, _doubts, _shape, _test_lines
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.protocol import Answer, SelfTestPoint
from ecgd.service.device_check import SelfTest, SquareWave

RIGHT = SelfTest(Answer.OK, SelfTestPoint.BEFORE_AMPLIFIER, (SquareWave("I", 1.0, 1.0),))


def info(highpass_hz: float | None = None, lowpass_hz: float | None = None) -> DeviceInfo:
    return DeviceInfo(
        "bench", 250.0, ("I", "II"), 400.0, highpass_hz=highpass_hz, lowpass_hz=lowpass_hz
    )


@pytest.mark.parametrize(
    ("highpass_hz", "lowpass_hz", "words"),
    [
        (0.5, 40.0, "ST cannot be measured"),
        (0.05, 40.0, "ST can be measured"),
        (0.0, 20.0, "ST cannot be measured"),
        (None, 40.0, "whether ST can be measured is not known"),
    ],
)
def test_the_front_end_says_what_becomes_of_st(
    highpass_hz: float | None, lowpass_hz: float | None, words: str
) -> None:
    line = _device_lines(info(highpass_hz, lowpass_hz), None)[2]
    assert line.endswith(words)


def test_electrodes_and_battery_are_told_or_not_reported() -> None:
    status = DeviceStatus(battery_mv=3700, electrodes_off=frozenset({"RA", "LA"}))
    assert _device_lines(info(), status)[3:5] == ["battery: 3.70 V", "electrodes: LA, RA off"]
    silent = _device_lines(info(), DeviceStatus())
    assert silent[3:5] == [
        "battery: not reported by this device",
        "electrodes: not reported by this device",
    ]


def test_a_wave_behind_the_amplifier_does_not_speak_for_it() -> None:
    test = SelfTest(Answer.OK, SelfTestPoint.AFTER_AMPLIFIER, (SquareWave("II", 0.7, None),))
    first, second = _test_lines(test)
    assert "behind the amplifier: it is not tested" in first
    assert second == "  lead II: 0.70 mV from edge to edge, no period: WRONG"


@pytest.mark.parametrize(
    ("status", "test", "count"),
    [
        (DeviceStatus(), RIGHT, 0),
        (None, RIGHT, 1),
        (DeviceStatus(overrun_count=3), RIGHT, 1),
        (DeviceStatus(), SelfTest(Answer.NOT_SUPPORTED, None, ()), 1),
    ],
)
def test_what_needs_a_person_is_a_doubt(
    status: DeviceStatus | None, test: SelfTest, count: int
) -> None:
    assert len(_doubts(status, test)) == count


def test_the_json_has_lists_for_sets() -> None:
    shape = _shape(info(), DeviceStatus(electrodes_off=frozenset({"LL"})), RIGHT, [])
    assert shape["status"]["electrodes_off"] == ["LL"]
    assert shape["status"]["electrodes_sensed"] is None
    assert shape["self_test"]["point"] == "BEFORE_AMPLIFIER"
    assert shape["self_test"]["waves"][0]["is_right"] is True
