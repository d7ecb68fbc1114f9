"""The course of ST over a stop and a start of the real daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon_process import STEMI, Daemon, wait_for

from ecgd.store.reader import StoreReader

CONFIG = f"""
[gpio]
factory = "none"

[[patients]]
id = "anna"
source = "replay:{STEMI}?loop=true"
"""


def stored(daemon: Daemon) -> dict[str, Any]:
    return StoreReader(daemon.state_dir / "ecgd.sqlite3").evolutions()["anna"]


def test_the_course_of_st_goes_on_after_a_restart(short_dir: Path) -> None:
    daemon = Daemon(short_dir, CONFIG)
    try:
        ends_s = []
        for _ in range(2):
            daemon.start()
            daemon.wait_until_up()
            wait_for(lambda: daemon.patient()["windows"]["analysed"] > 4, "ST to be judged")
            assert daemon.stop() == 0
            ends_s.append(stored(daemon)["until_unix_s"])
        first, second = stored(daemon)["moments"]
        apart_s = ends_s[1] - ends_s[0]
        assert first[0] >= apart_s - 1.0 > 0.0
        assert first[0] > second[0]
    finally:
        daemon.end()
