"""Marks and the budget over the database of a real daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from daemon_process import Daemon, config, node, wait_for

ECGCTL = (sys.executable, "-c", "from ecgd.cli.main import main; main()")


def _ecgctl(daemon: Daemon, *words: str) -> dict[str, Any]:
    environ = os.environ | {"ECGD_SOCKET": str(daemon.state_dir / "control.sock")}
    done = subprocess.run(
        [*ECGCTL, "alerts", *words, "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environ,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_marked_alert_is_counted_and_must_not_be_lost(short_dir: Path) -> None:
    daemon = Daemon(short_dir, config())
    try:
        with node(short_dir):
            daemon.start()
            daemon.wait_until_up()
            alarms = wait_for(lambda: _stemi(daemon), "the STEMI alarm")
            alert_id = alarms[0]["alert_id"]
            marked = _ecgctl(daemon, "mark", alert_id[:8], "true", "--by", "Ann")
            assert (marked["alert_id"], marked["verdict"]) == (alert_id, "true")
            newest = _ecgctl(daemon, "list")["alerts"]
            assert {a["alert_id"]: a["verdict"] for a in newest}[alert_id] == "true"
            tried = "analysis.st_elevation_mv=0.5"
            answer = wait_for(lambda: _reproduced(daemon, tried), "the alert's windows to be kept")
    finally:
        daemon.end()
    assert answer["settings_of"] == "the running daemon"
    (setting,) = answer["settings"]
    today, other = setting["values"]
    assert (today["is_now"], today["confirmed_kept"]) == (True, 1)
    assert [lost["alert_id"] for lost in other["confirmed_lost"]] == [alert_id]
    assert setting["suggested"] is None


def _stemi(daemon: Daemon) -> list[dict[str, Any]] | None:
    alarms = daemon.alarms("active")
    return [a for a in alarms if a["event_type"] == "STEMI_DETECTED"] or None


def _reproduced(daemon: Daemon, tried: str) -> dict[str, Any] | None:
    """Return the budget once the windows that raised the alert are on the disk."""
    answer = _ecgctl(daemon, "budget", "--try", tried)
    return answer if answer["settings"][0]["values"][0]["confirmed_kept"] else None
