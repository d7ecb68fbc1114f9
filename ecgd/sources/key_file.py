"""The key of a device, from a file that nobody else can read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ecgd.config.private_file import SharedFileError, read_secret
from ecgd.errors import SourceError
from ecgd.protocol.chaskey import KEY_SIZE
from ecgd.protocol.seal import LinkKey

_CONTENT_MAX_BYTES: Final = 256


def load_link_key(path: Path) -> LinkKey:
    """Return the key in a file: 32 hexadecimal digits.

    Raises SourceError if it is missing, readable by group or others, or no key.
    """
    return LinkKey(read_key(path))


def read_key(path: Path) -> bytes:
    """Return the 16 bytes of a key file; raises SourceError as ``load_link_key`` does."""
    try:
        content = read_secret(path, _CONTENT_MAX_BYTES)
    except SharedFileError as error:
        raise SourceError(
            f"key file {path} can be read by others (mode {error.mode:04o})",
            f"Run: chmod 0600 {path}, and make a new key if others were there",
        ) from error
    except OSError as error:
        raise SourceError(
            f"key file {path} cannot be read: {error.strerror}",
            f"Make one with: ecgctl device key {path} (owned by the daemon's user)",
        ) from error
    return _decoded(path, content)


def _decoded(path: Path, content: bytes) -> bytes:
    try:
        key = bytes.fromhex(content.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        raise SourceError(
            f"key file {path} does not hold {2 * KEY_SIZE} hexadecimal digits",
            "Make a new one with: ecgctl device key FILE",
        )
    return key
