"""A broker that is declared a way of delivery: its alarms survive the death of the daemon."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from daemon_process import Daemon, config, node, wait_for
from mosquitto_broker import Broker, listening, password_file

pytestmark = pytest.mark.debian("mosquitto")

ANNA = "ecgd/pi/patient/anna"
DISCOVERY = "homeassistant/device/ecgd-pi-anna/config"

MORE = """
[mqtt]
enabled = true
required = true
include_name = true
host = "127.0.0.1"
port = {port}
user = "ecgd"
password_file = "mqtt-password"
gateway = "pi"
"""


def test_alarm_waits_in_the_outbox_for_the_broker_over_a_restart(short_dir: Path) -> None:
    users = password_file(short_dir, "ecgd", "s3cret-word")
    broker = Broker(short_dir, f"password_file {users}", anonymous=False)
    daemon = Daemon(short_dir, config(more=MORE.format(port=broker.port)))
    secret = daemon.state_dir / "mqtt-password"
    secret.write_text("s3cret-word\n")
    secret.chmod(0o600)
    with node(short_dir):
        daemon.start()
        try:
            daemon.wait_until_up()
            raised = wait_for(lambda: _stemi(daemon), "the alarm")
            wait_for(lambda: _target(daemon)["pending"], "the alarm to wait for the broker")
            target = _target(daemon)
            assert not target["healthy"]
            assert "connection refused" in target["detail"]
            # What is durable is on the disk a moment after the alarm was raised.
            wait_for(lambda: _stored(daemon, raised["alert_id"]), "the alert on the disk")
            daemon.send(signal.SIGKILL)
            assert daemon.process is not None
            daemon.process.wait(10)
            broker.start()
            with listening(broker.port, "ecgd", "s3cret-word") as listener:
                daemon.start()
                daemon.wait_until_up()
                told = wait_for(
                    lambda: [
                        event
                        for word in ("event", "late")
                        for event in listener.bodies(f"{ANNA}/{word}")
                        if event["alert_id"] == raised["alert_id"]
                    ],
                    "the alarm of the run before",
                )
                assert told[0]["patient_name"] == "Anna"
                wait_for(lambda: _target(daemon)["delivered"], "the delivery in the status")
                device = listener.newest(DISCOVERY)["device"]
                assert device["name"] == "Anna"
                changes = {"name": "Anne", "by": "test"}
                daemon.client().post("/v1/patients/anna/edit", changes)
                wait_for(
                    lambda: listener.newest(DISCOVERY)["device"]["name"] == "Anne", "the new name"
                )
                assert listener.newest(DISCOVERY)["device"]["identifiers"] == device["identifiers"]
                assert daemon.stop() == 0
                wait_for(lambda: listener.kept["ecgd/pi/availability"] == b"offline", "the goodbye")
            log = (daemon.state_dir / "ecgd.log").read_text()
            assert "s3cret-word" not in log + daemon.said()
        finally:
            daemon.end()
            broker.stop()


def _target(daemon: Daemon) -> dict[str, Any]:
    status = daemon.status()
    assert status is not None, daemon.said()
    [target] = status["targets"]
    found: dict[str, Any] = target
    return found


def _stemi(daemon: Daemon) -> dict[str, Any] | None:
    raised = (a for a in daemon.alarms("active") if a["event_type"] == "STEMI_DETECTED")
    return next(raised, None)


def _stored(daemon: Daemon, alert_id: str) -> bool:
    alerts = daemon.client().get("/v1/alerts")["alerts"]
    return alert_id in {alert["alert_id"] for alert in alerts}
