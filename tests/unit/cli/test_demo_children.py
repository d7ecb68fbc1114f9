"""Programs of the demo: their end is noticed, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecgd.cli.demo_children import Child, ChildEndedError, stop_all


def _child(tmp_path: Path, script: str) -> Child:
    return Child("the test", [sys.executable, "-c", script], os.environ, tmp_path / "out")


def _await(path: Path, text: str) -> None:
    deadline_s = time.monotonic() + 10
    while text not in (path.read_text() if path.exists() else ""):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_program_that_ends_is_told_with_its_last_lines(tmp_path: Path) -> None:
    child = _child(tmp_path, "print('one'); print('no such device'); raise SystemExit(3)")
    child.wait(time.monotonic() + 10)
    with pytest.raises(ChildEndedError, match="the test ended with status 3") as ended:
        child.check()
    assert "  no such device" in str(ended.value)
    assert str(tmp_path / "out") in str(ended.value)


def test_a_program_that_was_killed_names_the_signal(tmp_path: Path) -> None:
    child = _child(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    child.wait(time.monotonic() + 10)
    with pytest.raises(ChildEndedError, match=f"by signal {signal.SIGKILL:d}"):
        child.check()


def test_programs_end_together_and_a_deaf_one_is_killed(tmp_path: Path) -> None:
    deaf = _child(
        tmp_path,
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True); time.sleep(60)",
    )
    _await(tmp_path / "out", "deaf")
    deaf.check()
    stop_all([deaf], within_s=0.2)
    assert not _is_alive(deaf.pid)
    with pytest.raises(ChildEndedError, match=f"by signal {signal.SIGKILL:d}"):
        deaf.check()


def test_kill_9_of_the_demo_leaves_no_program_behind(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = (
        "import os, sys, time\nfrom pathlib import Path\n"
        "from ecgd.cli.demo_children import Child\n"
        "sleep = [sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(60)']\n"
        f"child = Child('sleeper', sleep, os.environ, Path({str(out)!r}))\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    _await(out, "1")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline_s = time.monotonic() + 10
    while _is_alive(pid):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
