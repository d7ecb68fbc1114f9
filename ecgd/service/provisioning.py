"""Set up a radio module at a serial cable: look, plan, carry out, and say how it stands."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from ecgd.errors import SourceError
from ecgd.protocol.at_answer import Exchange
from ecgd.protocol.at_change import Outcome, StepResult, carry_out
from ecgd.protocol.at_command import BARE_PIN_DIGITS, FACTORY_PINS, Dialect
from ecgd.protocol.at_module import Module, read_module
from ecgd.protocol.at_plan import Change, Wish
from ecgd.protocol.at_probe import Absence, NotFound, Timing, find_module
from ecgd.sources.at_port import AtPort
from ecgd.sources.serial_line import is_radio

RANDOM_PIN: Final = "random"
_LINES_RANDOM_DIGITS: Final = 8

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Report:
    """How the module stands: what came of each change of the plan, in the plan's order.

    ``problem``: why it was stopped, None when it ran to its end.
    """

    results: tuple[StepResult, ...]
    problem: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether every change is in force."""
        return self.problem is None and all(each.outcome.is_good for each in self.results)

    @property
    def is_asked_after_restart(self) -> bool:
        """Whether the module told after its restart what it kept."""
        told = (Outcome.KEPT, Outcome.FORGOTTEN)
        return any(each.outcome in told for each in self.results)


class Provisioning:
    """A radio module at a cable."""

    def __init__(self, port: AtPort, timing: Timing | None = None) -> None:
        self._port = port
        self._timing = timing or Timing()

    def look(self, bauds: tuple[int, ...] = ()) -> Module:
        """Find the module and ask it what it is; nothing is changed.

        Raises SourceError, with what to try, when none answers or the cable is pulled.
        """
        found = self._run(find_module(self._timing, bauds))
        if isinstance(found, NotFound):
            raise _nothing_found(found)
        return self._run(read_module(found, self._timing))

    def carry_out(
        self,
        module: Module,
        plan: tuple[Change, ...],
        tell: Callable[[StepResult], None] = lambda result: None,
    ) -> Report:
        """Make the changes and tell what comes of each.

        Never raises for a pulled cable or Ctrl-C: the report then says how the module stands.
        """
        record = _Record(plan)
        steps = carry_out(module, plan, self._timing)
        try:
            step = next(steps)
            while True:
                if isinstance(step, Exchange):
                    step = steps.send(self._port.exchange(step))
                    continue
                record.note(step)
                if isinstance(step, StepResult):
                    tell(step)
                step = steps.send(b"")
        except StopIteration:
            return record.report(None)
        except SourceError as error:
            return record.report(error.what)
        except KeyboardInterrupt:
            return record.report("It was stopped by hand.")

    def _run(self, dialogue: Generator[Exchange, bytes, _Found]) -> _Found:
        try:
            step = next(dialogue)
            while True:
                step = dialogue.send(self._port.exchange(step))
        except StopIteration as end:
            found: _Found = end.value
            return found


class _Record:
    """What has come of each change so far."""

    def __init__(self, plan: tuple[Change, ...]) -> None:
        self._results = {change: StepResult(change, Outcome.NOT_TRIED) for change in plan}

    def note(self, step: Change | StepResult) -> None:
        if isinstance(step, StepResult):
            self._results[step.change] = step
        else:
            detail = "it may be in force or not"
            self._results[step] = StepResult(step, Outcome.UNANSWERED, detail)

    def report(self, problem: str | None) -> Report:
        return Report(tuple(self._results.values()), problem)


@contextmanager
def provisioning(path: Path, timing: Timing | None = None) -> Iterator[Provisioning]:
    """Yield the module at a serial port, which is closed again at the end.

    Raises SourceError for a port that cannot be opened, or that leads over the radio.
    """
    if is_radio(str(path)):
        raise SourceError(
            f"{path} leads over the radio to what is behind the module, not to the module",
            "Take the module off its device and connect it by a USB serial cable.",
        )
    with AtPort(str(path)) as port:
        yield Provisioning(port, timing)


def settle_pin(module: Module, wish: Wish) -> Wish:
    """Return the wish with a PIN of chance in place of ``random``, as long as the module takes."""
    if wish.pin != RANDOM_PIN:
        return wish
    bare = module.contact.dialect is Dialect.BARE
    digits = BARE_PIN_DIGITS if bare else _LINES_RANDOM_DIGITS
    pin = ""
    while not pin or pin in FACTORY_PINS:
        pin = "".join(secrets.choice("0123456789") for _ in range(digits))
    return replace(wish, pin=pin)


def _nothing_found(found: NotFound) -> SourceError:
    what, remedy = _ABSENCES[found.why]
    return SourceError(what.format(baud=found.baud), remedy)


_ABSENCES: Final = {
    Absence.SILENT: (
        "no module answers, at no baud rate",
        "Check in this order. Power: its LED must be on. Wires: the cable's TX to the module's "
        "RXD (through the divider, 1 kOhm and 2 kOhm, where the cable gives 5 V), RX to TXD, and "
        "GND to GND; if they are so, swap the two. Mode: hold the button of an HC-05 while you "
        "switch its power on, until its LED blinks slowly (2 s). An HC-06 answers only while no "
        "host is connected: its LED blinks fast. docs/provisioning.md shows it.",
    ),
    Absence.ECHO: (
        "only the command itself comes back, and no answer",
        "The cable's TX is joined to its RX, or the module has no power: take the module off; "
        "what still comes back comes from the cable.",
    ),
    Absence.STREAM: (
        "something sends by itself at this port (heard at {baud} baud), and answers no command",
        "This looks like the electrocardiograph, or like an open radio link to it, not like a "
        "module in command mode. Connect the cable to the module alone, with the device's own "
        "RX and TX taken off.",
    ),
    Absence.NOISE: (
        "something answers (heard at {baud} baud), but nothing that a module says",
        "Check GND and the divider at RXD, and that the cable is for 3.3 V or 5 V logic, not "
        "RS-232. Then switch the module off and on and try again.",
    ),
}
