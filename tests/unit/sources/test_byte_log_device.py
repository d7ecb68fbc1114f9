"""A byte recording says in its notes how it is to be read."""

from __future__ import annotations

import json

import pytest

from ecgd.config.settings import DeviceSettings
from ecgd.errors import RecordingError
from ecgd.sources.byte_log_device import DEVICE, PROTOCOL, device_from_notes, device_notes

SIX_LEAD = DeviceSettings(
    protocol="six-lead",
    fs_hz=500.0,
    byte_order="big",
    counts_per_mv=204.8,
    baseline_counts=512,
    adc_bits=10,
    highpass_hz=0.5,
)


@pytest.mark.parametrize("device", [SIX_LEAD, DeviceSettings(), DeviceSettings(lowpass_hz=40.0)])
def test_notes_are_read_as_they_were_written(device: DeviceSettings) -> None:
    notes = device_notes(device)
    assert notes[PROTOCOL] == device.protocol
    assert device_from_notes(notes | {"case": "x"}) == device


def test_a_recording_without_notes_is_of_a_block_device() -> None:
    assert device_from_notes({"case": "clean"}) == DeviceSettings()


def test_whole_numbers_may_stand_for_others() -> None:
    notes = {DEVICE: '{"protocol": "six-lead", "counts_per_mv": 400}'}
    found = device_from_notes(notes).counts_per_mv
    assert (found, type(found)) == (400.0, float)


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ({PROTOCOL: "six-lead"}, "without device settings"),
        ({DEVICE: "{"}, "damaged"),
        ({DEVICE: "[1]"}, "damaged"),
        ({DEVICE: json.dumps({"colour": 1})}, "colour"),
        ({DEVICE: json.dumps({"protocol": "morse"})}, "morse"),
        ({DEVICE: json.dumps({"adc_bits": 12.5})}, "adc_bits"),
        ({DEVICE: json.dumps({"adc_bits": True})}, "adc_bits"),
        ({DEVICE: json.dumps({"counts_per_mv": "400"})}, "counts_per_mv"),
        ({DEVICE: '{"counts_per_mv": NaN}'}, "counts_per_mv"),
        ({DEVICE: json.dumps({"protocol": "six-lead"})}, "no scale"),
    ],
)
def test_damaged_notes_are_refused(notes: dict[str, str], words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        device_from_notes(notes)
