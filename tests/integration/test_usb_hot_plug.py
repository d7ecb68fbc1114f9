"""A USB cable is pulled and put back: the daemon goes on by itself under any name of the port."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import Daemon, config, node, wait_for

BACK_WITHIN_S = 5.0
AWAY_S = 5.0
"""Longer than it takes until the pauses between two tries are as long as they get."""


@pytest.fixture
def daemon(short_dir: Path) -> Iterator[Daemon]:
    made = Daemon(short_dir, config())
    yield made
    made.end()


def link(daemon: Daemon, state: str) -> bool | None:
    return daemon.patient()["link"]["state"] == state or None


def blocks(daemon: Daemon) -> int:
    accepted: int = daemon.patient()["link"]["statistics"]["bytes_accepted"]
    return accepted


def test_a_cable_put_back_is_heard_within_five_seconds_under_another_name(
    short_dir: Path, daemon: Daemon
) -> None:
    """udev's link stays, the kernel's name changes: the old one is held while we have it open."""
    port = short_dir / "state" / "hc05"
    with node(short_dir, source="synthetic:?rate=72") as cable:
        daemon.start()
        wait_for(lambda: bool(daemon.status()) and link(daemon, "up"), "the link")
        before = port.readlink()
        other = short_dir / "other"
        other.mkdir()
        with node(other, source="synthetic:?rate=72"):
            cable.send_signal(signal.SIGKILL)
            cable.wait()
            port.unlink()
            wait_for(lambda: link(daemon, "lost"), "the loss")
            time.sleep(AWAY_S)
            heard = blocks(daemon)
            new = (other / "state" / "hc05").readlink()
            assert new != before
            back_s = time.monotonic()
            port.symlink_to(new)
            wait_for(lambda: blocks(daemon) > heard or None, "packets again")
            assert time.monotonic() - back_s < BACK_WITHIN_S
            assert link(daemon, "up")
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.said()
