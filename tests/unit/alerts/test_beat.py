"""Signs of life over a real socket."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ecgd.alerts.beat import Beat, BeatListener, BeatSender, parse_beat
from ecgd.errors import DeliveryError


def test_beats_arrive_in_order(tmp_path: Path) -> None:
    path = str(tmp_path / "beat")
    listener, sender = BeatListener(path), BeatSender(path)
    assert not list(listener.receive(0.0))
    beats = [Beat(4711, 12.5), Beat(4711, 13.501)]
    assert [sender.send(beat) for beat in beats] == ["", ""]
    assert list(listener.receive(1.0)) == beats
    sender.close()
    listener.close()
    assert not Path(path).exists()


@pytest.mark.parametrize(
    "datagram",
    [b"", b"x", b"ecgd-beat-1", b"ecgd-beat-1 1", b"ecgd-beat-1 -1 2.0", b"ecgd-beat-1 1 nan",
     b"ecgd-beat-1 1 1e9", b"ecgd-beat-2 1 2.0", b"ecgd-beat-1 1 .", b"\xff" * 64,
     b"ecgd-beat-1 \xb2 1.0"],
)  # fmt: skip
def test_what_is_no_beat_is_none(datagram: bytes) -> None:
    assert parse_beat(datagram) is None


def test_sender_survives_the_listeners_comings_and_goings(tmp_path: Path) -> None:
    path = str(tmp_path / "beat")
    sender = BeatSender(path)
    assert "does not run" in sender.send(Beat(1, 1.0))
    for _ in range(2):
        listener = BeatListener(path)
        assert sender.send(Beat(1, 2.0)) == ""
        listener.close()
        assert "does not run" in sender.send(Beat(1, 3.0))


def test_listener_that_does_not_read_blocks_nobody(tmp_path: Path) -> None:
    path = str(tmp_path / "beat")
    listener, sender = BeatListener(path), BeatSender(path)
    said = {sender.send(Beat(1, float(n))) for n in range(5000)}
    assert said == {"", "its program does not read the signs of life"}
    assert len(list(listener.receive(0.0))) > 1
    assert sender.send(Beat(1, 1.0)) == ""
    listener.close()


def test_socket_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    path = str(tmp_path / "beat")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(path)
    listener = BeatListener(path)
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o660
    with pytest.raises(DeliveryError, match="another fault light listens there"):
        BeatListener(path)
    assert BeatSender(path).send(Beat(1, 1.0)) == "", "the first one still has it"
    listener.close()


@pytest.mark.parametrize(
    ("name", "why"), [("none/beat", "No such file"), ("file", "no socket"), ("x" * 120, "longer")]
)
def test_place_where_no_socket_can_be_is_told(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(DeliveryError, match=f"{why}.*Correct fault_light.socket"):
        BeatListener(str(tmp_path / name))
    assert (tmp_path / "file").read_text() == "kept"


def test_the_fault_light_needs_little() -> None:
    code = (
        "import sys, ecgd.fault_light.main;"
        "heavy = {'numpy', 'scipy', 'pydantic', 'requests', 'aiohttp', 'asyncio', 'sqlite3',"
        " 'gpiozero'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
