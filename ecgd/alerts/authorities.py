"""Certificate authorities, read once.

To parse those of the system takes 20 ms of a desktop's processor, seven times as much of a
Raspberry Pi 4's. urllib3 does it for every connection, and nearly every alarm goes over a new one.
"""

from __future__ import annotations

import ssl
import threading
from functools import lru_cache
from pathlib import Path

_LOCK = threading.Lock()


def system_authorities() -> str | bool:
    """Return the system's certificate authorities, True for those of requests."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile, "/etc/ssl/certs/ca-certificates.crt", paths.capath):
        if path and Path(path).exists():
            return path
    return True


def trusted(ca_file: str) -> ssl.SSLContext:
    """Return a context that verifies by a file, or by the system's authorities without one.

    Raises OSError if they cannot be read.
    """
    path = ca_file or system_authorities()
    return trusting(path) if isinstance(path, str) else _checking(ssl.create_default_context())


def trusting(path: str) -> ssl.SSLContext:
    """Return a context that verifies certificate and name by a file or directory of authorities.

    It is made anew once they have changed. Raises OSError if they cannot be read.
    """
    found = Path(path).stat()
    # Targets that begin at once wait for one reading in place of doing one each.
    with _LOCK:
        return _context(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)
def _context(path: str, _changed_ns: int, _size_bytes: int) -> ssl.SSLContext:
    is_directory = Path(path).is_dir()
    context = ssl.create_default_context(
        cafile=None if is_directory else path, capath=path if is_directory else None
    )
    return _checking(context)


def _checking(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context that holds to what is safe today, whatever the system's OpenSSL allows."""
    context.hostname_checks_common_name = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
