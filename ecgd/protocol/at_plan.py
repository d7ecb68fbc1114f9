"""What is to be changed at a radio module: wishes, checked against what it is and can."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ecgd.protocol.at_command import Dialect, problem_of_baud, problem_of_name, problem_of_pin
from ecgd.protocol.at_module import ROLES, SLAVE, Module


class Part(StrEnum):
    """What can be changed."""

    NAME = "name"
    PIN = "PIN"
    HOSTS = "paired hosts"
    ROLE = "role"
    BAUD = "baud"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a module shall be set to; None: left as it is."""

    name: str | None = None
    pin: str | None = None
    baud: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in words that are the module's values too. ``before`` None: not known."""

    part: Part
    before: str | None
    after: str


def problems_of(module: Module, wish: Wish) -> tuple[str, ...]:
    """Return what this module cannot be set to, all of it."""
    dialect = module.contact.dialect
    found = (
        None if wish.name is None else problem_of_name(dialect, wish.name),
        None if wish.pin is None else problem_of_pin(dialect, wish.pin),
        None if wish.baud is None else problem_of_baud(dialect, wish.baud),
    )
    return tuple(problem for problem in found if problem is not None)


def make_plan(module: Module, wish: Wish) -> tuple[Change, ...]:
    """Return the changes in their order; the baud rate is last, for it may cut the contact.

    What is as it shall be is left alone. A new PIN makes an HC-05 forget the hosts that were
    paired with the old one. A module that is not a slave becomes one: a gateway must find it.
    """
    return (*_name(module, wish), *_pin(module, wish), *_role(module), *_baud(module, wish))


def _name(module: Module, wish: Wish) -> list[Change]:
    if wish.name is None or wish.name == module.name:
        return []
    return [Change(Part.NAME, module.name, wish.name)]


def _pin(module: Module, wish: Wish) -> list[Change]:
    if wish.pin is None or wish.pin == module.pin:
        return []
    changes = [Change(Part.PIN, module.pin, wish.pin)]
    if module.contact.dialect is Dialect.LINES:
        changes.append(Change(Part.HOSTS, None, "none"))
    return changes


def _role(module: Module) -> list[Change]:
    if module.role in (None, SLAVE):
        return []
    return [Change(Part.ROLE, ROLES[module.role or SLAVE], ROLES[SLAVE])]


def _baud(module: Module, wish: Wish) -> list[Change]:
    wanted = wish.baud if wish.baud is not None or not module.odd_line else module.baud
    if wanted is None or (wanted == module.baud and not module.odd_line):
        return []
    before = None if module.baud is None else str(module.baud)
    if module.odd_line:
        before = f"{module.baud}, with two stop bits or parity"
    return [Change(Part.BAUD, before, str(wanted))]
