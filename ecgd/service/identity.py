"""Names and fingerprints: of this boot, this configuration, this alert."""

from __future__ import annotations

import ctypes
import hashlib
import os
from dataclasses import asdict
from pathlib import Path

from ecgd.config.settings import Settings
from ecgd.model.alarm import UNKNOWN_BOOT

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR = 5
"""Return value of adjtimex(2) while the kernel clock is not synchronised."""

HASH_LENGTH = 16


def read_boot_id() -> str:
    """Return the kernel's id of this boot; "unknown" where there is none."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return UNKNOWN_BOOT


def is_clock_synchronised() -> bool:
    """Ask the kernel whether a time service keeps its clock (adjtimex(2))."""
    # struct timex is 208 bytes on 64-bit Linux, less elsewhere; modes = 0 only reads.
    state = ctypes.create_string_buffer(512)
    try:
        return int(ctypes.CDLL(None).adjtimex(state)) not in (-1, _TIME_ERROR)
    except AttributeError:
        return False


def hash_settings(settings: Settings) -> str:
    """Return a short fingerprint of the settings that are in force."""
    text = repr(sorted(asdict(settings).items()))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def new_alert_id() -> str:
    """Return a fresh, unguessable id for an occurrence."""
    return os.urandom(12).hex()
