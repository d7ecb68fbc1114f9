"""The daemon's API over its Unix socket, by the standard library alone: it starts fast."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, IncompleteRead
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from ecgd.config.places import SOCKET_NAME, SYSTEM_RUNTIME_DIR, socket_path
from ecgd.errors import ControlError

Json = dict[str, Any]

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
TIMEOUT_S: Final = 15.0


class UnreachableError(ControlError):
    """Nobody answers on the control socket."""


def find_socket(given: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the control socket's path.

    First --socket, then $ECGD_SOCKET, $RUNTIME_DIRECTORY, the socket of the system's daemon where
    there is one, last the user's own state directory: the daemon's own rule.
    """
    if given is not None:
        return given
    if environ.get("ECGD_SOCKET"):
        return Path(environ["ECGD_SOCKET"])
    if not environ.get("RUNTIME_DIRECTORY"):
        system = SYSTEM_RUNTIME_DIR / SOCKET_NAME
        if system.is_socket():
            return system
    return socket_path(environ)


class Client:
    """Asks the daemon. Raises UnreachableError when nobody answers, ControlError on a refusal."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self.path = path
        self._timeout_s = timeout_s

    def get(self, route: str, query: Mapping[str, str] | None = None) -> Json:
        """GET a route."""
        return self._ask("GET", f"{route}?{urlencode(query)}" if query else route, None)

    def post(self, route: str, body: Mapping[str, Any]) -> Json:
        """POST a JSON object to a route."""
        text = json.dumps(body, ensure_ascii=False)
        return self._ask("POST", route, text.encode(errors="replace"))

    def _ask(self, method: str, target: str, body: bytes | None) -> Json:
        connection = _UnixConnection(self.path, self._timeout_s)
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            raw = response.read(MAX_ANSWER_BYTES + 1)
            if response.length:
                raise IncompleteRead(raw, response.length)
        except (OSError, HTTPException) as wrong:
            raise unreachable(self.path, wrong) from wrong
        finally:
            connection.close()
        return check_status(response.status, _parsed(raw, self.path))


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("ecgd", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def path_segment(text: str) -> str:
    """Return ``text`` as one segment of a route."""
    return quote(text, safe="")


def _parsed(raw: bytes, path: Path) -> Json:
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if len(raw) > MAX_ANSWER_BYTES or not isinstance(value, dict):
        raise ControlError(
            f"what listens on {path} does not speak ecgd's API",
            "name the daemon's socket with --socket",
        )
    return value


def check_status(status: int, answer: Json) -> Json:
    """Return an answer; raises ControlError for one that is a refusal."""
    if status < 400:
        return answer
    error = answer.get("error", {})
    raise ControlError(
        str(error.get("what", f"the daemon refused (HTTP {status})")), str(error.get("remedy", ""))
    )


def unreachable(path: Path, wrong: Exception) -> UnreachableError:
    """Return why nobody answers on the socket."""
    match wrong:
        case FileNotFoundError():
            what = f"no daemon is running: there is no socket {path}"
        case ConnectionRefusedError():
            what = f"no daemon is running: nobody listens on {path}"
        case PermissionError():
            return UnreachableError(
                f"{path} may not be used by this user",
                "join the daemon's group (sudo usermod -aG ecgd $USER) or use sudo",
            )
        case TimeoutError():
            return UnreachableError(
                f"the daemon does not answer on {path}",
                "look at its log (journalctl -u ecgd); systemd restarts a daemon that hangs",
            )
        case _:
            what = f"no daemon answers on {path}: {wrong or type(wrong).__name__}"
    return UnreachableError(
        what,
        "start it (systemctl start ecgd, or ecgd --config FILE), "
        "or name its socket with --socket or $ECGD_SOCKET",
    )
