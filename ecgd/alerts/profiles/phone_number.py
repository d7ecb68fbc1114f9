"""Which numbers may be called by a machine: those of persons, never those of the public rescue."""

from __future__ import annotations

import re
from typing import Final

_NUMBERS: Final = """
    000 010 015 017 018 061 062 064 065 066 080 088 100 101 102 103 104 105 106 107 108
    110 111 112 113 114 115 116 117 118 119 120 122 123 124 125 127 128 129 130 131 132
    133 144 145 150 151 155 158 160 161 163 166 175 180 185 188 190 191 192 193 194 195
    196 197 198 199 411 811 903 907 910 911 912 913 914 917 919 922 933 977 988 991 992
    993 994 995 996 997 998 999 1122 1669 1777 18000 116117
"""
EMERGENCY_NUMBERS: Final = frozenset(_NUMBERS.split())
"""Public emergency, crisis and health numbers of the world's countries (ITU-T E.129)."""

_DIALLED: Final = re.compile(r"[0-9+ ().-]+")
_E164: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_NANP_EMERGENCY: Final = re.compile(r"\+1(?:[2-9][0-9]{2})?[2-9]11")
_NANP_SERVICE: Final = re.compile(r"\+1[2-9]11[0-9]{7}")

LEAST_DIGITS: Final = {
    **dict.fromkeys(("45", "47"), 10),
    **dict.fromkeys(("1", "7", "31", "33", "34", "41", "44", "48", "61", "81"), 11),
    **dict.fromkeys(("30", "52", "55", "86", "90", "91", "98"), 12),
}
"""Digits of a person's number, country code included, where all of them are as long (ITU E.164).

Less is an area code with a number of the rescue: +86 755 110 is the police of Shenzhen.
"""


def number_problem(number: str) -> str:
    """Return why a number must not be called or written to, empty if it may.

    A person's number is written as +, country code and number (E.164): 8 to 15 digits. Emergency
    numbers have two to six and are national, so behind a country code too they stay below that.
    """
    digits = re.sub(r"[^0-9]", "", number)
    if _is_emergency(number, digits):
        return (
            f"{number!r} is a public emergency or service number: no machine may call one. Name a "
            "person, or a centre that you have a contract with"
        )
    if not number.startswith("+"):
        return f"should begin with + and the country code, as in +4917012345678, not {number!r}"
    if not _E164.fullmatch(number):
        return f"should be + and 8 to 15 digits and no blanks, as in +4917012345678, not {number!r}"
    country = next((code for code in LEAST_DIGITS if digits.startswith(code)), "")
    if len(digits) < LEAST_DIGITS.get(country, 0) or _NANP_SERVICE.fullmatch(number):
        return f"is no person's number behind +{country}, with country and area code: {number!r}"
    return ""


def is_emergency_number(text: str) -> bool:
    """Return whether a text is nothing but a public emergency number, however it is written."""
    number = text.strip().lower().removeprefix("tel:")
    digits = re.sub(r"[^0-9]", "", number)
    return bool(_DIALLED.fullmatch(number)) and _is_emergency(number, digits)


def _is_emergency(number: str, digits: str) -> bool:
    """Return whether it is one, as dialled at home or behind a country code of one to three."""
    if digits in EMERGENCY_NUMBERS or _NANP_EMERGENCY.fullmatch(number.replace(" ", "")):
        return True
    abroad = digits.removeprefix("00")
    is_abroad = number.strip().startswith(("+", "00"))
    rests = (abroad[length:] for length in (1, 2, 3))
    return (
        is_abroad
        and len(abroad) <= 9
        and any(
            rest in EMERGENCY_NUMBERS or rest.removeprefix("0") in EMERGENCY_NUMBERS
            for rest in rests
        )
    )
