"""Two processes, one state directory: the second is refused; kill -9 frees the first one's lock."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecgd.errors import AlreadyRunningError
from ecgd.store.lock import StateLock

HOLDER = """
import sys, time
from pathlib import Path
from ecgd.store.lock import StateLock
StateLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
        child.kill()


def test_the_other_process_is_named(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(AlreadyRunningError, match=rf"pid {holder.pid}\)"):
        StateLock(tmp_path).acquire()


def test_a_killed_process_holds_nothing(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with StateLock(tmp_path), pytest.raises(AlreadyRunningError):
        StateLock(tmp_path).acquire()
