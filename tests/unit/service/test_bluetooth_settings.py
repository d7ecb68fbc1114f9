"""Settings and sources of devices by Bluetooth: what can be said of them, and what cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.errors import SourceError
from ecgd.service.paths import resolve_paths
from ecgd.service.settings_rules import find_contradictions
from ecgd.sources.url import BluetoothUrl, parse_source

OURS = "98:D3:31:F5:0A:7C"
URL = f"bluetooth://{OURS}"


def wrong_of(*patients: PatientSettings) -> dict[str, str]:
    found = find_contradictions(Settings(patients=patients))
    return {".".join(map(str, path[1:])): what for path, what in found}


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (URL, BluetoothUrl(OURS)),
        (f"bluetooth://{OURS.lower()}/", BluetoothUrl(OURS)),
        (f"{URL}?channel=1&baud=57600", BluetoothUrl(OURS, 1, 57600)),
        ("bluetooth://98%3AD3%3A31%3AF5%3A0A%3A7C", BluetoothUrl(OURS)),
    ],
)
def test_a_url_names_a_device(url: str, source: BluetoothUrl) -> None:
    assert parse_source(url) == source


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("bluetooth:", "names no device by its address"),
        (f"bluetooth:{OURS}", "names no device by its address"),
        ("bluetooth://98:D3:31:F5:0A", "names no device by its address"),
        (f"{URL}/1", "names no device by its address"),
        (f"{URL}?channel=31", "from 0 to 30"),
        (f"{URL}?pin=1234", "unknown option 'pin' (known: channel, baud)"),
        (f"{URL}?baud=9601", "baud=9601"),
    ],
)
def test_a_wrong_url_is_refused(url: str, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(url)
    assert words in str(caught.value)


def test_one_device_is_one_patient_s_however_its_address_is_written() -> None:
    anna = PatientSettings(id="anna", source=URL)
    bert = PatientSettings(id="bert", source=f"bluetooth://{OURS.lower()}?channel=2")
    assert wrong_of(anna, bert) == {"1.source": "is already the line of another patient, anna"}


def test_six_lead_frames_must_fit_the_module_s_own_line() -> None:
    device = DeviceSettings(protocol="six-lead", counts_per_mv=400.0)
    slow = PatientSettings(id="anna", source=URL, device=device)
    assert "9600 baud carry" in wrong_of(slow)["0.source"]
    fast = PatientSettings(id="anna", source=f"{URL}?baud=38400", device=device)
    assert wrong_of(fast) == {}


def test_a_pin_s_file_may_stay_while_a_cable_stands_in() -> None:
    assert wrong_of(PatientSettings(id="anna", source="serial:/dev/x", pin_file="/x")) == {}


def test_a_pin_s_relative_path_lies_in_the_state_directory() -> None:
    patients = tuple(
        PatientSettings(id=name, source=URL, pin_file=path)
        for name, path in (("a", "anna.pin"), ("b", "/etc/ecgd/pin"), ("c", ""))
    )
    resolved = resolve_paths(Settings(patients=patients), Path("/var/lib/ecgd")).patients
    assert [each.pin_file for each in resolved] == ["/var/lib/ecgd/anna.pin", "/etc/ecgd/pin", ""]
    assert {each.source for each in resolved} == {URL}
