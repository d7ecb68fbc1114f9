"""Find a radio module on a cable: which dialect at which baud rate, in a bounded time.

A dialogue is a generator: it yields an ``Exchange``, is sent the bytes that came, and returns what
it found. Whoever drives it has the port and the clock.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ecgd.protocol.at_answer import Answer, AnswerKind, Exchange
from ecgd.protocol.at_command import COMMAND_BAUD, LINE_END, Dialect, command, offered_bauds

STREAM_BYTES: Final = 64
"""So many bytes that nobody asked for are a device that sends by itself."""

_LIKELY: Final = {
    Dialect.LINES: (COMMAND_BAUD, 9600, 57600, 115200),
    Dialect.BARE: (9600, 57600, 115200, 38400),
}
"""Baud rates that are tried first: the command mode's, the factory's and those of fast devices."""

_SLOW_RATES: Final = 2
"""So many of them once more, with much patience."""

_ECHOES_BELIEVED: Final = 2


@dataclass(frozen=True, slots=True)
class Timing:
    """How long an answer may take, in seconds.

    LINES answers within 35 ms and BARE within 525 ms as measured by others; ``slow_s`` is for a
    last round over the likely baud rates.
    """

    lines_s: float = 0.4
    bare_s: float = 1.2
    slow_s: float = 2.5
    gap_s: float = 0.25
    restart_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Contact:
    """A module that answers."""

    dialect: Dialect
    baud: int


class Absence(StrEnum):
    """Why no module was found."""

    SILENT = "silent"
    ECHO = "echo"
    STREAM = "stream"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class NotFound:
    """No module answered. ``baud``: where what was heard instead was heard."""

    why: Absence
    baud: int | None = None


Dialogue = Generator[Exchange, bytes, Contact | NotFound]


def ask(
    contact: Contact, text: str, timing: Timing, expected: str = ""
) -> Generator[Exchange, bytes, Answer]:
    """Send one command and return its answer."""
    sent = command(contact.dialect, text)
    answer = yield from exchange(contact, sent, timing, expected)
    return answer


def exchange(
    contact: Contact, sent: bytes, timing: Timing, expected: str = ""
) -> Generator[Exchange, bytes, Answer]:
    """Send these bytes and return the answer; an answer that had not ended is waited for."""
    patience_s = timing.slow_s if contact.dialect is Dialect.LINES else 2.0 * timing.bare_s
    step = Exchange(contact.baud, contact.dialect, sent, patience_s, timing.gap_s, expected)
    received = yield step
    return step.read(received)


def find_module(timing: Timing, bauds: tuple[int, ...] = ()) -> Dialogue:
    """Look for a module, at these baud rates or at all of them.

    First every rate in LINES, then in BARE, then the likely ones with much patience: at most
    ``longest_search_s``.
    """
    heard = _Heard()
    for step in _steps(timing, bauds):
        received = yield step
        answer = step.read(received)
        if answer.kind is AnswerKind.ERROR:
            # What other baud rates left in the module's buffer stood before the command.
            received = yield step
            answer = step.read(received)
        if _is_module(step, answer):
            return (yield from _tell_dialect(step, received, timing))
        absence = heard.note(step, answer)
        if absence is not None:
            return absence
    return heard.verdict()


def longest_search_s(timing: Timing, bauds: tuple[int, ...] = ()) -> float:
    """Return how long ``find_module`` takes at most, in seconds, the bytes' own time aside."""
    return sum(step.patience_s for step in _steps(timing, bauds))


def _tell_dialect(step: Exchange, received: bytes, timing: Timing) -> Dialogue:
    """Return whom an answer is from; where its end is not of the dialect, ask in the other.

    Some BARE modules overlook our line end, and a slow LINES module answers during the next round.
    """
    ended = Dialect.LINES if received.endswith(LINE_END) else Dialect.BARE
    if ended is step.dialect:
        return Contact(step.dialect, step.baud)
    yield _pause(step.baud, timing)
    again = Exchange(
        step.baud, ended, command(ended, "AT"), timing.slow_s, timing.gap_s, expected="OK"
    )
    answer = again.read((yield again))
    return Contact(ended if _is_module(again, answer) else step.dialect, step.baud)


def _steps(timing: Timing, bauds: tuple[int, ...]) -> list[Exchange]:
    lines = _rates(Dialect.LINES, bauds)
    bare = _rates(Dialect.BARE, bauds)
    pause = _pause((bare or lines)[0], timing)
    return [
        *_round(Dialect.LINES, timing.lines_s, timing.gap_s, lines),
        pause,
        *_round(Dialect.BARE, timing.bare_s, timing.gap_s, bare),
        *_round(Dialect.LINES, timing.slow_s, timing.gap_s, lines[:_SLOW_RATES]),
        pause,
        *_round(Dialect.BARE, timing.slow_s, timing.gap_s, bare[:_SLOW_RATES]),
    ]


def _pause(baud: int, timing: Timing) -> Exchange:
    """Return a pause: without it a BARE module takes a command together with what came before."""
    return Exchange(baud, Dialect.BARE, b"", timing.bare_s, timing.bare_s)


def _rates(dialect: Dialect, bauds: tuple[int, ...]) -> tuple[int, ...]:
    offered, likely = offered_bauds(dialect), _LIKELY[dialect]
    chosen = bauds or (*likely, *(baud for baud in offered if baud not in likely))
    return tuple(baud for baud in chosen if baud in offered)


def _round(
    dialect: Dialect, patience_s: float, gap_s: float, bauds: tuple[int, ...]
) -> list[Exchange]:
    sent = command(dialect, "AT")
    return [Exchange(baud, dialect, sent, patience_s, gap_s, "OK") for baud in bauds]


def _is_module(step: Exchange, answer: Answer) -> bool:
    if not step.sent:
        return False
    if answer.kind is AnswerKind.ERROR:
        return answer.code is not None
    return answer.kind is AnswerKind.DONE and not answer.text


class _Heard:
    """What came in place of an answer."""

    def __init__(self) -> None:
        self._echoes = 0
        self._noise_baud: int | None = None

    def note(self, step: Exchange, answer: Answer) -> NotFound | None:
        """Keep it; return the verdict where going on is of no use."""
        if answer.kind is AnswerKind.ECHO:
            self._echoes += 1
            if self._echoes >= _ECHOES_BELIEVED:
                return NotFound(Absence.ECHO, step.baud)
        elif answer.noise_bytes >= STREAM_BYTES:
            return NotFound(Absence.STREAM, step.baud)
        elif answer.kind is not AnswerKind.SILENCE and self._noise_baud is None:
            self._noise_baud = step.baud
        return None

    def verdict(self) -> NotFound:
        """Return the verdict at the end."""
        if self._noise_baud is not None:
            return NotFound(Absence.NOISE, self._noise_baud)
        return NotFound(Absence.SILENT)
