"""Signing secrets, from files that nobody else can read or from systemd credentials."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from ecgd.config.private_file import SharedFileError, read_secret
from ecgd.errors import DeliveryError

LEAST_BYTES = 24
MOST_BYTES = 4096


class Secret:
    """Secret bytes that no log line, traceback or repr shows."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def load_secret(name: str, credentials_dir: str | None = None) -> Secret:
    """Return the secret in a file, or in the systemd credential of that name.

    ``name`` without a slash is a credential in ``credentials_dir`` ($CREDENTIALS_DIRECTORY) where
    there is one; anything else is a path. The file holds ``whsec_…`` or plain base64.

    Raises DeliveryError if it is missing, readable by group or others, or no good secret.
    """
    if credentials_dir and "/" not in name:
        # systemd guards the directory, and its ACL mask shows as a group bit of the file's mode
        return _decoded(name, _content(Path(credentials_dir) / name, private=False))
    return _decoded(name, _content(Path(name), private=True))


def _content(path: Path, *, private: bool) -> bytes:
    try:
        return read_secret(path, MOST_BYTES, private=private)
    except SharedFileError as error:
        raise DeliveryError(
            f"secret file {path} can be read by others (mode {error.mode:04o})",
            f"Run: chmod 0600 {path}",
        ) from error
    except OSError as error:
        raise DeliveryError(
            f"secret file {path} cannot be read: {error.strerror}",
            "Create it with: openssl rand -base64 32, mode 0600, owned by the daemon's user",
        ) from error


def _decoded(name: str, content: bytes) -> Secret:
    text = content.strip().removeprefix(b"whsec_")
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DeliveryError(
            f"secret {name} is no base64", "Create one with: openssl rand -base64 32"
        ) from None
    if len(value) < LEAST_BYTES:
        raise DeliveryError(
            f"secret {name} has {len(value)} bytes, {LEAST_BYTES} are the least",
            "Create one with: openssl rand -base64 32",
        )
    return Secret(value)
