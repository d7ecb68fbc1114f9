"""English, the language of the stored alert itself."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ecgd.alerts.news import News
from ecgd.alerts.words import Words
from ecgd.decision.advice import NAMES, SUPPLEMENTS
from ecgd.model.finding import NOT_VISIBLE, Severity

_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_SUPPLEMENT_BEGINS: Final = SUPPLEMENTS.partition(":")[0]


def _happened(news: News) -> str:
    return news.description


def _to_do(news: News, _: str) -> str:
    """Return the stored action without the sentence that stands under every one of them."""
    return news.recommended_action.partition(_SUPPLEMENT_BEGINS)[0].strip()


def _when(at: datetime) -> str:
    month = _MONTHS[3 * at.month - 3 : 3 * at.month]
    return f"{at.day} {month} {at.year}, {at:%H:%M:%S} {at.tzname() or ''}".strip()


ENGLISH: Final = Words(
    tag="en-GB",
    severities={
        Severity.CRITICAL: "CRITICAL",
        Severity.HIGH: "HIGH",
        Severity.MEDIUM: "MEDIUM",
        Severity.LOW: "LOW",
    },
    names=NAMES,
    happened=_happened,
    to_do=_to_do,
    supplement=SUPPLEMENTS,
    test_title="TEST, no real alarm",
    test_line="This is a test. Nobody is ill, nothing has to be done.",
    if_real="A real alarm would say: {action}",
    late="Sent late: this was {ago} ago.",
    rescue="the emergency services",
    patient="patient {number}",
    where="Where: {location}.",
    position="Where: {latitude}, {longitude}, {accuracy}, {age} ago.",
    within="within {accuracy_m} m",
    how_exact_unknown="nobody knows how exactly",
    usual_place="Usual place: {location}.",
    map="Map: {url}",
    heart_rate="Heart rate {rate}/min.",
    not_visible="These leads cannot show every infarction; not visible: {places}.",
    places={place: place for place in NOT_VISIBLE},
    quality="Signal quality {span} %.",
    quality_unknown="The signal quality is not known.",
    when=_when,
    when_unknown="The time is not known.",
    clock_unsure="The gateway's clock was not set: the time may be wrong.",
    acknowledge="Acknowledge",
    open_page="Open",
    answered_title="Answered",
    answered="{who} has answered this alarm and takes care of it.",
)
