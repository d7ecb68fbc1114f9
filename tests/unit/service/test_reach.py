from __future__ import annotations

import pytest

from ecgd.config.people import ContactSettings
from ecgd.config.settings import WebhookSettings
from ecgd.service.reach import last_told_s, service_of, unattended


def on_duty(hours: str = "", *days: str) -> ContactSettings:
    return ContactSettings(id="x", channels=("a",), hours=hours, days=days)


@pytest.mark.parametrize(
    ("contacts", "words"),
    [
        ((), ()),
        ((on_duty(),), ()),
        ((on_duty("08:00-22:00"),), ("every day 22:00-08:00",)),
        ((on_duty("08:00-22:00"), on_duty("22:00-08:00")), ()),
        ((on_duty("22:00-07:59"), on_duty("08:00-22:00")), ("every day 07:59-08:00",)),
        ((on_duty("", "mon", "tue", "wed", "thu", "fri"),), ("sat 00:00 to mon 00:00",)),
        (
            (on_duty("08:00-18:00", "mon", "tue", "wed", "thu", "fri"),),
            ("mon, tue, wed, thu 18:00-08:00", "fri 18:00 to mon 08:00"),
        ),
        (
            (on_duty("08:00-20:00", "sun"), on_duty("", "tue", "wed", "thu", "fri", "sat")),
            ("sun 00:00-08:00", "sun 20:00 to tue 00:00"),
        ),
        (
            (on_duty("20:00-06:00"), on_duty("06:00-12:00"), on_duty("13:00-20:30")),
            ("every day 12:00-13:00",),
        ),
    ],
)
def test_hours_without_anybody(
    contacts: tuple[ContactSettings, ...], words: tuple[str, ...]
) -> None:
    assert unattended(contacts) == words


def contact(order: int, delay_s: float, *channels: str, between_s: float = 60.0) -> ContactSettings:
    return ContactSettings(
        id="x", order=order, delay_s=delay_s, channels=channels, channel_delay_s=between_s
    )


@pytest.mark.parametrize(
    ("contacts", "last_s"),
    [
        ((contact(1, 900.0, "a"),), 0.0),
        ((contact(1, 900.0, "a", "b", "c"),), 120.0),
        ((contact(2, 300.0, "a"), contact(1, 900.0, "b", "c", "d", "e")), 300.0),
        ((contact(2, 100.0, "a"), contact(1, 900.0, "b", "c", "d", "e")), 180.0),
        ((contact(1, 9.0, "a"), contact(3, 100.0, "b"), contact(7, 200.0, "c", "d")), 360.0),
        ((contact(1, 9.0, "a"), contact(2, 60.0, "b"), contact(2, 60.0, "c", "d")), 120.0),
    ],
)
def test_when_the_last_is_told(contacts: tuple[ContactSettings, ...], last_s: float) -> None:
    assert last_told_s(contacts) == last_s


@pytest.mark.parametrize(
    ("profile", "url", "service"),
    [
        ("ntfy", "", "ntfy.sh"),
        ("ntfy", "https://push.example.org:8443", "push.example.org"),
        ("gotify", "https://push.example.org/gotify", "push.example.org"),
        ("twilio-sms", "", "Twilio"),
        ("twilio-call", "https://api.example.org", "Twilio"),
        ("json", "", "what 'x' names"),
        ("slack", "", "Slack"),
    ],
)
def test_what_works_together_fails_together(profile: str, url: str, service: str) -> None:
    assert service_of(WebhookSettings(name="x", profile=profile, url=url)) == service
