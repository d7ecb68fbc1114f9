"""Whom an alert would reach, as configured: ways, services, hours and waiting times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final
from urllib.parse import urlsplit

from ecgd.config.people import ContactSettings
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.decision.duty import DAYS, LocalTime, is_on_duty
from ecgd.model.finding import Severity
from ecgd.service.fleet_rules import BROKER_NAME

WAKING: Final = frozenset({"ntfy", "pushover", "twilio-call"})
"""Profiles that are loud where the phone is set up for it (docs/phones.md)."""

QUIET: Final = frozenset({"gotify", "slack", "telegram", "home-assistant", "twilio-sms"})
"""Profiles that come as any other message does; of the rest nobody here knows."""

ANSWERING: Final = frozenset({"ntfy", "telegram"})
"""Profiles with a button, where ``acknowledge`` is set; Pushover's emergencies have their own."""

_HOSTED: Final = {
    "ntfy": "ntfy.sh",
    "pushover": "Pushover",
    "slack": "Slack",
    "telegram": "Telegram",
}
_DAY_MIN: Final = 24 * 60
_WEEK_MIN: Final = 7 * _DAY_MIN


@dataclass(frozen=True, slots=True)
class Way:
    """One target by which an alert goes out; ``contact`` None: it is nobody's channel."""

    target: WebhookSettings
    contact: ContactSettings | None = None


def ways(settings: Settings, patient_id: str, severity: Severity) -> tuple[Way, ...]:
    """Return by which ways a real alert of a patient, or of the gateway, goes out in the end."""
    targets = {target.name: target for target in settings.webhooks}
    channels = {name for contact in settings.contacts for name in contact.channels}
    direct = (
        Way(target)
        for target in settings.webhooks
        if target.name not in channels and severity >= Severity[target.least_severity]
    )
    personal = (
        Way(targets[name], contact)
        for contact in concerned(settings, patient_id, severity)
        for name in contact.channels
    )
    mqtt = settings.mqtt
    is_told = mqtt.enabled and mqtt.required and severity >= Severity[mqtt.least_severity]
    broker = (Way(WebhookSettings(name=BROKER_NAME, url=f"mqtt://{mqtt.host}")),) if is_told else ()
    return (*direct, *personal, *broker)


def concerned(
    settings: Settings, patient_id: str, severity: Severity
) -> tuple[ContactSettings, ...]:
    """Return the contacts who are told of such an alert."""
    return tuple(
        contact
        for contact in settings.contacts
        if severity >= Severity[contact.least_severity]
        and (not contact.patients or patient_id in contact.patients)
    )


def service_of(target: WebhookSettings) -> str:
    """Return who has to work for this target: targets of one service fail together."""
    if target.profile.startswith("twilio"):
        return "Twilio"
    host = urlsplit(target.url).hostname
    return host or _HOSTED.get(target.profile, f"what {target.name!r} names")


def can_answer(target: WebhookSettings) -> bool:
    """Return whether an acknowledgement can come back by this target."""
    return target.profile == "pushover" or (target.profile in ANSWERING and target.acknowledge)


def last_told_s(contacts: Iterable[ContactSettings]) -> float:
    """Return after how long the last channel of the last contact is tried, if nobody answers."""
    at_s, last_s = 0.0, 0.0
    ranked = sorted(contacts, key=lambda contact: contact.order)
    for place, (_, of) in enumerate(groupby(ranked, lambda contact: contact.order)):
        rung = tuple(of)
        at_s += rung[0].delay_s if place else 0.0
        waits_s = (contact.channel_delay_s * (len(contact.channels) - 1) for contact in rung)
        last_s = max(last_s, at_s + max(waits_s))
    return last_s


def unattended(contacts: tuple[ContactSettings, ...]) -> tuple[str, ...]:
    """Return in words the hours of the week in which nobody of them is on duty."""
    if not contacts:
        return ()
    gaps = _gaps(contacts)
    if gaps == [(0, _WEEK_MIN)]:
        return ("all week",)
    short: dict[str, list[str]] = {}
    for begin, end in gaps:
        if end - begin <= _DAY_MIN:
            short.setdefault(f"{_clock(begin)}-{_clock(end)}", []).append(_day(begin))
    long = (
        f"{_day(begin)} {_clock(begin)} to {_day(end)} {_clock(end)}"
        for begin, end in gaps
        if end - begin > _DAY_MIN
    )
    return (*(f"{_days(days)} {span}" for span, days in short.items()), *long)


def _gaps(contacts: tuple[ContactSettings, ...]) -> list[tuple[int, int]]:
    """Return begin and end, minutes of the week from Monday; one over its end is joined."""
    gaps: list[tuple[int, int]] = []
    for begin, end in _empty_stretches(contacts):
        if gaps and gaps[-1][1] == begin:
            gaps[-1] = (gaps[-1][0], end)
        else:
            gaps.append((begin, end))
    if len(gaps) > 1 and gaps[0][0] == 0 and gaps[-1][1] == _WEEK_MIN:
        first = gaps.pop(0)
        gaps[-1] = (gaps[-1][0], _WEEK_MIN + first[1])
    return gaps


def _empty_stretches(contacts: tuple[ContactSettings, ...]) -> Iterator[tuple[int, int]]:
    """Yield the stretches without anybody on duty; nobody comes or goes within one."""
    turns = {_minute(end) for each in contacts if each.hours for end in each.hours.split("-")}
    cuts = sorted(turns | {0, _DAY_MIN})
    for weekday in range(len(DAYS)):
        for begin, end in pairwise(cuts):
            if not any(is_on_duty(contact, LocalTime(weekday, begin)) for contact in contacts):
                yield weekday * _DAY_MIN + begin, weekday * _DAY_MIN + end


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def _day(minute: int) -> str:
    return DAYS[minute % _WEEK_MIN // _DAY_MIN]


def _days(days: list[str]) -> str:
    return "every day" if len(days) == len(DAYS) else ", ".join(days)
