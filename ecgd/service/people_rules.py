"""What the settings of contacts must not say together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ecgd.alerts.profiles.template import names_place
from ecgd.config.people import ContactSettings
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.decision.duty import DAYS, hours_problem
from ecgd.service.toml_lines import KeyPath

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


def emergency_channels(settings: Settings) -> frozenset[str]:
    """Return the channels of those who are sent out: they alone are told where."""
    return frozenset(
        channel for who in settings.contacts if who.role == "service" for channel in who.channels
    )


def with_languages(settings: Settings) -> tuple[WebhookSettings, ...]:
    """Return the targets, each in the language of the first contact who has one and it."""
    spoken: dict[str, str] = {}
    for contact in settings.contacts:
        for channel in contact.channels if contact.language else ():
            spoken.setdefault(channel, contact.language)
    return tuple(
        replace(target, language=spoken.get(target.name, target.language))
        for target in settings.webhooks
    )


def people_contradictions(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Yield (key path, what is wrong) for everything that bounds alone cannot catch."""
    yield from _unplaced_templates(settings)
    yield from _places(settings)
    ids = [contact.id for contact in settings.contacts]
    targets = {target.name for target in settings.webhooks}
    delays_s: dict[int, float] = {}
    for number, contact in enumerate(settings.contacts):
        where: KeyPath = ("contacts", number)
        if not _ID.fullmatch(contact.id):
            yield (*where, "id"), "should be 1 to 32 letters, digits, - or _"
        if contact.id in ids[:number]:
            yield (*where, "id"), f"{contact.id!r} is already another contact"
        for key, what in _in_contact(contact, targets):
            yield (*where, key), what
        yield from _shared_place(number, settings)
        delay_s = delays_s.setdefault(contact.order, contact.delay_s)
        if delay_s != contact.delay_s:
            told = f"contacts of order {contact.order} are told together: give all the same delay_s"
            yield (*where, "delay_s"), told


def _places(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    where = settings.location
    if where.source == "gpsd" and not where.host:
        yield ("location", "host"), "should name where gpsd runs"
    if not where.map_url:
        return
    if not where.map_url.startswith("https://"):
        yield ("location", "map_url"), "should be an https:// address, or empty"
    for part in ("{latitude}", "{longitude}"):
        if part not in where.map_url:
            yield ("location", "map_url"), f"should hold {part}"


def _shared_place(number: int, settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Yield the channels by which others would be told the place too."""
    contact = settings.contacts[number]
    for other in settings.contacts if contact.role == "service" else ():
        for channel in contact.channels if other.role != "service" else ():
            if channel in other.channels:
                told = f"{channel!r} is {other.id}'s too, who would be told the place"
                yield ("contacts", number, "channels"), f"{told}: give it a channel of its own"


def _unplaced_templates(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Yield the templates that name a place which their target is never told."""
    told = emergency_channels(settings)
    for number, target in enumerate(settings.webhooks):
        if target.name not in told and names_place(target.template):
            what = "names a place, which contacts of role service alone are told"
            yield ("webhooks", number, "template"), what


def _in_contact(contact: ContactSettings, targets: set[str]) -> Iterator[tuple[str, str]]:
    if not contact.channels:
        yield "channels", "should name one of the [[webhooks]] at least"
    for channel in contact.channels:
        if channel not in targets:
            yield "channels", f"{channel!r} is no name of one of the [[webhooks]]"
    for day in contact.days:
        if day not in DAYS:
            yield "days", f"{day!r} is none of {', '.join(DAYS)}"
    for key in ("hours", "quiet_hours"):
        if what := hours_problem(getattr(contact, key)):
            yield key, what
