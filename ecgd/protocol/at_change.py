"""Carry out changes at a radio module, and believe only what it answers and tells again."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ecgd.protocol.at_answer import Answer, AnswerKind, Exchange
from ecgd.protocol.at_command import (
    Dialect,
    command,
    error_words,
    set_baud,
    set_name,
    set_pin,
)
from ecgd.protocol.at_module import ROLES, SLAVE, Module, parse_uart, read_value
from ecgd.protocol.at_plan import Change, Part
from ecgd.protocol.at_probe import Contact, Timing, ask, exchange


class Outcome(StrEnum):
    """What came of a change."""

    READ_BACK = "read back"
    ACCEPTED = "accepted"
    KEPT = "kept"
    REFUSED = "refused"
    DIFFERS = "differs"
    FORGOTTEN = "forgotten"
    UNANSWERED = "unanswered"
    NOT_TRIED = "not tried"

    @property
    def is_good(self) -> bool:
        """Whether the change is in force, as far as the module can tell."""
        return self in (Outcome.READ_BACK, Outcome.ACCEPTED, Outcome.KEPT)


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of one change, and how that is known."""

    change: Change
    outcome: Outcome
    detail: str = ""


Step = Exchange | Change | StepResult
"""An exchange to be made, a change that begins, or what came of it."""

_Steps = Generator[Exchange, bytes, tuple[StepResult, Contact]]

_BARE_NAME_ALWAYS: Final = 14
_KEYS: Final = {Part.NAME: "NAME", Part.PIN: "PSWD", Part.ROLE: "ROLE", Part.BAUD: "UART"}
_NO_PAIRED_HOST: Final = 0x15


def carry_out(
    module: Module, plan: tuple[Change, ...], timing: Timing
) -> Generator[Step, bytes, None]:
    """Make the changes in order and stop at the first that fails.

    Exchanges are answered with the bytes that came; the other values with anything. At the end a
    LINES module is restarted and, where it still answers then, asked what it kept.
    """
    contact = module.contact
    for change in plan:
        yield change
        if contact.dialect is Dialect.BARE:
            result, contact = yield from _change_bare(contact, change, timing)
        else:
            result, contact = yield from _change_lines(contact, change, timing)
        yield result
        if not result.outcome.is_good:
            return
    if plan and contact.dialect is Dialect.LINES:
        yield from _restart(contact, plan, timing)


def _change_lines(contact: Contact, change: Change, timing: Timing) -> _Steps:
    if change.part is Part.HOSTS:
        answer = yield from ask(contact, "AT+RMAAD", timing)
        return _judge_hosts(change, answer), contact
    answer = yield from exchange(contact, _command(contact.dialect, change), timing)
    if change.part is Part.PIN and answer.kind is AnswerKind.ERROR:
        quoted = set_pin(contact.dialect, change.after, quoted=True)
        answer = yield from exchange(contact, quoted, timing)
    if change.part is Part.BAUD:
        found = yield from _find_again(contact, int(change.after), timing)
        if found is None:
            return StepResult(change, Outcome.UNANSWERED, _no_contact(contact, change)), contact
        contact = found
    value = yield from _value(contact, change.part, timing)
    if value is None and change.part is Part.BAUD and str(contact.baud) == change.after:
        value = change.after
    return _judge(change, answer, value), contact


def _command(dialect: Dialect, change: Change) -> bytes:
    match change.part:
        case Part.NAME:
            return set_name(dialect, change.after)
        case Part.PIN:
            return set_pin(dialect, change.after)
        case Part.BAUD:
            return set_baud(dialect, int(change.after))
        case _:
            return command(dialect, f"AT+ROLE={SLAVE}")


def _value(contact: Contact, part: Part, timing: Timing) -> Generator[Exchange, bytes, str | None]:
    value = yield from read_value(contact, _KEYS[part], timing)
    if part is Part.ROLE and value is not None and value.isdecimal():
        return ROLES.get(int(value), value)
    if part is Part.BAUD:
        baud, odd_line = parse_uart(value)
        return None if baud is None or odd_line else str(baud)
    return value


def _judge(change: Change, answer: Answer, value: str | None) -> StepResult:
    if value == change.after:
        return StepResult(change, Outcome.READ_BACK)
    if answer.kind is AnswerKind.ERROR:
        return StepResult(change, Outcome.REFUSED, error_words(answer.code))
    if answer.kind is AnswerKind.DONE and value is None:
        return StepResult(change, Outcome.ACCEPTED, "it cannot be read back")
    if value is None:
        return StepResult(change, Outcome.UNANSWERED, "it may be in force or not")
    said = "" if answer.kind is AnswerKind.DONE else "no proper answer came, and "
    return StepResult(change, Outcome.DIFFERS, f"{said}the module says {value}")


def _judge_hosts(change: Change, answer: Answer) -> StepResult:
    if answer.kind is AnswerKind.DONE:
        return StepResult(change, Outcome.ACCEPTED)
    if answer.kind is AnswerKind.ERROR and answer.code == _NO_PAIRED_HOST:
        return StepResult(change, Outcome.ACCEPTED, "there was none")
    # Firmware that does not know the command keeps its list; the new PIN holds all the same.
    told = error_words(answer.code) if answer.kind is AnswerKind.ERROR else "no answer"
    return StepResult(change, Outcome.ACCEPTED, f"not surely: {told}")


def _change_bare(contact: Contact, change: Change, timing: Timing) -> _Steps:
    if change.part is Part.BAUD:
        return (yield from _change_bare_baud(contact, change, timing))
    said = {Part.NAME: "setname", Part.PIN: "setPIN"}[change.part]
    sent = _command(contact.dialect, change)
    answer = Answer(AnswerKind.SILENCE)
    for _ in range(2):
        answer = yield from exchange(contact, sent, timing, f"OK{said}")
        # An answer that came late stands before the one to this command.
        if answer.kind is AnswerKind.DONE and answer.text.lower().endswith(said.lower()):
            return StepResult(change, Outcome.ACCEPTED, "it cannot be read back"), contact
    return _bare_failure(contact, change, answer), contact


def _bare_failure(contact: Contact, change: Change, answer: Answer) -> StepResult:
    if answer.kind is AnswerKind.ERROR:
        return StepResult(change, Outcome.REFUSED, error_words(answer.code))
    detail = "it may be in force or not"
    if change.part is Part.NAME and len(change.after) > _BARE_NAME_ALWAYS and contact.baud > 19200:
        detail += f": above 19200 baud some take no more than {_BARE_NAME_ALWAYS} characters"
    return StepResult(change, Outcome.UNANSWERED, detail)


def _change_bare_baud(contact: Contact, change: Change, timing: Timing) -> _Steps:
    baud = int(change.after)
    sent = _command(contact.dialect, change)
    answer = yield from exchange(contact, sent, timing, f"OK{baud}")
    found = yield from _find_again(contact, baud, timing)
    if found is None:
        return StepResult(change, Outcome.UNANSWERED, _no_contact(contact, change)), contact
    if found.baud == baud:
        return StepResult(change, Outcome.READ_BACK, "it answers there"), found
    told = error_words(answer.code) if answer.kind is AnswerKind.ERROR else "it stayed where it was"
    return StepResult(change, Outcome.REFUSED, told), found


def _no_contact(contact: Contact, change: Change) -> str:
    return f"it answers at {contact.baud} baud no more, and at {change.after} not yet"


def _find_again(
    contact: Contact, baud: int, timing: Timing
) -> Generator[Exchange, bytes, Contact | None]:
    """Find a module again whose baud rate may have changed: at the new one, then at the old."""
    bauds = (baud, contact.baud) if contact.dialect is Dialect.BARE else (contact.baud, baud)
    for _ in range(2):
        for rate in bauds:
            candidate = Contact(contact.dialect, rate)
            answer = yield from ask(candidate, "AT", timing, "OK")
            if answer.kind in (AnswerKind.DONE, AnswerKind.ERROR):
                return candidate
    return None


def _restart(
    contact: Contact, plan: tuple[Change, ...], timing: Timing
) -> Generator[Step, bytes, None]:
    """Restart, wait for a module that comes back in command mode, and ask it what it kept."""
    yield from ask(contact, "AT+RESET", timing)
    bauds = {contact.baud, *(int(change.after) for change in plan if change.part is Part.BAUD)}
    rounds = max(1, round(timing.restart_s / (timing.lines_s * len(bauds))))
    for _ in range(rounds):
        for baud in sorted(bauds, key=lambda rate: rate != contact.baud):
            back = Contact(contact.dialect, baud)
            sent = command(back.dialect, "AT")
            step = Exchange(baud, back.dialect, sent, timing.lines_s, timing.gap_s)
            answer = step.read((yield step))
            if answer.kind in (AnswerKind.DONE, AnswerKind.ERROR):
                yield from _ask_what_was_kept(back, plan, timing)
                return


def _ask_what_was_kept(
    contact: Contact, plan: tuple[Change, ...], timing: Timing
) -> Generator[Step, bytes, None]:
    for change in plan:
        if change.part is Part.HOSTS:
            continue
        value = yield from _value(contact, change.part, timing)
        if value == change.after:
            yield StepResult(change, Outcome.KEPT, "still so after a restart")
        elif value is not None:
            detail = f"after its restart the module says {value} again"
            yield StepResult(change, Outcome.FORGOTTEN, detail)
