"""Alerts in a real journal: journald runs alone in a mount namespace, journalctl finds them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

JOURNALD = "/lib/systemd/systemd-journald"
DIST_PACKAGES = Path("/usr/lib/python3/dist-packages/systemd")
AS_ROOT = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
NAMESPACE = ["unshare", *AS_ROOT, "--mount", "--propagation=private"]

SCRIPT = """
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /run/systemd/journal
"$JOURNALD" >/dev/null 2>&1 &
journald=$!
trap 'kill $journald' EXIT
for _ in $(seq 100); do [ -S /run/systemd/journal/stdout ] && break; sleep 0.05; done
systemd-cat "$PYTHON" -c "$PROGRAM"
for _ in $(seq 100); do
    journalctl --no-pager --quiet ECGD_EVENT=done | grep -q . && break
    sleep 0.05
done
journalctl --no-pager --quiet --output=json "$@"
"""

PROGRAM = """
import logging, os, sys
from ecgd.config.settings import DaemonSettings
from ecgd.model.finding import Severity
from ecgd.service.logs import log_event, start_logs
status = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
logs = start_logs(DaemonSettings())
logger = logging.getLogger("ecgd.test")
log_event(logger, "alert", "STEMI\\nin II, III, aVF", level=logging.CRITICAL, patient="anna",
          severity=Severity.CRITICAL, alert_id="01J9")
log_event(logger, "link", "link lost", patient="bert")
log_event(logger, "done", "systemd-python" if "systemd.journal" in sys.modules else "native")
logs.close()
assert logs.dropped == 0
"""


def journal(python_path: str, *matches: str) -> list[dict[str, str]]:
    """Run the program under a journald of its own; return the records that match."""
    if shutil.which("unshare") is None or shutil.which("journalctl") is None:
        pytest.skip("unshare or journalctl is missing")
    if not Path(JOURNALD).exists():
        pytest.skip(f"{JOURNALD} is missing")
    try_mount = [*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/run"]
    if subprocess.run(try_mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to make a mount namespace here")
    environ = {
        **os.environ,
        "JOURNALD": JOURNALD,
        "PYTHON": sys.executable,
        "PROGRAM": PROGRAM,
        "PYTHONPATH": python_path,
    }
    done = subprocess.run(
        [*NAMESPACE, "bash", "-c", SCRIPT, "journal", *matches],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_alerts_are_found_by_their_fields() -> None:
    [alert] = journal("", "ECGD_EVENT=alert")
    assert alert["MESSAGE"] == "STEMI\nin II, III, aVF"
    assert alert["PRIORITY"] == "2"
    assert alert["SYSLOG_IDENTIFIER"] == "ecgd"
    assert alert["ECGD_PATIENT"] == "anna"
    assert alert["ECGD_SEVERITY"] == "CRITICAL"
    assert alert["ECGD_ALERT_ID"] == "01J9"


@pytest.mark.debian("python3-systemd")
def test_same_fields_through_systemd_python(tmp_path: Path) -> None:
    if not DIST_PACKAGES.is_dir():
        pytest.skip("the Debian package python3-systemd is missing")
    (tmp_path / "systemd").symlink_to(DIST_PACKAGES)
    can_import = [sys.executable, "-c", "import systemd.journal"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    if subprocess.run(can_import, capture_output=True, check=False, env=environ).returncode:
        pytest.skip("python3-systemd is built for another Python")
    records = {one["ECGD_EVENT"]: one for one in journal(str(tmp_path), "SYSLOG_IDENTIFIER=ecgd")}
    assert records["done"]["MESSAGE"] == "systemd-python"
    assert records["alert"]["MESSAGE"] == "STEMI\nin II, III, aVF"
    assert records["alert"]["ECGD_SEVERITY"] == "CRITICAL"
    assert records["link"]["ECGD_PATIENT"] == "bert"
