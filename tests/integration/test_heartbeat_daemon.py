"""The real daemon's signs of life at a real receiver."""

from __future__ import annotations

import time
from pathlib import Path

from daemon_process import Daemon, config, node, receiving, wait_for

LINK_LOST_S = 6.0


def test_signs_stop_while_nobody_is_told_and_go_on_once_an_alarm_is_raised(short_dir: Path) -> None:
    with receiving() as outside:
        more = """
[heartbeat]
url_file = "address"
every_s = 1
"""
        text = config(more=more, stemi_s=60.0).replace(
            "[alarms.hold_off]", f"[alarms.hold_off]\nlink_lost_s = {LINK_LOST_S}"
        )
        daemon = Daemon(short_dir, text.replace("[daemon]", '[daemon]\nlog_level = "debug"'))
        address = daemon.state_dir / "address"
        address.write_text(outside.url)
        address.chmod(0o600)
        with node(short_dir):
            daemon.start()
            try:
                daemon.wait_until_up()
                assert outside.received == [], "nothing is judged yet"
                wait_for(lambda: len(outside.received) >= 2, "signs of life")
                heartbeat = _health(daemon)
                assert heartbeat["healthy"]
                assert "0 failed" in str(heartbeat["detail"])
            except BaseException:
                daemon.end()
                raise
        # The device is gone. The link is lost at once, the alarm of it is raised after 6 s.
        try:
            wait_for(lambda: _withheld(daemon), "the silence")
            time.sleep(1.5)  # for one that was under way
            silent = len(outside.received)
            wait_for(lambda: len(outside.received) > silent, "signs of life again")
            alarms = {alarm["event_type"] for alarm in daemon.alarms("active")}
            assert "LINK_LOST" in alarms, "a sign while nobody is told"
            path = outside.url.rpartition("/")[2]
            log = (daemon.state_dir / "ecgd.log").read_text()
            assert "no sign of life is given: anna is not watched" in log
            assert f"/{path}" not in log + daemon.said()
            assert daemon.stop() == 0
        finally:
            daemon.end()


def _health(daemon: Daemon) -> dict[str, object]:
    status = daemon.status()
    assert status is not None, daemon.said()
    found: dict[str, object] = next(p for p in status["parts"] if p["part"] == "heartbeat")
    return found


def _withheld(daemon: Daemon) -> bool:
    return str(_health(daemon)["detail"]).startswith("withheld: anna")
