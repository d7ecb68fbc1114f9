"""What a radio module answers to an AT command, out of the bytes that came."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ecgd.protocol.at_command import LINE_END, Dialect

ANSWER_MOST: Final = 512
"""Bytes of one answer: more is no module that answers, but something that talks by itself."""


class AnswerKind(StrEnum):
    """What kind of answer it is."""

    DONE = "done"
    VALUE = "value"
    ERROR = "error"
    ECHO = "echo"
    NOISE = "noise"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    ``values`` are the lines ``+KEY:value``; ``text`` is what a BARE module says behind its ``OK``;
    ``code`` is the error's number; ``noise_bytes`` are those that belong to no answer.
    """

    kind: AnswerKind
    values: dict[str, str] = field(default_factory=dict)
    text: str = ""
    code: int | None = None
    noise_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """Send at a baud rate, then listen until the answer is whole or ``patience_s`` is over.

    ``gap_s``: a BARE answer, or a value without ``OK``, ends with so long a pause. ``expected``:
    with these words a BARE answer is whole at once. Nothing is sent where ``sent`` is empty.
    """

    baud: int
    dialect: Dialect
    sent: bytes
    patience_s: float
    gap_s: float = 0.25
    expected: str = ""

    def is_whole(self, received: bytes) -> bool:
        """Tell whether nothing more belongs to the answer."""
        if len(received) >= ANSWER_MOST:
            return True
        if self.dialect is Dialect.BARE:
            said = _without_echo(self.sent, received).strip()
            return bool(self.expected) and said.lower() == self.expected.lower().encode()
        return any(_ends(line) for line in received.split(LINE_END)[:-1])

    def ends_with_a_pause(self, received: bytes) -> bool:
        """Tell whether a pause of ``gap_s`` behind these bytes is the end of the answer."""
        if self.dialect is Dialect.BARE:
            return bool(received)
        lines = received.split(LINE_END)[:-1]
        return any(_VALUE.fullmatch(_printable(line)) is not None for line in lines)

    def read(self, received: bytes) -> Answer:
        """Return the answer that these bytes are."""
        if not received:
            return Answer(AnswerKind.SILENCE)
        rest = _without_echo(self.sent, received)
        if not rest.strip():
            return Answer(AnswerKind.ECHO if self.sent else AnswerKind.NOISE)
        return _read_bare(rest) if self.dialect is Dialect.BARE else _read_lines(rest)


_ERROR: Final = re.compile(r"(?:ERROR|FAIL)(?::?\s?\(?([0-9A-Fa-f]{1,2})\)?)?")
_VALUE: Final = re.compile(r"\+?([A-Z]{3,8})[:=](.*)")
_BARE_VERSION: Final = re.compile(r"(?i)\w*(?:linvor|hc01\.com|hc-06)\S*")


def _ends(line: bytes) -> bool:
    word = _printable(line)
    return word == "OK" or _ERROR.fullmatch(word) is not None


def _printable(line: bytes) -> str:
    """Return a line without what power switched on or a wrong baud rate put beside it."""
    return bytes(byte for byte in line if 0x20 <= byte < 0x7F).decode("ascii").strip()


def _without_echo(sent: bytes, received: bytes) -> bytes:
    """Drop the command itself, which some modules, and a short circuit, send back."""
    bare = sent.strip()
    if not bare:
        return received
    before, found, behind = received.partition(bare)
    if found and not before.strip(b"\0\r\n") and (not behind or behind[:1] in b"\r\nO+E"):
        return behind
    return received


def _read_lines(received: bytes) -> Answer:
    values: dict[str, str] = {}
    noise_bytes, ends, code = 0, False, None
    failed = False
    for line in received.replace(b"\n", b"\r").split(b"\r"):
        word = _printable(line)
        if (error := _ERROR.fullmatch(word)) is not None:
            failed, code = True, None if error[1] is None else int(error[1], 16)
        elif word == "OK":
            ends = True
        elif (value := _VALUE.fullmatch(word)) is not None:
            values[value[1]] = value[2].strip()
        else:
            noise_bytes += len(line)
    if failed:
        return Answer(AnswerKind.ERROR, values, code=code, noise_bytes=noise_bytes)
    if ends or values:
        kind = AnswerKind.VALUE if values else AnswerKind.DONE
        return Answer(kind, values, noise_bytes=noise_bytes)
    return Answer(AnswerKind.NOISE, noise_bytes=len(received))


def _read_bare(received: bytes) -> Answer:
    word = _printable(received)
    if word.startswith("OK"):
        noise_bytes = len(received.strip()) - len(word)
        return Answer(AnswerKind.DONE, text=word.removeprefix("OK"), noise_bytes=noise_bytes)
    if (error := _ERROR.fullmatch(word)) is not None:
        code = None if error[1] is None else int(error[1], 16)
        return Answer(AnswerKind.ERROR, code=code)
    if _BARE_VERSION.fullmatch(word):
        return Answer(AnswerKind.DONE, text=word)
    return Answer(AnswerKind.NOISE, noise_bytes=len(received))
