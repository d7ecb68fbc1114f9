"""The real daemon: the alert at once, its report behind it, over a kill between the two."""

from __future__ import annotations

import base64
import hashlib
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from daemon_process import Daemon, Receiver, config, node, receiving, wait_for

from ecgd.store.escalation_reader import EscalationReader

PEOPLE = """
[report]
before_s = 5.0
after_s = 2.0
[[webhooks]]
name = "doctor"
url = "{doctor}"
secret_file = "secret"
[[webhooks]]
name = "daughter"
url = "{daughter}"
secret_file = "secret"
[[contacts]]
id = "doctor"
role = "professional"
channels = ["doctor"]
[[contacts]]
id = "daughter"
channels = ["daughter"]
"""


def told(receiver: Receiver, kind: str) -> list[dict[str, Any]]:
    """Return the messages of a kind about the infarction, in the order in which they came."""
    found = [(dict(headers), json.loads(body)) for headers, body in receiver.received]
    return [
        body["data"] | {"webhook-id": headers["webhook-id"]}
        for headers, body in found
        if body["type"] == kind and body["data"]["event_type"] == "STEMI_DETECTED"
    ]


def test_the_report_follows_its_alert_over_a_kill(tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="Pillow is missing: pip install 'ecgd[report]'")
    with receiving() as doctor, receiving() as daughter:
        people = PEOPLE.format(doctor=doctor.url, daughter=daughter.url)
        daemon = Daemon(tmp_path, config(more=people))
        try:
            with node(tmp_path):
                daemon.start()
                wait_for(lambda: told(doctor, "ecgd.alert"), f"the alert: {daemon.said()}")
                database = daemon.state_dir / "ecgd.sqlite3"
                alert_id = told(doctor, "ecgd.alert")[0]["alert_id"]
                wait_for(lambda: _is_delivered(database, alert_id), "the account of it")
                daemon.stop(signal.SIGKILL)
            assert not told(doctor, "ecgd.alert.report"), "the alert waits for nothing"
            daemon.start()
            wait_for(lambda: told(doctor, "ecgd.alert.report"), f"a report: {daemon.said()}")
            wait_for(lambda: len(_states(database, alert_id)) == 1, "the outbox to be empty of it")
            part = next(p for p in _parts(daemon) if p["part"] == "reports")
        finally:
            daemon.end()
    [report] = told(doctor, "ecgd.alert.report")
    assert report["alert_id"] == alert_id
    assert report["webhook-id"] != told(doctor, "ecgd.alert")[0]["webhook-id"]
    picture = base64.b64decode(report["report"]["base64"])
    assert picture.startswith(b"\x89PNG")
    assert report["report"]["content_type"] == "image/png"
    assert report["report"]["sha256"] == hashlib.sha256(picture).hexdigest()
    assert not told(daughter, "ecgd.alert.report")
    assert (part["healthy"], part["detail"]) == (True, "1 brought, 0 on their way; for doctor")


def _is_delivered(database: Path, alert_id: str) -> bool:
    found = EscalationReader(database).deliveries(alert_id)
    return any(each.target == "doctor" and each.state == "delivered" for each in found)


def _states(database: Path, alert_id: str) -> set[str]:
    found = EscalationReader(database).deliveries(alert_id)
    return {each.state for each in found if each.target == "doctor"}


def _parts(daemon: Daemon) -> list[dict[str, Any]]:
    status = daemon.status()
    assert status is not None
    parts: list[dict[str, Any]] = status["parts"]
    return parts
