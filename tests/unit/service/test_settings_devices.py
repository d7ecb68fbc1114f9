"""What a device's settings must not say, with the reason and what to set."""

from __future__ import annotations

import pytest

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.service.settings_rules import find_contradictions


def problems(source: str, **device: object) -> dict[str, str]:
    settings = DeviceSettings(protocol="six-lead", **{"counts_per_mv": 400.0, **device})  # type: ignore[arg-type]
    patient = PatientSettings(id="anna", source=source, device=settings)
    found = find_contradictions(Settings(patients=(patient,)))
    return {".".join(map(str, path[2:])): what for path, what in found}


def test_the_frame_fits_38400_baud_and_not_less() -> None:
    assert problems("serial:/dev/rfcomm0?baud=38400") == {}
    assert problems("serial:/dev/rfcomm0?baud=115200", fs_hz=500.0) == {}
    assert problems("synthetic:") == {}
    for url in ("serial:/dev/rfcomm0", "serial:/dev/rfcomm0?baud=19200"):
        assert "3250" in problems(url)["source"]
        assert "baud=38400 or more" in problems(url)["source"]


def test_a_higher_rate_needs_a_faster_line() -> None:
    said = problems("serial:/dev/rfcomm0?baud=38400", fs_hz=500.0)["source"]
    assert said.startswith("38400 baud carry 3840 bytes a second, but six-lead frames at 500 Hz")
    assert "baud=115200 or more" in said


@pytest.mark.parametrize(
    ("device", "key"),
    [
        ({"counts_per_mv": 0.0}, "device.counts_per_mv"),
        ({"baseline_counts": 5000}, "device.baseline_counts"),
        ({"baseline_counts": -600, "adc_bits": 10}, "device.baseline_counts"),
        ({"highpass_hz": 1.0, "lowpass_hz": 0.5}, "device.highpass_hz"),
    ],
)
def test_what_cannot_be_right_is_named_at_its_key(device: dict[str, float], key: str) -> None:
    assert list(problems("serial:/dev/rfcomm0?baud=38400", **device)) == [key]


def test_a_block_device_needs_none_of_it() -> None:
    patient = PatientSettings(id="anna", source="serial:/dev/rfcomm0")
    assert find_contradictions(Settings(patients=(patient,))) == ()
