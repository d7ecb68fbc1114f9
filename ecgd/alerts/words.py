"""What a language has to say: one table for each language in which people are told of an alert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ecgd.alerts.news import News
from ecgd.model.finding import EventType, Severity


@dataclass(frozen=True, slots=True)
class Words:
    """One language. ``tag`` is its name for a voice (BCP 47).

    ``happened`` says in one sentence what it is and on which evidence, ``to_do`` what to do now;
    both get the emergency number. Formats in braces are filled by ``ecgd.alerts.telling``.
    """

    tag: str
    severities: Mapping[Severity, str]
    names: Mapping[EventType, str]
    happened: Callable[[News], str]
    to_do: Callable[[News, str], str]
    supplement: str
    test_title: str
    test_line: str
    if_real: str
    late: str
    rescue: str
    patient: str
    where: str
    position: str
    within: str
    how_exact_unknown: str
    usual_place: str
    map: str
    heart_rate: str
    not_visible: str
    places: Mapping[str, str]
    quality: str
    quality_unknown: str
    when: Callable[[datetime], str]
    when_unknown: str
    clock_unsure: str
    acknowledge: str
    open_page: str
    answered_title: str
    answered: str


def called_for_help(sentence: str, number: str) -> str:
    """Return a sentence with its emergency number."""
    return sentence.replace("{number}", number)
