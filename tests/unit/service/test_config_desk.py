"""The configuration in force: every value, where it comes from, and never a secret."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecgd.config.listing import Origin, SettingEntry, list_settings
from ecgd.config.settings import PatientSettings, Settings, WebhookSettings
from ecgd.service.config_desk import ConfigDesk, written_keys
from ecgd.service.settings import load_settings
from ecgd.web.config_gateway import ConfigInForce

TEXT = """
[daemon]
log_level = "info"
[alarms.hold_off]
stemi_s = 30.0
[[webhooks]]
name = "home"
url = "https://ann:pass@example.org:8443/services/T0KEN/x?key=K3Y"
secret_file = "hook.secret"
[[patients]]
id = "anna"
source = "socket://10.0.0.5:4000"
[patients.device]
fs_hz = 500.0
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "c.toml"
    path.write_text(TEXT)
    return path


def _show(path: Path | None, settings: Settings, in_force: Settings | None = None) -> ConfigInForce:
    desk = ConfigDesk(path, settings, lambda: in_force or settings)
    return asyncio.run(desk.show())


def _by_key(shown: ConfigInForce) -> dict[str, SettingEntry]:
    return {entry.key: entry for entry in shown.settings}


def test_every_value_says_where_it_comes_from(path: Path) -> None:
    settings = load_settings(path)
    settings = replace(settings, daemon=replace(settings.daemon, state_dir="/srv/x"))
    added = PatientSettings(id="bert", source="synthetic:")
    anna = replace(settings.patients[0], name="Anna")
    entries = _by_key(_show(path, settings, replace(settings, patients=(anna, added))))
    origins = {
        "daemon.log_level": Origin.FILE,
        "daemon.state_dir": Origin.COMMAND_LINE,
        "daemon.log_file": Origin.DEFAULT,
        "alarms.hold_off.stemi_s": Origin.FILE,
        "patients[anna].device.fs_hz": Origin.FILE,
        "patients[anna].device.adc_bits": Origin.DEFAULT,
        "patients[anna].name": Origin.RUN_TIME,
        "patients[bert].source": Origin.RUN_TIME,
        "webhooks[home].name": Origin.FILE,
    }
    assert {key: entries[key].origin for key in origins} == origins
    changed = entries["alarms.hold_off.stemi_s"]
    assert (changed.value, changed.default, changed.unit, changed.is_changed) == (30, 20, "s", True)
    assert not entries["daemon.log_level"].is_changed
    assert entries["patients[anna].source"].default is None


def test_no_secret_is_shown(path: Path) -> None:
    shown = _show(path, load_settings(path))
    entries = _by_key(shown)
    assert entries["webhooks[home].url"].value == "https://…@example.org:8443/…"
    assert entries["patients[anna].source"].value == "socket://10.0.0.5:4000"
    assert entries["webhooks[home].secret_file"].value == "hook.secret"
    text = json.dumps([entry.value for entry in shown.settings])
    assert not any(secret in text for secret in ("pass", "T0KEN", "K3Y"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://example.org", "http://example.org"),
        ("http://example.org/", "http://example.org/"),
        ("http://example.org/a", "http://example.org/…"),
        ("http://example.org?token=1", "http://example.org/…"),
        ("http://[::1]:80/x", "http://[::1]:80/…"),
    ],
)
def test_an_address_keeps_its_host_only(url: str, shown: str) -> None:
    settings = Settings(webhooks=(WebhookSettings(name="w", url=url),))
    entries = {entry.key: entry.value for entry in list_settings(settings, settings, frozenset())}
    assert entries["webhooks[w].url"] == shown


def test_of_a_persons_number_the_end_is_shown() -> None:
    target = WebhookSettings(name="w", recipient="+4917012345678", page_url="http://gw/p?k=K3Y")
    settings = Settings(webhooks=(target,))
    entries = {entry.key: entry.value for entry in list_settings(settings, settings, frozenset())}
    assert entries["webhooks[w].recipient"] == "…78"
    assert entries["webhooks[w].page_url"] == "http://gw/…"


def test_a_file_that_was_changed_since_the_start_is_pointed_out(path: Path) -> None:
    settings = load_settings(path)
    desk = ConfigDesk(path, settings, lambda: settings)
    assert asyncio.run(desk.show()).file_changed is False
    path.write_text(TEXT + "# later\n")
    assert asyncio.run(desk.show()).file_changed is True
    path.unlink()
    assert asyncio.run(desk.show()).file_changed is None


def test_every_setting_is_listed_once() -> None:
    patients = tuple(PatientSettings(id=name, source="synthetic:") for name in ("a", "b"))
    settings = Settings(patients=patients)
    keys = [entry.key for entry in list_settings(settings, settings, frozenset())]
    assert len(keys) == len(set(keys))
    assert {"patients[a].id", "patients[b].device.protocol", "store.segment_s"} <= set(keys)


def test_what_is_no_toml_has_no_keys() -> None:
    assert written_keys("[daemon\n") == frozenset()
    assert written_keys('patients = [{id = "x"}]\nlist = [1]') == {"patients[x].id"}
