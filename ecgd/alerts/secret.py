"""Signing secrets and services' keys, from files that nobody else can read or from systemd."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Final

from ecgd.config.private_file import SharedFileError, read_secret
from ecgd.errors import DeliveryError

LEAST_BYTES = 24
MOST_BYTES = 4096

_PAIR: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*) *= *([^\s=].*)")


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


class Keys:
    """What a service's secret file holds, by name; no log line, traceback or repr shows it."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def get(self, name: str) -> str:
        """Return a value, empty if the file has none of that name."""
        return self._values.get(name, "")

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def __repr__(self) -> str:
        return "Keys(…)"

    def __reduce__(self) -> str:
        raise TypeError("secrets are not pickled")


def load_secret(name: str, credentials_dir: str | None = None) -> Secret:
    """Return the secret in a file, or in the systemd credential of that name.

    ``name`` without a slash is a credential in ``credentials_dir`` ($CREDENTIALS_DIRECTORY) where
    there is one; anything else is a path. The file holds ``whsec_…`` or plain base64.

    Raises DeliveryError if it is missing, readable by group or others, or no good secret.
    """
    return _decoded(name, _content(name, credentials_dir, _SIGNING_REMEDY))


def load_keys(name: str, names: tuple[str, ...], credentials_dir: str | None = None) -> Keys:
    """Return the keys in a file, found as by ``load_secret``: lines ``name=value``.

    Lines without a name belong to the first of ``names``; empty lines and those that begin with #
    are passed over. Without ``names`` every line needs one, and any will do.

    Raises DeliveryError if the file is missing, readable by others or makes no sense.
    """
    text = _content(name, credentials_dir, _KEYS_REMEDY).decode("utf-8", "replace")
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        told = line.strip()
        if not told or told.startswith("#"):
            continue
        where = f"line {number} of secret file {name}"
        if not (told.isascii() and told.isprintable()):
            raise DeliveryError(f"{where} is no plain ASCII text", "Copy the key again")
        key, value = _pair(told, names, where)
        values[key] = f"{values[key]}\n{value}" if key in values else value
    return Keys(values)


_SIGNING_REMEDY: Final = (
    "Create it with: openssl rand -base64 32, mode 0600, owned by the daemon's user"
)
_KEYS_REMEDY: Final = "Create it with mode 0600, owned by the daemon's user"


def _pair(line: str, names: tuple[str, ...], where: str) -> tuple[str, str]:
    found = _PAIR.fullmatch(line)
    if found is not None and (not names or found[1] in names):
        return found[1], found[2]
    if found is None and names:
        return names[0], line
    known = ", ".join(f"{name}=…" for name in names) or "name=value"
    raise DeliveryError(f"{where} is not understood", f"What it may hold: {known}")


def _content(name: str, credentials_dir: str | None, remedy: str) -> bytes:
    # systemd guards its directory, whose ACL mask shows as a group bit of the file's mode
    private = not credentials_dir or "/" in name
    path = Path(name) if private else Path(credentials_dir or "", name)
    try:
        return read_secret(path, MOST_BYTES, private=private)
    except SharedFileError as error:
        raise DeliveryError(
            f"secret file {path} can be read by others (mode {error.mode:04o})",
            f"Run: chmod 0600 {path}",
        ) from error
    except OSError as error:
        raise DeliveryError(
            f"secret file {path} cannot be read: {error.strerror}", remedy
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
