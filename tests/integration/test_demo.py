"""``ecgctl demo`` as it is run: a simulated device, the daemon and a receiver, all real."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STEMI = ROOT / "tests" / "fixtures" / "recordings" / "inferior_stemi"
ECGCTL = (sys.executable, "-c", "from ecgd.cli.main import main; main()")


@pytest.fixture
def config(short_dir: Path) -> Path:
    """The shipped configuration with a port that is free and a short hold-off."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = (ROOT / "config" / "demo.toml").read_text()
    assert ":8765" in text
    path = short_dir / "demo.toml"
    path.write_text(text.replace(":8765", f":{port}") + "\n[alarms.hold_off]\nstemi_s = 2.0\n")
    return path


def _command(config: Path, *words: str | Path) -> list[str]:
    state = config.parent / "state"
    named = ("demo", "--config", config, "--state-dir", state, *words)
    return [*ECGCTL, *map(str, named)]


def _run(config: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(config, *words), capture_output=True, text=True, timeout=90, check=False
    )


def _programs(state: Path) -> list[str]:
    """Return the programs that know this state directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if str(state) in words and "-m\0ecgd." in words:
                found.append(words.replace("\0", " "))
    return found


def test_every_link_from_the_device_to_the_receiver_is_seen_to_work(config: Path) -> None:
    state = config.parent / "state"
    ran = _run(config, "--recording", STEMI, "--seconds", "25")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "\N{BALLOT X}" not in ran.stdout
    for link in ("packets", "analysis", "stored", "pins", "webhook"):
        assert f"\N{CHECK MARK}  {link}" in ran.stdout
    assert "CRITICAL STEMI_DETECTED, inferior" in ran.stdout
    assert "every link of the chain was seen to work" in ran.stdout
    with sqlite3.connect(state / "ecgd.sqlite3") as database:
        rows = database.execute("SELECT event_type, simulated FROM alerts").fetchall()
    database.close()
    assert ("STEMI_DETECTED", 1) in rows
    assert b"STEMI_DETECTED" in (state / "received" / "0001.json").read_bytes()
    assert _programs(state) == []


def test_a_chain_that_was_not_seen_to_work_is_a_failure(config: Path) -> None:
    ran = _run(config, "--recording", "synthetic:?rate=72", "--seconds", "6")
    assert ran.returncode == 1
    assert "STEMI_DETECTED is not in SQLite" in ran.stdout
    assert "the chain is broken" in ran.stdout


def test_a_device_that_ends_is_told_with_its_last_words(config: Path) -> None:
    ran = _run(config, "--recording", config.parent / "no_such_recording", "--seconds", "30")
    assert ran.returncode == 1
    assert "the simulated device ended" in ran.stderr
    assert "no_such_recording" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert _programs(config.parent / "state") == []


def test_a_port_that_is_taken_is_told_before_anything_starts(config: Path) -> None:
    port = int(config.read_text().partition("127.0.0.1:")[2].partition("/")[0])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        ran = _run(config, "--recording", STEMI)
    assert ran.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ran.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_asked_and_leaves_nothing_behind(
    config: Path, ending: signal.Signals
) -> None:
    state = config.parent / "state"
    with subprocess.Popen(
        _command(config, "--recording", STEMI),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "bpm" in line or "no figures" in line:
                break
        assert len(_programs(state)) == 2
        process.send_signal(ending)
        asked_s = time.monotonic()
        rest = process.stdout.read()
        process.wait(20)
    assert process.returncode == 0
    assert time.monotonic() - asked_s < 10
    assert "stopped" in rest
    assert "Traceback" not in rest
    assert _programs(state) == []
