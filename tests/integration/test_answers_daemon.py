"""The real daemon hears answers of people, after a restart too, and by keys that came late."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

import phone_schemas as schemas
from daemon_process import Daemon, config, node, wait_for
from phone_services import Got, Reaction, Service, serving, told
from test_answer_paths import NTFY_KEYS, ntfy_replies

from ecgd.store.escalation_reader import EscalationReader

PEOPLE = """
[[webhooks]]
name = "push"
profile = "{profile}"
url = "{url}"
secret_file = "keys"
{more}
[[contacts]]
id = "berta"
channels = ["push"]
"""
RECEIPT = "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"


def write_keys(daemon: Daemon, keys: Mapping[str, str]) -> None:
    path = daemon.state_dir / "keys"
    path.touch(0o600)
    path.write_text("\n".join(f"{name}={value}" for name, value in keys.items()))


def answered_by(daemon: Daemon) -> str:
    alarms = wait_for(
        lambda: [each for each in daemon.alarms("acknowledged") if each["acknowledged_by"]],
        f"the acknowledgement: {daemon.said()}",
    )
    return str(alarms[0]["acknowledged_by"])


def test_a_press_on_the_phone_counts_though_the_key_came_after_the_start(tmp_path: Path) -> None:
    pressed: list[str] = []

    def answer(service: Service, got: Got) -> Reaction:
        if got.method == "GET":
            return ntfy_replies(pressed[0]) if pressed else (200, {}, b"")
        return schemas.ntfy(service, got)

    with serving(answer) as service:
        people = PEOPLE.format(profile="ntfy", url=service.url, more="acknowledge = true")
        daemon = Daemon(tmp_path, config(more=people))
        try:
            with node(tmp_path):
                daemon.start()
                daemon.wait_until_up()
                write_keys(daemon, NTFY_KEYS)
                button = wait_for(
                    lambda: [each["actions"][0] for each in service.taken if "actions" in each],
                    f"the push: {daemon.said()}",
                )[0]
                pressed.append(button["body"])
                assert answered_by(daemon) == "ntfy:berta"
        finally:
            daemon.end()
        assert not service.faults
        stored = EscalationReader(daemon.state_dir / "ecgd.sqlite3").alert(
            button["body"].split()[1]
        )
        assert stored is not None
        assert stored.acknowledged_by == "ntfy:berta"


def test_a_pushover_receipt_outlives_a_kill_and_ends_the_ringing(tmp_path: Path) -> None:
    cancelled: list[str] = []

    def answer(service: Service, got: Got) -> Reaction:
        if got.path.endswith("/cancel.json"):
            cancelled.append(got.path)
            return told({"status": 1})
        if got.method == "GET":
            return told({"status": 1, "acknowledged": int(f"/{RECEIPT}.json" in got.path)})
        return schemas.pushover(service, got)

    with serving(answer) as service:
        daemon = Daemon(
            tmp_path, config(more=PEOPLE.format(profile="pushover", url=service.url, more=""))
        )
        write_keys(daemon, {"token": schemas.PUSHOVER_TOKEN, "user": schemas.PUSHOVER_USER})
        database = EscalationReader(daemon.state_dir / "ecgd.sqlite3")
        try:
            with node(tmp_path):
                daemon.start()
                alert_id = wait_for(
                    lambda: [each["tags"] for each in service.taken if "tags" in each],
                    f"the push: {daemon.said()}",
                )[0]
                kept = wait_for(lambda: _delivered(database, alert_id), "the receipt on the disk")
                assert kept == (RECEIPT, 1), "the receipt, and one attempt"
                daemon.stop(signal.SIGKILL)
            daemon.start()
            assert answered_by(daemon) == "pushover:berta"
            wait_for(lambda: cancelled, "the end of the ringing")
            assert cancelled[0] == f"/1/receipts/{RECEIPT}/cancel.json"
        finally:
            daemon.end()
        assert not service.faults


def _delivered(database: EscalationReader, alert_id: str) -> tuple[str, int] | None:
    found = [each for each in database.deliveries(alert_id) if each.state == "delivered"]
    return (found[0].receipt, found[0].attempts) if found else None
