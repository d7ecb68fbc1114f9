"""AT commands of the HC-05 and HC-06 radio modules: two dialects, their limits, their errors.

The dialects are told by how a command ends, for that is what the modules differ in:

- ``LINES``: the HC-05, and the HC-06 from firmware 3 on. A command ends with CR LF, an answer with
  a line ``OK`` or ``ERROR:(n)``, n hexadecimal. Source: "HC-03/05 Embedded Bluetooth Serial
  Communication Module AT command set", April 2011.
- ``BARE``: the HC-06 with firmware linvor 1.x or hc01.com V2. A command ends with a pause, after
  which the module answers ``OK…``, without a line end either. Source: "HC Serial Bluetooth Products
  User Instructional Manual", HC-06.

What the manuals do not tell was taken from logs that owners of such modules have published:
firmware 3.0 wants the PIN in quotes (``ERROR:(1D)`` otherwise) and shows it as ``+PIN:"1234"``;
addresses come without leading zeros; a new baud rate is answered at the old one, the new one, or
not at all.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Dialect(StrEnum):
    """How a module is spoken to."""

    LINES = "lines"
    BARE = "bare"


LINE_END: Final = b"\r\n"

COMMAND_BAUD: Final = 38400
"""An HC-05 that starts with its button held speaks at this rate, whatever its data rate is."""

BAUD_RATES: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
_LINES_LEAST_BAUD: Final = 4800
_BARE_CODES: Final = dict(zip(BAUD_RATES, "123456789AB", strict=True))

NAME_MOST: Final = {Dialect.LINES: 32, Dialect.BARE: 20}
"""Characters; an HC-05 answers a longer name with ``ERROR:(3)``."""

BARE_PIN_DIGITS: Final = 4
LINES_PIN_MOST: Final = 16
LINES_PIN_LEAST: Final = 4

FACTORY_PINS: Final = frozenset({"0000", "1234"})

ERRORS: Final = {
    0x00: "the command is not known, or not in this mode",
    0x01: "the value is the one it had",
    0x02: "it could not be written to the module's memory",
    0x03: "the name is longer than 32 characters",
    0x04: "the name is empty",
    0x0F: "the PIN is empty",
    0x10: "the PIN is longer than 16 characters",
    0x11: "the role is wrong",
    0x12: "the baud rate is wrong",
    0x13: "the number of stop bits is wrong",
    0x14: "the parity is wrong",
    0x15: "no paired host is on the list",
    0x16: "the serial port profile has not been started",
    0x17: "the serial port profile had been started",
    0x1D: "the PIN is not in the form that this firmware wants",
}
"""What ``ERROR:(n)`` means, as far as these commands can bring it about. 1D is in no manual."""


def error_words(code: int | None) -> str:
    """Return what an error number means."""
    if code is None:
        return "the module refused it without a reason"
    return f"ERROR:({code:X}), {ERRORS.get(code, 'which no manual explains')}"


def command(dialect: Dialect, text: str) -> bytes:
    """Return a command as it goes over the line."""
    return text.encode("ascii") + (LINE_END if dialect is Dialect.LINES else b"")


def set_name(dialect: Dialect, name: str) -> bytes:
    """Return the command that sets the name others see."""
    return command(dialect, f"AT+NAME={name}" if dialect is Dialect.LINES else f"AT+NAME{name}")


def set_pin(dialect: Dialect, pin: str, *, quoted: bool = False) -> bytes:
    """Return the command that sets the PIN; only firmware 3 of LINES wants it ``quoted``."""
    if dialect is Dialect.BARE:
        return command(dialect, f"AT+PIN{pin}")
    return command(dialect, f'AT+PSWD="{pin}"' if quoted else f"AT+PSWD={pin}")


def set_baud(dialect: Dialect, baud: int) -> bytes:
    """Return the command that sets the data rate, with one stop bit and no parity."""
    if dialect is Dialect.BARE:
        return command(dialect, f"AT+BAUD{_BARE_CODES[baud]}")
    return command(dialect, f"AT+UART={baud},0,0")


def offered_bauds(dialect: Dialect) -> tuple[int, ...]:
    """Return the data rates that a module of this dialect can be set to."""
    least = _LINES_LEAST_BAUD if dialect is Dialect.LINES else BAUD_RATES[0]
    return tuple(baud for baud in BAUD_RATES if baud >= least)


def problem_of_name(dialect: Dialect, name: str) -> str | None:
    """Say what is wrong with a name, None when nothing is."""
    if not name:
        return "the name is empty"
    if not (name.isascii() and name.isprintable()) or set(name) & set('",\\'):
        return f"the name {name!r} has characters other than letters, digits and plain signs"
    if name != name.strip():
        return f"the name {name!r} begins or ends with a space"
    most = NAME_MOST[dialect]
    if len(name) > most:
        return f"the name {name!r} has {len(name)} characters; this module takes {most}"
    return None


def problem_of_pin(dialect: Dialect, pin: str) -> str | None:
    """Say what is wrong with a PIN, None when nothing is."""
    if not (pin.isascii() and pin.isdigit()):
        return "the PIN is not made of digits"
    if dialect is Dialect.BARE and len(pin) != BARE_PIN_DIGITS:
        return f"the PIN has {len(pin)} digits; this module takes {BARE_PIN_DIGITS} exactly"
    if not LINES_PIN_LEAST <= len(pin) <= LINES_PIN_MOST:
        span = f"{LINES_PIN_LEAST} to {LINES_PIN_MOST}"
        return f"the PIN has {len(pin)} digits; this module takes {span}"
    return None


def problem_of_baud(dialect: Dialect, baud: int) -> str | None:
    """Say what is wrong with a baud rate, None when nothing is."""
    offered = offered_bauds(dialect)
    if baud not in offered:
        return f"{baud} baud is not one that this module takes ({', '.join(map(str, offered))})"
    return None
