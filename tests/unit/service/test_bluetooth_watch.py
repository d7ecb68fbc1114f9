"""Strangers are told once a minute, however often they knock."""

from __future__ import annotations

import logging

import pytest

from ecgd.service.bluetooth_pins import DEFAULT_PIN
from ecgd.service.bluetooth_watch import KNOWN_MAX, QUIET_S, Strangers, note_paired


def test_a_stranger_is_told_once_and_then_with_how_often(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s = [100.0]
    strangers = Strangers(lambda: now_s[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            strangers.refused("11:22:33:44:55:66", "RequestPinCode")
        assert len(caplog.messages) == 1
        now_s[0] += QUIET_S
        strangers.refused("11:22:33:44:55:66", "RequestPinCode")
    assert "asked for RequestPinCode: refused" in caplog.messages[0]
    assert "and 4 times before" in caplog.messages[1]


def test_made_up_addresses_take_no_memory(caplog: pytest.LogCaptureFixture) -> None:
    strangers = Strangers(lambda: 0.0)
    with caplog.at_level(logging.CRITICAL):
        for number in range(10 * KNOWN_MAX):
            strangers.refused(f"{number}", "RequestPinCode")
    assert len(strangers._told) <= KNOWN_MAX


@pytest.mark.parametrize(
    ("pin", "notes", "words", "level"),
    [
        ("4711", (), "98:D3:31:F5:0A:7C is paired", "INFO"),
        ("4711", ("it was paired without a PIN",), "without a PIN", "WARNING"),
        (DEFAULT_PIN, (), "which everybody knows", "WARNING"),
    ],
)
def test_a_weak_pairing_is_a_warning(
    caplog: pytest.LogCaptureFixture, pin: str, notes: tuple[str, ...], words: str, level: str
) -> None:
    with caplog.at_level(logging.INFO):
        note_paired("98:D3:31:F5:0A:7C", pin, notes)
    (record,) = caplog.records
    assert words in record.getMessage()
    assert record.levelname == level
    assert "4711" not in record.getMessage()
