"""The control socket of the real daemon process: who may listen, and what outlives kill -9."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecgd.cli.client import Client, UnreachableError
from ecgd.config.places import SOCKET_NAME
from ecgd.errors import ControlError

CONFIG = """
[gpio]
factory = "none"

[[patients]]
id = "p1"
name = "Ada Example"
source = "synthetic:?rate=72&speed=1"
"""


@pytest.fixture
def config(short_dir: Path) -> Path:
    path = short_dir / "ecgd.toml"
    path.write_text(CONFIG)
    return path


def _start(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ecgd.service", "--config", str(config)]
    return subprocess.Popen(
        [*command, "--state-dir", str(config.parent / "state")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )


@contextmanager
def _daemon(config: Path) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    client = Client(config.parent / "state" / SOCKET_NAME)
    with _start(config) as process:
        try:
            _await_answer(process, client)
            yield process, client
        finally:
            process.kill()


def _await_answer(process: subprocess.Popen[str], client: Client) -> None:
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            if client.get("/v1/health")["uptime_s"] >= 0:
                return
        except UnreachableError:
            time.sleep(0.05)
    pytest.fail("the daemon never answered")


def test_every_route_of_a_real_daemon_answers(config: Path) -> None:
    with _daemon(config) as (process, client):
        assert stat.S_IMODE(client.path.stat().st_mode) == 0o660
        status = client.get("/v1/status")
        assert status["pid"] == process.pid
        assert [patient["patient_id"] for patient in status["patients"]] == ["p1"]
        assert client.get("/v1/patients")["patients"][0]["name"] == "Ada Example"
        figures = client.get("/v1/diagnostics")
        assert figures["status"]["pid"] == process.pid
        assert figures["memory_mb"] > 10
        assert client.get("/v1/alerts", {"limit": "5", "patient": "p1"}) == {"alerts": []}
        assert client.post("/v1/audio/pause", {"by": "test"})["audio_paused_s"] > 0
        assert client.get("/v1/status")["audio_paused_s"] > 0
        assert (
            client.post("/v1/alerts/acknowledge", {"by": "test", "patient": "p1"})["acknowledged"]
            == []
        )
        with pytest.raises(ControlError, match="no alarm that can be acknowledged"):
            client.post("/v1/alerts/none/acknowledge", {"by": "test"})
        process.terminate()
        process.wait(20)
        assert process.returncode == 0
        assert not client.path.exists()


def test_a_second_daemon_is_refused_and_a_dead_ones_socket_is_replaced(config: Path) -> None:
    with _daemon(config) as (first, client):
        with _start(config) as second:
            _, said = second.communicate(timeout=60)
        assert second.returncode != 0
        assert "Traceback" not in said
        assert client.get("/v1/status")["pid"] == first.pid
        first.kill()
        first.wait(20)
        assert client.path.is_socket()
        with pytest.raises(UnreachableError, match="nobody listens"):
            client.get("/v1/health")
    with _daemon(config) as (again, client):
        assert client.get("/v1/status")["pid"] == again.pid
