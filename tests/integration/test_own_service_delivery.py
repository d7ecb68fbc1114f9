"""Alerts to what users bring themselves: a template of their own, and the package apprise."""

from __future__ import annotations

import logging
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from phone_services import Got, Reaction, Service, serving, told, words

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.payload import alert_body
from ecgd.alerts.retry import RetrySchedule
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import EventType, Severity

ALERT = Alert(
    alert_id="0123456789abcdef01234567",
    patient_id="p1",
    patient_name="Anna",
    event_type=EventType.ASYSTOLE,
    severity=Severity.CRITICAL,
    occurred_unix_s=1_700_000_000.0,
    occurred_mono_s=5.0,
    boot_id="b",
    clock_synchronised=True,
    simulated=False,
    description='No heart beat seen: "4.2 s", {severity}.',
    recommended_action="Go to the patient now.",
    heart_rate_bpm=31.5,
)


def delivered(target: WebhookSettings, count: int = 1) -> list[DeliveryReport]:
    """Send one alert with the real worker; return its reports."""
    reports: list[DeliveryReport] = []
    schedule = RetrySchedule(first_s=(0.05,), cap_s=0.1)
    worker = DeliveryWorker(target, reports.append, lambda _: None, schedule=schedule)
    item = OutboxItem("m", ALERT.alert_id, "own", ALERT.severity, alert_body(ALERT), 0.0)
    worker.submit(item)
    deadline_s = time.monotonic() + 30.0
    while len(reports) < count:
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.005)
    worker.close()
    return reports


def keep(service: Service, got: Got) -> Reaction:
    service.taken.append(got.json())
    return told({})


def secrets(tmp_path: Path, text: str) -> str:
    path = tmp_path / "keys"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_template_is_filled_and_sent_with_the_users_own_headers(tmp_path: Path) -> None:
    template = '{"t": "{title} ({patient_id})", "n": "{heart_rate_bpm}", "d": "{description}"}'
    with serving(keep) as service:
        keys = f"url={service.url}/v1/secret-path\nAuthorization=Bearer very-secret\nX-Key=k\n"
        target = WebhookSettings(
            name="own",
            profile="json",
            template=template,
            secret_file=secrets(tmp_path, keys),
        )
        [report] = delivered(target)
        assert report.result is DeliveryResult.DELIVERED
        assert service.taken == [
            {
                "t": "CRITICAL: No heart beat seen (p1)",
                "n": 31.5,
                "d": 'No heart beat seen: "4.2 s", {severity}.',
            }
        ]
        [got] = service.got
        assert got.path == "/v1/secret-path"
        assert got.headers["authorization"] == "Bearer very-secret"
        assert got.headers["x-key"] == "k"
        assert got.headers["content-type"] == "application/json"


@pytest.fixture
def apprise() -> None:
    if find_spec("apprise") is None:
        pytest.skip("the package apprise is missing: pip install apprise")


def apprise_target(tmp_path: Path, *addresses: str, **settings: Any) -> WebhookSettings:
    keys = secrets(tmp_path, "\n".join(addresses))
    return WebhookSettings(name="own", profile="apprise", secret_file=keys, **settings)


@pytest.mark.usefixtures("apprise")
def test_apprise_brings_the_text_to_every_address(tmp_path: Path) -> None:
    with serving(keep) as one, serving(keep) as two:
        addresses = [service.url.replace("http://", "json://") for service in (one, two)]
        [report] = delivered(apprise_target(tmp_path, *addresses))
        assert report.result is DeliveryResult.DELIVERED
        for service in (one, two):
            [sent] = service.taken
            assert sent["title"] == "CRITICAL: No heart beat seen"
            assert "Go to the patient now." in sent["message"]
            assert sent["type"] == "failure"


@pytest.mark.usefixtures("apprise")
def test_apprise_tells_no_secret_when_it_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda *_: words("no", 500)) as service:
        address = service.url.replace("http://", "json://user:very-secret@")
        reports = delivered(apprise_target(tmp_path, address), 2)
        assert reports[0].result is DeliveryResult.RETRY
        assert "could not send" in reports[0].detail
    [report, *_] = delivered(apprise_target(tmp_path, "nonsense://very-secret"))
    assert report.detail == "address 1 in the secret file is none that apprise knows"
    shown = "".join(capfd.readouterr())
    assert "very-secret" not in caplog.text + shown


@pytest.mark.usefixtures("apprise")
def test_deadline_holds_while_apprise_hangs(tmp_path: Path) -> None:
    def hang(service: Service, _: Got) -> Reaction:
        service.stopped.wait(30.0)
        return words("")

    with serving(hang) as service:
        address = service.url.replace("http://", "json://")
        [report, *_] = delivered(apprise_target(tmp_path, address, timeout_s=1.0))
        assert report.result is DeliveryResult.RETRY
        assert "no answer" in report.detail
        assert report.duration_s < 10.0


def test_without_the_package_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecgd.alerts.profiles.apprise.find_spec", lambda _: None)
    [report] = delivered(apprise_target(tmp_path, "json://localhost:1"))
    assert report.result is DeliveryResult.RETRY
    assert "pip install 'ecgd[apprise]'" in report.detail
