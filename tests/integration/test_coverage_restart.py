"""The account of coverage over a stop and a start of the real daemon."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from daemon_process import STEMI, Daemon, wait_for

from ecgd.model.coverage import NOT_RUNNING, UNDER_WAY_S
from ecgd.service.session import NO_LINK
from ecgd.store.coverage_reader import CoverageReader

CONFIG = f"""
[gpio]
factory = "none"

[[patients]]
id = "anna"
source = "replay:{STEMI}?loop=true"

[[patients]]
id = "bert"
source = "serial:///dev/ecgd-no-such-port"
"""


def watched_s(daemon: Daemon) -> float:
    (stored,) = CoverageReader(daemon.state_dir / "ecgd.sqlite3").covered_hours("anna", 0.0)
    return sum(hour.watched_s for hour in stored.hours)


def totals(daemon: Daemon) -> dict[str, Any]:
    patients = daemon.client().get("/v1/coverage")["patients"]
    return {patient["patient_id"]: patient["total"] for patient in patients}


def seen_for(daemon: Daemon, least_s: float) -> dict[str, Any] | None:
    total = totals(daemon).get("anna")
    seen_s = total["seen"]["standstill"] * total["watched_s"] if total else 0.0
    return total if seen_s >= least_s else None


def test_what_was_seen_is_added_up_over_a_restart(short_dir: Path) -> None:
    daemon = Daemon(short_dir, CONFIG)
    daemon.start()
    try:
        daemon.wait_until_up()
        before = wait_for(lambda: seen_for(daemon, 2.0), "two seconds of a rhythm that was seen")
        unseen = totals(daemon)["bert"]
        assert unseen["seen"] == dict.fromkeys(unseen["seen"], 0.0)
        assert [each["reason"] for each in unseen["unseen"]["stemi"]] == [NO_LINK]
        assert daemon.patient()["coverage"]["watched_s"] > 0
        assert daemon.stop() == 0
        first_s = watched_s(daemon)
        assert first_s >= 2.0
        time.sleep(2 * UNDER_WAY_S)
        daemon.start()
        daemon.wait_until_up()
        seen_s = before["seen"]["standstill"] * before["watched_s"]
        total = wait_for(lambda: seen_for(daemon, seen_s + 3.0), "the account to go on")
        assert NOT_RUNNING in [each["reason"] for each in total["unseen"]["stemi"]]
        assert daemon.stop() == 0
        assert watched_s(daemon) > first_s
    finally:
        daemon.end()
