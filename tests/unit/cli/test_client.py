"""The client: where the socket is, and what is said when nobody answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sample_daemon import FakeGateway, serving

import ecgd.cli.client as client_module
from ecgd.cli.client import Client, UnreachableError, find_socket, path_segment
from ecgd.errors import ControlError


def test_the_socket_is_found_in_the_documented_order(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "SYSTEM_RUNTIME_DIR", short_dir / "run")
    environ = {"HOME": "/home/ada"}
    own = Path("/home/ada/.local/state/ecgd/control.sock")
    assert find_socket(None, environ) == own
    (short_dir / "run").mkdir()
    (short_dir / "run" / "control.sock").write_text("no socket")
    assert find_socket(None, environ) == own
    (short_dir / "run" / "control.sock").unlink()
    with socket.socket(socket.AF_UNIX) as system:
        system.bind(str(short_dir / "run" / "control.sock"))
    assert find_socket(None, environ) == short_dir / "run" / "control.sock"
    environ["RUNTIME_DIRECTORY"] = "/run/other:/run/more"
    assert find_socket(None, environ) == Path("/run/other/control.sock")
    environ["ECGD_SOCKET"] = "/tmp/named.sock"
    assert find_socket(None, environ) == Path("/tmp/named.sock")
    assert find_socket(Path("given"), environ) == Path("given")


@pytest.mark.parametrize(
    ("environ", "where"),
    [
        ({"STATE_DIRECTORY": "/var/lib/ecgd"}, "/var/lib/ecgd"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/ecgd"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/ecgd"),
    ],
)
def test_the_state_directory_follows_the_environment(environ: dict[str, str], where: str) -> None:
    assert find_socket(None, environ).parent == Path(where)


def test_questions_and_answers(short_dir: Path) -> None:
    path = short_dir / "control.sock"
    gateway = FakeGateway()
    with serving(gateway, path):
        client = Client(path)
        assert client.get("/v1/status")["pid"] == 4711
        listed = client.get("/v1/alerts", {"limit": "1", "patient": "p1"})["alerts"]
        assert len(listed) == 1
        assert client.post("/v1/audio/pause", {"by": "Zoë"})["by"] == "Zoë"
        with pytest.raises(ControlError, match="no alarm that can be acknowledged") as refused:
            client.post(f"/v1/alerts/{path_segment('a/b c')}/acknowledge", {"by": "me"})
    assert "ecgctl alerts list" in refused.value.remedy
    assert ("acknowledge", "a/b c", None, "me") in gateway.calls


def test_no_socket_and_a_dead_socket_are_told_apart(short_dir: Path) -> None:
    path = short_dir / "control.sock"
    with pytest.raises(UnreachableError, match="there is no socket"):
        Client(path).get("/v1/status")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(UnreachableError, match="nobody listens") as refused:
        Client(path).get("/v1/status")
    assert "systemctl start ecgd" in refused.value.remedy


def test_a_path_too_long_for_a_socket_is_a_clear_error(short_dir: Path) -> None:
    with pytest.raises(UnreachableError, match="too long"):
        Client(short_dir / ("x" * 200)).get("/v1/status")


@contextmanager
def _answering(path: Path, answer: bytes | None) -> Iterator[None]:
    """Answer one caller with ``answer``; None: accept and stay silent."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        done = threading.Event()

        def talk() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(4096)
                if answer is not None:
                    caller.sendall(answer)
                else:
                    done.wait(5)

        thread = threading.Thread(target=talk)
        thread.start()
        yield
        done.set()
        thread.join(5)


def test_a_daemon_that_hangs_is_given_up(short_dir: Path) -> None:
    path = short_dir / "control.sock"
    with _answering(path, None), pytest.raises(UnreachableError, match="does not answer"):
        Client(path, timeout_s=0.05).get("/v1/status")


@pytest.mark.parametrize(
    "answer", [b"hello\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"]
)
def test_half_an_answer_or_another_program_is_unreachable(short_dir: Path, answer: bytes) -> None:
    path = short_dir / "control.sock"
    with _answering(path, answer), pytest.raises(UnreachableError):
        Client(path, timeout_s=1.0).get("/v1/status")


@pytest.mark.parametrize("body", [b"[1]", b"<html>"])
def test_an_answer_that_is_no_object_is_not_believed(short_dir: Path, body: bytes) -> None:
    path = short_dir / "control.sock"
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with _answering(path, head + body), pytest.raises(ControlError, match="does not speak"):
        Client(path).get("/v1/status")
