"""How much a text message holds (3GPP TS 23.038): 160 characters of one small alphabet, or 70."""

from __future__ import annotations

import unicodedata
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€")
_PLAIN: Final = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "±": "+/-",
        "≥": ">=",
        "≤": "<=",
        "×": "x",
        "µ": "u",
        "\u00a0": " ",
    }
)


def plain(text: str) -> str:
    """Return a text in the small alphabet where that loses nothing; foreign letters stay."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def segments(text: str) -> int:
    """Return how many messages a text takes: 160 or 70 characters alone, 153 or 67 of several."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        units, alone, several = len(text) + sum(char in _EXTENDED for char in text), 160, 153
    else:
        units, alone, several = len(text.encode("utf-16-le", "replace")) // 2, 70, 67
    return 1 if units <= alone else -(-units // several)
