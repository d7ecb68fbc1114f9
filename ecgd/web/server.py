"""The API's Unix socket: made safely, one listener only, removed by its owner only."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from ecgd.errors import AlreadyRunningError, ControlError
from ecgd.web.api import make_app
from ecgd.web.clock import Clock
from ecgd.web.gateway import Gateway

SOCKET_MODE: Final = 0o660
SUN_PATH_MAX_BYTES: Final = 107
"""Longest path of a Unix socket on Linux (unix(7): 108 bytes with the final NUL)."""

_PROBE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class ControlServer:
    """A running server; ``inode`` names the socket file that it made."""

    path: Path
    runner: web.AppRunner
    inode: int

    async def close(self) -> None:
        """Answer what is under way, stop, and remove the socket file if it is still ours."""
        await self.runner.cleanup()
        with suppress(OSError):
            if self.path.lstat().st_ino == self.inode:
                self.path.unlink()


async def serve(gateway: Gateway, socket_path: Path, clock: Clock | None = None) -> ControlServer:
    """Serve ``gateway`` on a Unix socket of mode 0660.

    A socket file that nobody listens on is replaced. Raises AlreadyRunningError when somebody
    does, ControlError when the socket cannot be made; nothing but a dead socket is ever removed.
    """
    _check_length(socket_path)
    await asyncio.to_thread(_remove_stale, socket_path)
    listener = _bind(socket_path)
    runner = web.AppRunner(
        make_app(gateway, clock), access_log=None, handle_signals=False, shutdown_timeout=1.0
    )
    try:
        inode = socket_path.lstat().st_ino
        await runner.setup()
        await web.SockSite(runner, listener).start()
    except BaseException:
        listener.close()
        await runner.cleanup()
        raise
    return ControlServer(socket_path, runner, inode)


def _check_length(path: Path) -> None:
    length = len(os.fsencode(path))
    if length > SUN_PATH_MAX_BYTES:
        raise ControlError(
            f"the control socket's path has {length} bytes, Linux takes {SUN_PATH_MAX_BYTES}: "
            f"{path}",
            "set daemon.runtime_dir to a shorter directory, such as /run/ecgd",
        )


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens on; refuse everything else that is in the way."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as wrong:
        raise _cannot_make(path, wrong) from wrong
    if not stat.S_ISSOCK(mode):
        raise ControlError(
            f"{path} is in the way of the control socket: it is {_kind(mode)}",
            "move it away, or set daemon.runtime_dir to another directory",
        )
    if _somebody_listens(path):
        raise AlreadyRunningError(
            f"another daemon listens on {path}",
            "stop it first (systemctl stop ecgd), or give this one its own daemon.runtime_dir",
        )
    try:
        path.unlink(missing_ok=True)
    except OSError as wrong:
        raise _cannot_make(path, wrong) from wrong


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a directory" if stat.S_ISDIR(mode) else "not a socket"


def _somebody_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except (TimeoutError, BlockingIOError):
            return True
        except OSError as wrong:
            raise _cannot_make(path, wrong) from wrong
    return True


def _bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Linux takes the file's mode from the unbound socket's, less the umask: never too wide.
        os.fchmod(listener.fileno(), SOCKET_MODE)
        listener.bind(str(path))
        path.chmod(SOCKET_MODE)
    except OSError as wrong:
        listener.close()
        if wrong.errno == errno.EADDRINUSE:
            raise AlreadyRunningError(
                f"another daemon has just made {path}", "stop one of the two"
            ) from wrong
        raise _cannot_make(path, wrong) from wrong
    listener.setblocking(False)
    return listener


def _cannot_make(path: Path, wrong: OSError) -> ControlError:
    return ControlError(
        f"cannot make the control socket {path}: {wrong.strerror or wrong}",
        "the directory must exist and be writable by the daemon's user (daemon.runtime_dir)",
    )
