"""What others are told of the person who has answered."""

from __future__ import annotations

from collections.abc import Mapping

from ecgd.config.people import ContactSettings


def spoken(by: str, contacts: Mapping[str, ContactSettings]) -> str:
    """Return who answered as people read it: who it was where that is known, and by which path.

    ``by`` is "path:contact", with "/person" behind it where one of several has pressed the button.
    """
    path, colon, told = by.partition(":")
    if not colon:
        return by
    who, _, person = told.partition("/")
    contact = contacts.get(who)
    name = (contact.name or who) if contact else who
    return f"{person}, {name} ({path})" if person else f"{name} ({path})"
