"""Which profile a target has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ecgd.alerts.profiles.apprise import APPRISE
from ecgd.alerts.profiles.gotify import GOTIFY
from ecgd.alerts.profiles.home_assistant import HOME_ASSISTANT
from ecgd.alerts.profiles.ntfy import NTFY
from ecgd.alerts.profiles.profile import Problem, Profile
from ecgd.alerts.profiles.pushover import PUSHOVER
from ecgd.alerts.profiles.report_posts import (
    gotify_report,
    ntfy_report,
    pushover_report,
    reporting,
    slack_report,
    telegram_report,
)
from ecgd.alerts.profiles.slack import SLACK
from ecgd.alerts.profiles.standard import STANDARD
from ecgd.alerts.profiles.telegram import TELEGRAM
from ecgd.alerts.profiles.template import JSON
from ecgd.alerts.profiles.twilio import TWILIO_CALL, TWILIO_SMS
from ecgd.config.settings import WebhookSettings

PROFILES: Final[Mapping[str, Profile]] = {
    "standard": STANDARD,
    "ntfy": reporting(NTFY, ntfy_report),
    "gotify": reporting(GOTIFY, gotify_report),
    "pushover": reporting(PUSHOVER, pushover_report),
    "slack": reporting(SLACK, slack_report),
    "telegram": reporting(TELEGRAM, telegram_report),
    "home-assistant": HOME_ASSISTANT,
    "twilio-sms": TWILIO_SMS,
    "twilio-call": TWILIO_CALL,
    "json": JSON,
    "apprise": APPRISE,
}
"""By the value of the setting ``profile``."""

REPORTING: Final = frozenset({"standard", "ntfy", "gotify", "pushover", "slack", "telegram"})
"""Profiles that bring reports too; the others would make an alarm of one, or a call."""


def profile_of(settings: WebhookSettings) -> Profile:
    return PROFILES[settings.profile]


def profile_problems(settings: WebhookSettings) -> Iterator[Problem]:
    """Yield what is wrong with a target's settings as far as its profile is concerned."""
    yield from profile_of(settings).problems(settings)
    page_url = settings.page_url
    if page_url and not page_url.startswith(("http://", "https://")):
        yield "page_url", "is no http:// or https:// address"
