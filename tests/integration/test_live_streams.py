"""ecgctl live, tail and record against the real daemon with the real simulated device."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from daemon_process import Daemon, config, node, wait_for
from terminal_screen import TerminalProgram, on_terminal

from ecgd.cli.client import Client
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.stream_client import LineReader, StreamClient
from ecgd.sources.byte_log import ByteLogReader, Direction

Json = dict[str, Any]

ECGCTL = (sys.executable, "-c", "from ecgd.cli.main import main; main()")
TWO_PATIENTS = """
[[patients]]
id = "bert"
name = "Bert"
source = "synthetic:?rate=72"
"""


@pytest.fixture
def daemon(short_dir: Path) -> Iterator[Daemon]:
    """A daemon that a test may stop."""
    with _running(short_dir) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def standing() -> Iterator[Daemon]:
    """A daemon that goes on: nobody stops it."""
    with tempfile.TemporaryDirectory(prefix="ecgd") as name, _running(Path(name)) as daemon:
        yield daemon


@contextmanager
def _running(directory: Path) -> Iterator[Daemon]:
    daemon = Daemon(directory, config(stemi_s=0.5, more=TWO_PATIENTS))
    daemon.start()
    try:
        wait_for(daemon.status, "the daemon")
        yield daemon
    finally:
        daemon.end()


def _environ(daemon: Daemon, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ECGD_", "RUNTIME_", "NO_"))}
    socket = str(daemon.state_dir / "control.sock")
    return kept | {"ECGD_SOCKET": socket, "TERM": "xterm", "PYTHONUTF8": "1"} | more


def _ecgctl(daemon: Daemon, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ECGCTL, *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=_environ(daemon),
        check=False,
    )


@contextmanager
def _started(daemon: Daemon, *words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*ECGCTL, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environ(daemon),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _live(daemon: Daemon, stream: StreamClient, until: str) -> list[Json]:
    """Return what a stream tells until an alarm of this kind is raised."""
    reader, told = LineReader(), list[Json]()

    def look() -> bool:
        stream.wait(0.05)
        told.extend(reader.feed(stream.read()))
        return any(t["type"] == "alarm" and t["facts"]["event_type"] == until for t in told)

    wait_for(look, until)
    return told


def test_a_recording_gives_the_windows_and_the_alarm_that_the_daemon_had(
    daemon: Daemon, short_dir: Path
) -> None:
    file = short_dir / "anna.ecgdbytes"
    path = daemon.state_dir / "control.sock"
    with (
        _started(daemon, "record", "--patient", "anna", str(file)) as recording,
        StreamClient(path, "/v1/patients/anna/live") as stream,
    ):
        wait_for(lambda: file.exists() or None, "the recording")
        with node(short_dir):
            told = _live(daemon, stream, "STEMI_DETECTED")
            time.sleep(1.0)
        wait_for(lambda: _link(daemon) == "lost" or None, "the lost link")
        recording.send_signal(signal.SIGINT)
        said, progress = recording.communicate(timeout=20)
    assert recording.returncode == ExitCode.FINE
    assert f"ecgctl analyze {file}" in said
    assert "link up" in progress
    assert "link lost" in progress
    log = ByteLogReader(file)
    directions = {logged.direction for logged in log}
    assert directions == {Direction.FROM_DEVICE, Direction.TO_DEVICE}
    assert not log.torn
    analysed = _ecgctl(daemon, "analyze", "--json", "--config", str(daemon.config), str(file))
    lines = [json.loads(line) for line in analysed.stdout.splitlines()]
    windows = {line["time_s"]: line for line in lines if line["type"] == "assessment"}
    live = [each for each in told if each["type"] == "assessment"]
    assert len(live) >= 2
    for each in live:
        window = windows[each["time_s"]]
        assert window["outcome"] == each["outcome"]
        assert window["rhythm"] == each["rhythm"]["label"]
        assert window["heart_rate_bpm"] == pytest.approx(each["rhythm"]["heart_rate_bpm"], abs=0.01)
        levels_mv = {lead["lead"]: lead["level_mv"] for lead in each["st"]["leads"]}
        assert window["st_mv"] == pytest.approx(levels_mv, abs=0.001)
        assert window["risk_level"] == each["risk_level"]
    assert [line["event_type"] for line in lines if line["type"] == "alert"] == ["STEMI_DETECTED"]


def _link(daemon: Daemon) -> str:
    status = daemon.status()
    assert status is not None
    return str(status["patients"][0]["link"]["state"])


def test_a_recording_is_refused_with_the_way_out(standing: Daemon, short_dir: Path) -> None:
    file = short_dir / "bert.ecgdbytes"
    refused = _ecgctl(standing, "record", "--patient", "bert", str(file))
    assert refused.returncode == ExitCode.ERROR
    assert "records export" in refused.stderr
    assert not file.exists()
    file.write_bytes(b"precious")
    kept = _ecgctl(standing, "record", "--patient", "anna", str(file))
    assert kept.returncode == ExitCode.ERROR
    assert "--force" in kept.stderr
    assert file.read_bytes() == b"precious"
    wrong = _ecgctl(standing, "record", "--patient", "anna", str(short_dir / "a.txt"))
    assert wrong.returncode == ExitCode.USAGE


def _device_bytes(file: Path) -> int:
    if not file.exists() or file.stat().st_size == 0:
        return 0
    logged = list(ByteLogReader(file))
    return sum(len(each.data) for each in logged if each.direction is Direction.FROM_DEVICE)


def test_a_recording_begun_in_the_middle_can_be_read_and_outlives_the_daemon(
    daemon: Daemon, short_dir: Path
) -> None:
    file = short_dir / "kept.ecgdbytes"
    with node(short_dir):
        wait_for(lambda: _link(daemon) == "up" or None, "the link")
        time.sleep(1.0)
        with _started(daemon, "record", "--patient", "anna", str(file)) as recording:
            wait_for(lambda: _device_bytes(file) > 6000, "seven seconds of bytes")
            daemon.stop(signal.SIGKILL)
            _, said = recording.communicate(timeout=20)
    assert recording.returncode == ExitCode.UNREACHABLE
    assert "the file is whole up to there" in said
    assert not ByteLogReader(file).torn
    analysed = _ecgctl(daemon, "analyze", "--json", str(file))
    kinds = [json.loads(line)["type"] for line in analysed.stdout.splitlines()]
    assert kinds.count("assessment") >= 1


def test_tail_tells_what_happens_and_finds_the_daemon_again(
    daemon: Daemon, short_dir: Path
) -> None:
    with _started(daemon, "tail", "--patient", "anna") as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        with node(short_dir):
            lines = [tail.stdout.readline() for _ in range(2)]
            assert any("link up" in line for line in lines)
            assert any("device node-1" in line for line in lines)
            daemon.stop()
            assert "the daemon is stopping" in tail.stderr.readline()
            assert "waiting" in tail.stderr.readline()
            daemon.start()
            assert "connected again" in tail.stderr.readline()
            while "link up" not in (line := tail.stdout.readline()):
                assert line
        tail.send_signal(signal.SIGINT)
        out, error = tail.communicate(timeout=20)
    assert tail.returncode == ExitCode.FINE
    assert "Traceback" not in out + error
    assert "Bert" not in out


def test_tail_in_json_ends_with_the_daemon_when_told_to(daemon: Daemon) -> None:
    with _started(daemon, "tail", "--json", "--once", "--since-start") as tail:
        assert tail.stdout is not None
        first = json.loads(tail.stdout.readline())
        assert (first["number"], first["type"]) == (1, "event")
        daemon.stop()
        tail.communicate(timeout=20)
    assert tail.returncode == ExitCode.UNREACHABLE
    assert _ecgctl(daemon, "tail").returncode == ExitCode.UNREACHABLE


def test_live_shows_the_heart_the_alarm_the_loss_and_gives_the_terminal_back(
    daemon: Daemon, short_dir: Path
) -> None:
    with on_terminal([*ECGCTL, "live", "--by", "Dr. Grey"], 80, 24, _environ(daemon)) as live:
        assert live.is_echo_on()
        live.wait_for_text("no such device")
        with node(short_dir):
            live.wait_for_text("CRITICAL STEMI_DETECTED, inferior", 40)
            live.wait_for(lambda lines: "69 bpm" in lines[3] or "70 bpm" in lines[3], "the rate")
            assert not live.is_echo_on()
            assert live.screen.is_second_screen
            assert live.screen.is_cursor_hidden
            _acknowledge(daemon, live)
            live.type(" ")
            live.wait_for_text("TRACES FROZEN")
            live.type(" ")
            live.resize(120, 40)
            live.wait_for(
                lambda lines: len(lines) == 40 and "space freeze" in lines[-1], "a resize"
            )
        live.wait_for_text("LINK LOST", 5)
        live.type("p")
        live.wait_for_text(" Bert ")
        daemon.stop()
        live.wait_for_text("NO CONNECTION TO THE DAEMON")
        daemon.start()
        live.wait_for(lambda lines: "link up" in lines[4], "the daemon again", 40)
        live.process.send_signal(signal.SIGTERM)
        _given_back(live)


def _acknowledge(daemon: Daemon, live: TerminalProgram) -> None:
    live.type("a")
    live.wait_for_text("acknowledge STEMI_DETECTED of Anna (anna) as Dr. Grey? y/n")
    live.type("n")
    live.wait_for_text("nothing was done")
    assert _alarm_state(daemon) == "active"
    live.type("ay")
    live.wait_for_text("seen by Dr. Grey")
    assert _alarm_state(daemon) == "acknowledged"
    live.type("s")
    live.wait_for_text("SOUND PAUSED")


def _alarm_state(daemon: Daemon) -> str:
    patients = Client(daemon.state_dir / "control.sock").get("/v1/status")["patients"]
    (state,) = [a["state"] for a in patients[0]["alarms"] if a["event_type"] == "STEMI_DETECTED"]
    return str(state)


def _given_back(live: TerminalProgram) -> None:
    wait_for(lambda: live.process.poll() is not None or None, "the end", 10)
    live.pump(0.2)
    assert live.process.returncode == 0
    assert live.is_echo_on()
    assert not live.screen.is_second_screen
    assert not live.screen.is_cursor_hidden
    assert "Traceback" not in live.screen.printed


@pytest.mark.parametrize("ending", ["q", "\x03", "hangup", "defect"])
def test_the_terminal_is_given_back_however_it_ends(standing: Daemon, ending: str) -> None:
    command = [*ECGCTL, "live", "bert"]
    if ending == "defect":
        broken = "import ecgd.cli.live_run as r; r.render = lambda *_: 1 / 0; "
        command = [sys.executable, "-c", broken + ECGCTL[2], "live", "bert"]
    with on_terminal(command, 80, 24, _environ(standing)) as live:
        before = termios.tcgetattr(live.master)
        if ending != "defect":
            live.wait_for_text("Bert")
            if ending == "hangup":
                live.process.send_signal(signal.SIGHUP)
            else:
                live.type(ending)
        wait_for(lambda: live.process.poll() is not None or None, "the end", 20)
        live.pump(0.2)
        assert termios.tcgetattr(live.master) == before
        assert not live.screen.is_second_screen
        assert not live.screen.is_cursor_hidden
        assert ("ZeroDivisionError" in live.screen.printed) == (ending == "defect")


def test_a_live_that_was_stopped_comes_back_whole(standing: Daemon) -> None:
    with on_terminal([*ECGCTL, "live", "bert"], 80, 24, _environ(standing)) as live:
        live.wait_for_text("bpm")
        live.process.send_signal(signal.SIGTSTP)
        wait_for(live.is_echo_on, "the pause", 10)
        live.pump(0.2)
        assert not live.screen.is_second_screen
        live.process.send_signal(signal.SIGCONT)
        live.wait_for(lambda _: live.screen.is_second_screen, "the screen again")
        live.wait_for_text("link up")
        live.type("q")
        _given_back(live)


def test_live_needs_a_terminal_and_a_daemon(standing: Daemon, short_dir: Path) -> None:
    piped = _ecgctl(standing, "live")
    assert piped.returncode == ExitCode.ERROR
    assert "ecgctl tail" in piped.stderr
    environ = _environ(standing, ECGD_SOCKET=str(short_dir / "none.sock"))
    with on_terminal([*ECGCTL, "live"], 80, 24, environ) as live:
        wait_for(lambda: live.process.poll() is not None or None, "the end")
        live.pump(0.2)
        assert live.process.returncode == ExitCode.UNREACHABLE
        assert "no daemon is running" in live.screen.printed
        assert not live.screen.is_second_screen


def test_live_without_colour_and_without_unicode(standing: Daemon) -> None:
    environ = _environ(standing, NO_COLOR="1", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    with on_terminal([*ECGCTL, "live", "bert"], 80, 24, environ) as live:
        live.wait_for_text("link up")
        live.pump(1.5)
        assert live.raw.isascii()
        assert b"\x1b[0;92m" not in live.raw
        drawn = "".join(live.screen.lines()[6:23])
        assert sum(drawn.count(char) for char in ".-'") > 60
        live.type("q")
        _given_back(live)
