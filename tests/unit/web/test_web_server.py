"""The socket file: whose it is, who may use it, and what is never removed."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest
from sample_daemon import FakeGateway

from ecgd.errors import AlreadyRunningError, ControlError
from ecgd.web.server import ControlServer, serve


def _serve_once(path: Path) -> None:
    async def run() -> None:
        await (await serve(FakeGateway(), path)).close()

    asyncio.run(run())


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_owner_and_group_may_use_the_socket_and_it_goes_with_the_server(
    short_dir: Path, umask: int
) -> None:
    path = short_dir / "control.sock"

    async def run() -> None:
        server = await serve(FakeGateway(), path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        await server.close()
        assert not path.exists()

    before = os.umask(umask)
    try:
        asyncio.run(run())
    finally:
        os.umask(before)


def test_a_dead_socket_is_replaced(short_dir: Path) -> None:
    path = short_dir / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.is_socket()
    _serve_once(path)


def test_a_living_daemon_is_left_alone(short_dir: Path) -> None:
    path = short_dir / "control.sock"

    async def run() -> None:
        server = await serve(FakeGateway(), path)
        inode = path.stat().st_ino
        with pytest.raises(AlreadyRunningError, match="another daemon listens"):
            await serve(FakeGateway(), path)
        assert path.stat().st_ino == inode
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET /v1/health HTTP/1.0\r\n\r\n")
        assert b"200 OK" in await reader.readline()
        writer.close()
        await server.close()

    asyncio.run(run())


def test_a_daemon_whose_queue_of_callers_is_full_still_counts_as_living(short_dir: Path) -> None:
    path = short_dir / "control.sock"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as caller:
        busy.bind(str(path))
        busy.listen(0)
        caller.connect(str(path))
        with pytest.raises(AlreadyRunningError):
            _serve_once(path)
    assert path.is_socket()


@pytest.mark.parametrize("kind", ["file", "directory", "symlink", "link to a dead socket"])
def test_what_is_no_socket_is_named_and_never_removed(short_dir: Path, kind: str) -> None:
    path = short_dir / "control.sock"
    target = short_dir / "target"
    if kind == "directory":
        path.mkdir()
    elif kind == "file":
        path.write_text("keep me")
    else:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(target))
        path.symlink_to(target if "dead" in kind else short_dir / "nowhere")
    before = path.lstat()
    with pytest.raises(ControlError, match="in the way"):
        _serve_once(path)
    assert path.lstat().st_ino == before.st_ino


def test_a_path_too_long_for_linux_is_refused_before_anything_is_made(short_dir: Path) -> None:
    path = short_dir / ("d" * 100) / "control.sock"
    path.parent.mkdir()
    with pytest.raises(ControlError, match=r"daemon\.runtime_dir"):
        _serve_once(path)
    assert list(path.parent.iterdir()) == []


def test_the_longest_path_works(short_dir: Path) -> None:
    path = short_dir / ("s" * (107 - len(os.fsencode(short_dir)) - 1))
    _serve_once(path)


def test_a_directory_that_does_not_exist_is_a_clear_error(short_dir: Path) -> None:
    with pytest.raises(ControlError, match="must exist and be writable"):
        _serve_once(short_dir / "missing" / "control.sock")


def test_a_socket_that_a_successor_made_is_not_removed_at_close(short_dir: Path) -> None:
    path = short_dir / "control.sock"

    async def run() -> tuple[ControlServer, ControlServer]:
        first = await serve(FakeGateway(), path)
        path.unlink()
        second = await serve(FakeGateway(), path)
        await first.close()
        assert path.is_socket()
        await second.close()
        return first, second

    first, second = asyncio.run(run())
    assert first.inode != second.inode
    assert not path.exists()
