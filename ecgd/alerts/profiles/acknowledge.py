"""The word that a button sends back when a person acknowledges an alert."""

from __future__ import annotations

import re
from typing import Final

WORD_LIMIT_BYTES: Final = 64
"""Telegram carries no more in a button (callback_data)."""

_WORD: Final = re.compile(r"ack ([A-Za-z0-9-]{1,32}) ([A-Za-z0-9_-]{1,32})")


def acknowledge_word(alert_id: str, target: str) -> str:
    """Return the word for an alert at a target: 61 bytes at most with ids as they are made."""
    return f"ack {alert_id} {target}"


def read_acknowledgement(word: str) -> tuple[str, str] | None:
    """Return (alert's id, target's name) of a word that came back, None if it is none."""
    found = _WORD.fullmatch(word.strip())
    return (found[1], found[2]) if found else None
