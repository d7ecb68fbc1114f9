"""Relative paths of the configuration lead under the state directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.config.settings import PatientSettings, Settings, WebhookSettings
from ecgd.service.paths import resolve_paths
from ecgd.sources.url import ReplayUrl, SerialUrl, parse_source

BASE = Path("/var/lib/odd #1 ?")


def _resolved(source: str) -> str:
    settings = Settings(patients=(PatientSettings(id="p1", source=source),))
    return resolve_paths(settings, BASE).patients[0].source


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("replay:holter.edf?loop=true", f"{BASE}/holter.edf"),
        ("replay:sub/a%20b%23.csv?loop=true", f"{BASE}/sub/a b#.csv"),
        ("replay:~/a.csv?loop=true", f"{Path.home()}/a.csv"),
        ("replay:/data/a.csv?loop=true", "/data/a.csv"),
    ],
)
def test_a_recording_is_found_whatever_its_directory_is_called(source: str, path: str) -> None:
    assert parse_source(_resolved(source)) == ReplayUrl(path, loop=True)


def test_a_relative_port_keeps_its_rate() -> None:
    assert parse_source(_resolved("serial:ecg?baud=57600")) == SerialUrl(f"{BASE}/ecg", 57600)


@pytest.mark.parametrize(
    "source", ["socket://bridge:2001", "socket://[::1]:2001", "synthetic:?rate=70", "nonsense"]
)
def test_what_is_no_file_stays(source: str) -> None:
    assert _resolved(source) == source


def test_a_secret_of_systemd_keeps_its_name_and_another_lies_under_the_state_directory(
    tmp_path: Path,
) -> None:
    (tmp_path / "ecgd.webhook").write_text("x")
    target = WebhookSettings(
        name="w", url="http://h/", secret_file="ecgd.webhook", previous_secret_file="ecgd.old"
    )
    settings = Settings(webhooks=(target,))
    [resolved] = resolve_paths(settings, BASE, str(tmp_path)).webhooks
    assert resolved.secret_file == "ecgd.webhook"
    assert resolved.previous_secret_file == f"{BASE}/ecgd.old"
    [resolved] = resolve_paths(settings, BASE).webhooks
    assert resolved.secret_file == f"{BASE}/ecgd.webhook"
