"""The real daemon tells contacts one after the other, over a kill too, until somebody answers."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from daemon_process import Daemon, Receiver, config, node, receiving, wait_for

from ecgd.store.escalation_reader import EscalationReader

PEOPLE = """
[escalation]
answer_s = 10.0
repeat_s = 3600.0
[[webhooks]]
name = "berta"
include_name = true
url = "{berta}"
secret_file = "secret"
[[webhooks]]
name = "carl"
url = "{carl}"
secret_file = "secret"
[[contacts]]
id = "berta"
name = "Berta B."
channels = ["berta"]
[[contacts]]
id = "carl"
role = "service"
order = 2
delay_s = {delay_s}
channels = ["carl"]
"""


def people(berta: Receiver, carl: Receiver, delay_s: float) -> str:
    more = PEOPLE.format(berta=berta.url, carl=carl.url, delay_s=delay_s)
    place = '[alarms]\nlocation = "Main Street 1"\n[alarms.hold_off]'
    return config(more=more).replace("[alarms.hold_off]", place)


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for body in receiver.bodies()]


def test_a_contact_that_is_gone_an_answer_and_the_record(tmp_path: Path) -> None:
    with receiving() as berta, receiving() as carl:
        berta.status = 410
        daemon = Daemon(tmp_path, people(berta, carl, 3600.0))
        try:
            with node(tmp_path):
                daemon.start()
                wait_for(lambda: told(carl), f"the next contact: {daemon.said()}")
                alert_id = told(carl)[0]["data"]["alert_id"]
                status = daemon.status()
                assert status is not None
                words = {part["part"]: part["detail"] for part in status["parts"]}["contacts"]
                assert "berta undeliverable" in words
                daemon.client().post(f"/v1/alerts/{alert_id}/acknowledge", {"by": "ntfy:berta"})
                wait_for(lambda: len(told(carl)) > 1, "the word that somebody has answered")
        finally:
            daemon.end()
        notice = told(carl)[1]
        assert notice["type"] == "ecgd.alert.answered"
        assert notice["data"]["answered_by"] == "Berta B. (ntfy)"
        assert len(told(berta)) == 1, "a target that is gone is told nothing more"
        assert "location" not in told(berta)[0]["data"], "only who is sent out is told where"
        assert told(carl)[0]["data"]["location"] == "Main Street 1"
        assert "location" not in notice["data"]
        record = EscalationReader(daemon.state_dir / "ecgd.sqlite3").escalation(alert_id)
        assert record is not None
        assert (record["phase"], record["answered_by"]) == ("answered", "ntfy:berta")


def test_a_kill_between_two_contacts_loses_nobody(tmp_path: Path) -> None:
    with receiving() as berta, receiving() as carl:
        daemon = Daemon(tmp_path, people(berta, carl, 12.0))
        try:
            with node(tmp_path):
                daemon.start()
                wait_for(lambda: told(berta), f"the first contact: {daemon.said()}")
                first = told(berta)[0]["data"]["alert_id"]
                daemon.stop(signal.SIGKILL)
                assert not told(carl)
            daemon.start()
            wait_for(lambda: told(carl), f"the next contact: {daemon.said()}")
            assert told(carl)[0]["data"]["alert_id"] == first
            unanswered = wait_for(lambda: _gateway_alert(daemon), "the alarm that nobody answers")
            assert unanswered["severity"] == "HIGH"
            assert "of the patient: " in unanswered["description"], "no id leaves the house"
        finally:
            daemon.end()


def _gateway_alert(daemon: Daemon) -> dict[str, Any] | None:
    status = daemon.status()
    if status is None:
        return None
    shown = daemon.client().get("/v1/alerts", {"limit": "50"})["alerts"]
    found = [each for each in shown if each["event_type"] == "NOBODY_ANSWERED"]
    return found[0] if found else None
