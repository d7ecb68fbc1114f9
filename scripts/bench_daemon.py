"""The daemon as a process on simulated devices: memory, processor time, turns, answers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgd.cli.client import Client, UnreachableError

COMMANDS = Path(sys.executable).parent
WARM_UP_S = 10.0
"""A window is five seconds: after this every patient has had some."""

ANSWERS = 20


@dataclass(frozen=True, slots=True)
class DaemonRun:
    """What one run showed. ``cpu_percent`` is of one core; ``answers_ms`` of changes."""

    memory_mb: float
    cpu_percent: float
    windows: int
    windows_due: float
    windows_replaced: int
    slowest_p99_ms: float
    answers_ms: tuple[float, ...]


def run_daemon(patients: int, seconds: float, source: str, models: Path | None = None) -> DaemonRun:
    """Run the daemon on so many simulated devices on serial lines, and watch it for a while.

    ``models`` is the folder of its networks, None: those of the package.
    """
    with tempfile.TemporaryDirectory(prefix="ecgd") as folder, ExitStack() as stack:
        lines = ["[daemon]", "simulated = true", "[gpio]", 'factory = "none"']
        if models is not None:
            lines += ["[ensemble]", f'models_dir = "{models}"']
        for number in range(patients):
            link = Path(folder) / f"hc05-{number}"
            command = [sys.executable, "-m", "ecgd.node", "--source", source, "--link", str(link)]
            stack.enter_context(running([*command, "--device-id", f"node-{number}"]))
            lines += ["[[patients]]", f'id = "bench-{number}"', f'source = "serial://{link}"']
        config = Path(folder) / "bench.toml"
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [str(COMMANDS / "ecgd"), "--config", str(config), "--state-dir", folder]
        process = stack.enter_context(running(command))
        client = Client(Path(folder) / "control.sock")
        wait_until_up(client, process)
        time.sleep(WARM_UP_S)
        return _watch(client, process, seconds)


def _watch(client: Client, process: subprocess.Popen[bytes], seconds: float) -> DaemonRun:
    before, began_s, used_s = client.get("/v1/status"), time.monotonic(), _cpu_s(process.pid)
    time.sleep(seconds)
    used_s, passed_s = _cpu_s(process.pid) - used_s, time.monotonic() - began_s
    figures = client.get("/v1/diagnostics")
    windows = _count(figures["status"], "analysed") - _count(before, "analysed")
    return DaemonRun(
        memory_mb=_most_memory_mb(process.pid),
        cpu_percent=100 * used_s / passed_s,
        windows=windows,
        windows_due=passed_s * len(before["patients"]),
        windows_replaced=_count(figures["status"], "replaced"),
        slowest_p99_ms=max(_p99_ms(each["latency"]) for each in figures["patients"]),
        answers_ms=tuple(_answers_ms(client)),
    )


def _answers_ms(client: Client) -> Iterator[float]:
    """Edit a patient again and again: each is checked, on the disk, and answered."""
    for number in range(ANSWERS):
        begin_s = time.perf_counter()
        body = {"name": f"Bench {number}", "by": "bench"}
        client.post("/v1/patients/bench-0/edit", body)
        yield 1000 * (time.perf_counter() - begin_s)


def _p99_ms(stages: list[dict[str, Any]]) -> float:
    """Return the sum of the stages' p99: no window was slower in 99 of 100, and mostly faster."""
    window = ("waiting", "preprocessing", "features", "inference", "rules")
    return sum(stage["p99_ms"] or 0.0 for stage in stages if stage["stage"] in window)


def _count(status: dict[str, Any], what: str) -> int:
    return sum(int(patient["windows"][what]) for patient in status["patients"])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _most_memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def wait_until_up(client: Client, process: subprocess.Popen[bytes]) -> None:
    """Wait until the daemon answers; ends the program if it will not."""
    while process.poll() is None:
        try:
            client.get("/v1/health")
        except UnreachableError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"the daemon ended by itself with exit status {process.returncode}")


@contextmanager
def running(command: list[str], said: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program and end it. What it says goes into a file, or nowhere."""
    with Path(said or os.devnull).open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)
