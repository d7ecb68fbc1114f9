"""A real daemon raises an infarction; its capsule gives the same decision again, elsewhere too."""

from __future__ import annotations

import base64
import json
import re
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

from daemon_process import Daemon, config, node, wait_for

from ecgd.cli.exit_codes import ExitCode
from ecgd.store.capsule_stream import read_stream
from ecgd.store.capsules import StoredCapsule
from ecgd.store.reader import StoreReader

NO_NETWORKS = "the networks' answers were taken as recorded: its networks are not installed"
ECGCTL = (sys.executable, "-c", "from ecgd.cli.main import main; main()", "alerts")


def settings(after_s: float) -> str:
    return config(more=f"[store]\ncapsule_before_s = 10.0\ncapsule_after_s = {after_s}\n")


def ecgctl(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ECGCTL, *map(str, words)], capture_output=True, text=True, check=False, timeout=120
    )


def capsule(database: Path, alert_id: str, *, whole: bool) -> StoredCapsule | None:
    found = StoreReader(database).capsule(alert_id)
    return found if found is not None and found.has_end >= whole else None


def plain_text(members: dict[str, bytes]) -> str:
    """Return all that can be read in an exported file, the recorded bytes themselves too."""
    lines = "\n".join(json.dumps(line) for line in read_stream(members["capsule.bin"]).lines)
    recorded = b"".join(base64.b64decode(each) for each in re.findall(r'"b": "([^"]*)"', lines))
    others = (data for name, data in members.items() if name != "capsule.bin")
    return lines + b"".join((recorded, *others)).decode(errors="replace")


def alert_id(daemon: Daemon) -> str:
    raised = wait_for(lambda: daemon.alarms("active"), f"an alarm: {daemon.said()}")
    grave = [alarm for alarm in raised if alarm["event_type"] == "STEMI_DETECTED"]
    return str(grave[0]["alert_id"])


def test_a_decision_is_made_again_bit_for_bit(short_dir: Path) -> None:
    daemon = Daemon(short_dir, settings(2.0))
    database = daemon.state_dir / "ecgd.sqlite3"
    with node(short_dir):
        daemon.start()
        try:
            name = alert_id(daemon)
            wait_for(lambda: capsule(database, name, whole=True), f"a capsule: {daemon.said()}")
        finally:
            daemon.end()
    verified = ecgctl("replay", "--verify", name[:8], "--database", database)
    assert verified.returncode == ExitCode.FINE, verified.stdout + verified.stderr
    assert "reproduced bit for bit: " in verified.stdout

    file = short_dir / "alert.ecgdcapsule"
    exported = ecgctl("export", name, file, "--database", database)
    assert exported.returncode == ExitCode.FINE, exported.stderr
    assert ecgctl("export", name, file, "--database", database).returncode == ExitCode.ERROR
    with zipfile.ZipFile(file) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}

    header = json.loads(ecgctl("replay", "--json", file).stdout)
    nowhere = short_dir / "no-networks"
    nowhere.mkdir()
    alone = ecgctl("replay", "--verify", "--json", file, "--models", nowhere)
    told = json.loads(alone.stdout)
    assert told["is_reproduced"] is True
    assert told["alerts"] == [name]
    has_networks = bool(header["networks"]["names"])
    assert told["unverified"] == ([NO_NETWORKS] if has_networks else [])
    assert alone.returncode == (ExitCode.ATTENTION if has_networks else ExitCode.FINE)
    assert json.loads(members["manifest.json"])["complete"] is True
    nobody = plain_text(members)
    for word in ("Anna", "anna", str(short_dir), socket.gethostname(), "hc05"):
        assert not re.search(rf"(?<![A-Za-z0-9+/]){re.escape(word)}(?![A-Za-z0-9+/])", nobody), word

    daemon.config.write_text(daemon.config.read_text().replace("stemi_s = 2.0", "stemi_s = 3.5"))
    since = ecgctl("replay", "--verify", name, "--config", daemon.config, "--database", database)
    assert (
        "set otherwise since: alarms.hold_off.stemi_s: recorded with 2.0, now 3.5" in since.stdout
    )
    assert since.returncode == ExitCode.FINE, since.stdout

    file.write_bytes(file.read_bytes()[:-200])
    torn = ecgctl("replay", "--verify", file)
    assert torn.returncode == ExitCode.ERROR
    assert "cut off or damaged" in torn.stderr


def test_a_daemon_that_is_killed_leaves_what_led_to_the_alert(short_dir: Path) -> None:
    daemon = Daemon(short_dir, settings(60.0))
    database = daemon.state_dir / "ecgd.sqlite3"
    with node(short_dir):
        daemon.start()
        try:
            name = alert_id(daemon)
            wait_for(lambda: capsule(database, name, whole=False), f"its begin: {daemon.said()}")
            daemon.stop(signal.SIGKILL)
        finally:
            daemon.end()
    stored = StoreReader(database).alert(name)
    assert stored is not None
    verified = ecgctl("replay", "--verify", name, "--database", database)
    assert verified.returncode == ExitCode.ATTENTION, verified.stderr
    assert "incomplete: it has no end: writing it was cut off" in verified.stdout
    assert "not reproduced" not in verified.stdout
    assert "reproduced bit for bit" in verified.stdout
    shown = ecgctl("replay", name, "--database", database)
    assert shown.returncode == ExitCode.FINE
    assert "INCOMPLETE" in shown.stdout
