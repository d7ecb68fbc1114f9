"""ecgctl alerts test and the silent canary, with the real daemon and real receivers."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import canary_schemas
import phone_schemas
import pytest
from daemon_process import Daemon, config, wait_for
from phone_services import Got, Reaction, Service, serving

from ecgd.cli.exit_codes import ExitCode
from ecgd.errors import ControlError

ECGCTL = "from ecgd.cli.main import cli; cli()"


def ntfy(service: Service, got: Got) -> Reaction:
    """Alerts to the root, canaries to their topic; somebody presses the button of each alert."""
    if got.path.startswith(f"/{phone_schemas.NTFY_REPLY}/json"):
        words = [each["actions"][0]["body"] for each in service.taken]
        lines = [
            {"id": f"a{number}", "time": 1, "event": "message", "message": word}
            for number, word in enumerate(words)
        ]
        return 200, {}, "".join(json.dumps(line) + "\n" for line in lines).encode()
    answer = phone_schemas.ntfy if got.path == "/" else canary_schemas.ntfy
    return answer(service, got)


class Home:
    """A receiver of your own that can refuse, or hang with the alert of a test."""

    def __init__(self) -> None:
        self.status = 200
        self.hangs = False
        self.types: list[str] = []
        self.has_test = threading.Event()

    def answer(self, service: Service, got: Got) -> Reaction:
        message = got.json()
        self.types.append(message["data"].get("event_type", message["type"]))
        if self.hangs and self.types[-1] == "TEST_ALARM":
            self.has_test.set()
            service.stopped.wait(10.0)
        return self.status, {}, b""


def targets(home: str, phone: str, *, phone_is_test: bool = True) -> str:
    return f"""
[[webhooks]]
name = "home"
url = "{home}"
secret_file = "secret"
test_target = true
[[webhooks]]
name = "phone"
profile = "ntfy"
url = "{phone}"
secret_file = "phone.keys"
acknowledge = true
test_target = {str(phone_is_test).lower()}
[[webhooks]]
name = "mama"
url = "{home}/mama"
secret_file = "secret"
[[contacts]]
id = "mama"
order = 1
channels = ["mama"]
"""


@contextmanager
def running(tmp_path: Path, more: str) -> Iterator[Daemon]:
    text = config(more=more).replace("serial:hc05?baud=9600", "synthetic:?rate=72")
    daemon = Daemon(tmp_path, text)
    keys = daemon.state_dir / "phone.keys"
    known = phone_schemas.NTFY_TOPIC, phone_schemas.NTFY_TOKEN, phone_schemas.NTFY_REPLY
    keys.write_text("topic={}\ntoken={}\nreply={}\n".format(*known))
    keys.chmod(0o600)
    daemon.start()
    try:
        daemon.wait_until_up()
        yield daemon
    finally:
        daemon.end()


def ecgctl(daemon: Daemon, *words: str) -> subprocess.CompletedProcess[str]:
    socket = str(daemon.state_dir / "control.sock")
    command = [sys.executable, "-c", ECGCTL, *words, "--socket", socket]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def rows(daemon: Daemon, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(daemon.state_dir / "ecgd.sqlite3") as connection:
        return connection.execute(query).fetchall()


def proof(daemon: Daemon) -> dict[str, Any]:
    status = daemon.status()
    found: dict[str, Any] = status["proof"] if status else {}
    return found


def proven_by(daemon: Daemon) -> dict[str, str | None]:
    return {way["name"]: way["by"] for way in proof(daemon)["targets"]}


def held(look: Callable[[], bool]) -> Callable[[], bool | None]:
    return lambda: look() or None


def test_a_canary_a_kill_in_the_middle_of_a_test_and_a_test(tmp_path: Path) -> None:
    home = Home()
    with serving(home.answer) as own, serving(ntfy) as service:
        more = targets(own.url, service.url) + "[proof]\nevery_s = 5\ntoo_old_s = 600\n"
        with running(tmp_path, more) as daemon:
            wait_for(held(lambda: proof(daemon)["whole"]["by"] == "canary"), "a canary")
            assert proven_by(daemon) == dict.fromkeys(("home", "phone", "mama"), "canary")
            assert set(home.types) == {"ecgd.canary"}
            assert service.taken == [], "no canary is seen on the phone"
            assert rows(daemon, "SELECT count(*) FROM alerts") == [(0,)], "nor in the record"
            wait_for(held((daemon.state_dir / "proof.json").exists), "the proof to be kept", 20.0)

            home.hangs = True
            daemon.client().post("/v1/alerts/test", {"by": "anna", "sound": False})
            assert home.has_test.wait(20.0), daemon.said()
            pending = "SELECT count(*) FROM outbox WHERE state = 'pending'"
            wait_for(held(lambda: rows(daemon, pending) != [(0,)]), "the test to be stored")
            daemon.stop(signal.SIGKILL)
            home.hangs, before = False, len(home.types)
            daemon.start()
            daemon.wait_until_up()
            assert proof(daemon)["whole"]["carried_over"], "it was before this start"
            wait_for(held(lambda: rows(daemon, pending) == [(0,)]), "the test to be taken back")
            with pytest.raises(ControlError, match="no test was run"):
                daemon.client().get("/v1/alerts/test")
            assert "TEST_ALARM" not in home.types[before:], "nobody waits for it any more"

            _look_at_a_test(daemon, home, service)


def _look_at_a_test(daemon: Daemon, home: Home, service: Service) -> None:
    before, taken = home.types.count("TEST_ALARM"), len(service.taken)
    done = ecgctl(daemon, "alerts", "test", "--by", "anna", "--wait-answer", "30")
    assert done.returncode == ExitCode.FINE, done.stdout + done.stderr + daemon.said()
    lines = done.stdout.splitlines()
    assert lines[1].split()[0] == "mama", "what is not tried is said first"
    for name in ("analysed", "alarm raised", "pins", "stored", "home", "phone"):
        assert any(line.startswith(f"  {name} ") for line in lines), done.stdout
    assert "receipt xE73Iyuabi" in done.stdout
    assert "by ntfy:phone" in done.stdout, "the button was pressed"
    assert service.taken[taken]["title"].startswith("TEST, no real alarm")
    assert home.types.count("TEST_ALARM") == before + 1, "the contact got nothing"
    assert daemon.patient()["alarms"] == []
    kept = rows(daemon, "SELECT simulated, acknowledged_by, cleared_unix_s > 0 FROM alerts")
    assert kept == [(1, "anna (test)", 1)] * 2
    stats = json.loads(ecgctl(daemon, "alerts", "stats", "--json").stdout)
    assert (stats["simulated"], stats["kinds"]) == (2, [])
    soon = ecgctl(daemon, "alerts", "test")
    assert (soon.returncode, "just ended" in soon.stderr) == (ExitCode.ERROR, True)


def test_what_fails_is_named_and_unproven_for_too_long_is_an_alarm(tmp_path: Path) -> None:
    home = Home()
    with serving(home.answer) as own, serving(ntfy) as service:
        more = targets(own.url, service.url, phone_is_test=False)
        more += "[proof]\nevery_s = 5\ntoo_old_s = 10\n"
        with running(tmp_path, more) as daemon:
            home.status = 500
            failed = ecgctl(daemon, "alerts", "test", "--timeout", "2", "--json")
            assert failed.returncode == ExitCode.ATTENTION, failed.stdout
            steps = {each["name"]: each for each in json.loads(failed.stdout)["steps"]}
            assert steps["home"]["state"] == "failed"
            assert "HTTP 500" in steps["home"]["detail"]
            assert steps["phone"]["state"] == steps["mama"]["state"] == "left out"
            assert steps["stored"]["state"] == "done"

            def alarm() -> dict[str, Any] | None:
                status = daemon.status()
                found = [
                    each
                    for each in (status or {}).get("gateway_alarms", ())
                    if each["event_type"] == "DELIVERY_UNPROVEN" and each["state"] == "active"
                ]
                return found[0] if found else None

            raised = wait_for(alarm, "the alarm")
            words = " ".join(raised["evidence"])
            assert "home: not proven for" in words and "HTTP 500" in words
            assert "phone" not in words, "ntfy has answered its canaries"
            assert "gateway:" not in words, "so has the synthetic heart"
            home.status = 200
