"""Settings of the people who are told: who, by which channels, when, and how long is waited."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import required, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSettings:
    """One person, or one service with people in it, who is told of alerts."""

    id: str = required("short name in commands and logs: letters, digits, - and _")
    name: str = setting("", "name as people read it; empty: the id")
    role: str = setting(
        "family",
        "what the contact is to the patient; `service`: a centre under contract, or who is sent "
        "out, the only one that is told the place (`alarms.location`, `[location]`)",
        choices=("family", "neighbour", "professional", "service"),
    )
    channels: tuple[str, ...] = setting(
        (), "names of `[[webhooks]]` targets, tried one after the other"
    )
    order: int = setting(
        1, "those of order 1 are told at once, those of the next order later", low=1, high=20
    )
    delay_s: float = setting(
        120.0,
        "told so long after those of the order before, if nobody has answered; of no meaning to "
        "the first",
        unit="s",
        low=10,
        high=3600,
    )
    channel_delay_s: float = setting(
        60.0,
        "the next channel is tried so long after the one before, if nobody has answered",
        unit="s",
        low=10,
        high=3600,
    )
    days: tuple[str, ...] = setting(
        (), "days on which the contact is on duty (`mon` … `sun`); empty: every day"
    )
    hours: str = setting(
        "", 'hours on duty, as in "08:00-18:00", by the gateway\'s time zone; empty: all'
    )
    quiet_hours: str = setting(
        "",
        'hours without alerts below HIGH, as in "22:00-07:00"; HIGH and CRITICAL always come',
    )
    language: str = setting(
        "",
        "language of what the contact's channels say; empty: as the channel has it",
        choices=("", "en", "de"),
    )
    patients: tuple[str, ...] = setting(
        (), "ids of the patients whose alerts concern the contact; empty: all"
    )
    least_severity: str = setting(
        "HIGH",
        "least severity of which the contact is told",
        choices=("LOW", "MEDIUM", "HIGH", "CRITICAL"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationSettings:
    """How long people have to answer."""

    answer_s: float = setting(
        180.0,
        "so long after the last contact was told without an answer it is an alarm that nobody "
        "answers",
        unit="s",
        low=10,
        high=3600,
    )
    repeat_s: float = setting(
        300.0,
        "and so long after that everybody is told again, until somebody answers",
        unit="s",
        low=30,
        high=7200,
    )
