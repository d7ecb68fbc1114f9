"""What a radio module tells about itself: firmware, name, PIN, role, data rate, address."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from ecgd.protocol.at_answer import Answer, AnswerKind, Exchange
from ecgd.protocol.at_command import COMMAND_BAUD, Dialect
from ecgd.protocol.at_probe import Contact, Timing, ask

SLAVE: Final = 0
"""The role in which a module waits for a host to connect, as a gateway needs it."""

ROLES: Final = {0: "slave", 1: "master", 2: "loopback"}


@dataclass(frozen=True, slots=True)
class Module:
    """A module as it described itself; None: it does not tell.

    A BARE module tells its version alone, and its baud rate is the one it answers at.
    ``address`` has the form ``98:D3:31:FD:2E:45``. ``odd_line``: stop bits or parity are not those
    that the gateway and its devices use.
    """

    contact: Contact
    version: str | None = None
    name: str | None = None
    pin: str | None = None
    role: int | None = None
    baud: int | None = None
    odd_line: bool = False
    address: str | None = None

    @property
    def in_small_mode(self) -> bool:
        """Whether it may be an HC-05 whose button was not held at its start: it tells less."""
        return (
            self.contact.dialect is Dialect.LINES
            and self.contact.baud != COMMAND_BAUD
            and None in (self.name, self.pin)
        )


def read_module(contact: Contact, timing: Timing) -> Generator[Exchange, bytes, Module]:
    """Ask a module for all that its dialect can tell."""
    if contact.dialect is Dialect.BARE:
        answer = yield from ask(contact, "AT+VERSION", timing)
        return Module(contact, version=answer.text or None, baud=contact.baud)
    told = {}
    for key in ("VERSION", "NAME", "PSWD", "ROLE", "UART", "ADDR"):
        told[key] = yield from read_value(contact, key, timing)
    baud, odd_line = parse_uart(told["UART"])
    return Module(
        contact,
        version=told["VERSION"],
        name=told["NAME"],
        pin=told["PSWD"],
        role=_role(told["ROLE"]),
        baud=baud,
        odd_line=odd_line,
        address=parse_address(told["ADDR"]),
    )


def read_value(
    contact: Contact, key: str, timing: Timing
) -> Generator[Exchange, bytes, str | None]:
    """Ask a LINES module for one value, None where it does not tell.

    An answer of another command that came late is passed over once.
    """
    for _ in range(2):
        answer = yield from ask(contact, f"AT+{key}?", timing)
        value = _value_of(key, answer)
        if value is not None or answer.kind in (AnswerKind.ERROR, AnswerKind.SILENCE):
            return value
    return None


def parse_uart(text: str | None) -> tuple[int | None, bool]:
    """Return the data rate of ``9600,0,0``, and whether the rest is not one stop bit, no parity."""
    found = re.fullmatch(r"(\d+),([01]),([012])", text or "")
    if found is None:
        return None, False
    return int(found[1]), (found[2], found[3]) != ("0", "0")


def parse_address(text: str | None) -> str | None:
    """Return ``98d3:31:fd2e45``, of which leading zeros are missing, as ``98:D3:31:FD:2E:45``."""
    found = re.fullmatch(r"([0-9A-Fa-f]{1,4}):([0-9A-Fa-f]{1,2}):([0-9A-Fa-f]{1,6})", text or "")
    if found is None:
        return None
    digits = found[1].zfill(4) + found[2].zfill(2) + found[3].zfill(6)
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)).upper()


def _value_of(key: str, answer: Answer) -> str | None:
    if key == "PSWD":
        # Firmware 3 calls it +PIN, and shows it in the quotes in which it takes it.
        value = answer.values.get("PSWD", answer.values.get("PIN"))
        return None if value is None else value.strip('"')
    return answer.values.get(key)


def _role(text: str | None) -> int | None:
    return int(text) if text is not None and text in ("0", "1", "2") else None
