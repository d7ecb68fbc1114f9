"""An alert in words for people: a short title, and a body that fits wherever it goes.

The body says what happened, what to do, what cannot be seen, and when it was by the clock on the
wall. Nobody's name is in it unless the stored alert holds it (``include_name``).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from ecgd.alerts.english import ENGLISH
from ecgd.alerts.german import GERMAN
from ecgd.alerts.news import News
from ecgd.alerts.words import Words, called_for_help
from ecgd.model.position import Position

LANGUAGES: Final[Mapping[str, Words]] = {"en": ENGLISH, "de": GERMAN}
"""By the value of the setting ``language``."""

LATE_S: Final = 120.0
"""An alert that goes out so long after it happened says so: it may be over, or worse."""

NAME_LIMIT: Final = 60
PLACE_LIMIT: Final = 160
"""What the configuration says freely must leave room for what to do."""

_BIDI: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NUMBER: Final = re.compile(r"\b\d{3,}\b(?! ?%)")


@dataclass(frozen=True, slots=True)
class Text:
    """An alert in one language; ``test`` is empty unless it is simulated, ``late`` unless it is.

    The title names the alarm. Every part is one line of clean text.
    """

    title: str
    test: str
    late: str
    what: str
    action: str
    where: str
    map: str
    caveat: str
    when: str
    supplement: str
    words: Words

    def body(
        self,
        limit: int,
        form: Callable[[str], str] = str,
        size: Callable[[str], int] = len,
    ) -> str:
        """Return the longest body whose ``size`` is within ``limit`` after ``form``.

        It goes under a title. Left out first is what helps least: the standing advice, figures,
        time, caveat. That it is a test and what to do are cut only where even they do not fit.
        """
        brief = (self.test, self.late, self.action, self.where)
        placed = (*brief, self.map)
        full = (*brief[:2], self.what, *placed[2:], self.caveat, self.when)
        for parts in (
            (*full, self.supplement),
            full,
            (*placed, self.caveat, self.when),
            (*placed, self.caveat),
            placed,
        ):
            whole = form("\n".join(part for part in parts if part))
            if size(whole) <= limit:
                return whole
        return cut("\n".join(part for part in brief if part), limit, form, size)

    def headline(self, limit: int, form: Callable[[str], str] = str) -> str:
        """Return the title within ``limit`` characters after ``form``."""
        return cut(self.title, limit, form)

    def spoken(self, limit: int, form: Callable[[str], str] = str) -> str:
        """Return what a voice says: once, and numbers to dial digit by digit."""
        parts = (self.title, self.test, self.late, self.action, self.where, self.caveat)
        whole = " ".join(_sentence(part) for part in parts if part)
        return cut(_NUMBER.sub(lambda found: " ".join(found[0]), whole), limit, form)


def tell(
    news: News,
    language: str = "en",
    emergency_number: str = "",
    zone: tzinfo | None = None,
    sent_unix_s: float | None = None,
) -> Text:
    """Return an alert in words; ``zone`` None is the machine's own time zone.

    With ``sent_unix_s`` it says so if the alert goes out long after it happened.
    """
    words = LANGUAGES.get(language, ENGLISH)
    number = clean(emergency_number) or words.rescue
    happened = clean(words.happened(news))
    rate = _rate(news, words)
    name = words.names[news.event_type] if news.event_type else news.kind.replace("_", " ").lower()
    return Text(
        title=clean(_title(news, words, name)),
        test=words.test_line if news.simulated else "",
        late=_late(news, words, sent_unix_s),
        what=" ".join(part for part in (happened, rate) if part),
        action=_action(news, words, number),
        where=_where(news, words),
        map=words.map.format(url=clean(news.map_url)) if news.map_url else "",
        caveat=clean(_caveat(news, words)),
        when=clean(_when(news, words, zone)),
        supplement=called_for_help(words.supplement, number),
        words=words,
    )


def clean(text: str) -> str:
    """Return a text as one line, without what could break a line or turn its direction."""
    kept = (char for char in text if char not in _BIDI and unicodedata.category(char) != "Cs")
    return " ".join("".join(char if char.isprintable() else " " for char in kept).split())


def cut(
    text: str,
    limit: int,
    form: Callable[[str], str] = str,
    size: Callable[[str], int] = len,
) -> str:
    """Return the longest beginning of a text that fits after ``form``, ended at a word by "…"."""
    if size(form(text)) <= limit:
        return form(text)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if size(form(text[:middle].rstrip() + "…")) <= limit:
            low = middle
        else:
            high = middle - 1
    kept = text[:low]
    whole_words = kept.rpartition(" ")[0] if " " in kept[low // 2 :] else kept
    return form(whole_words.rstrip() + "…") if low else ""


def _title(news: News, words: Words, name: str) -> str:
    test = f"{words.test_title} – " if news.simulated else ""
    who = _whose(news, words)
    whose = f" – {who}" if who else ""
    grade = words.answered_title if news.answered_by else words.severities[news.severity]
    return f"{test}{grade}: {name}{whose}"


def _whose(news: News, words: Words) -> str:
    """Return the name where it may be told, the label where there is one, else the number."""
    name, label = (cut(clean(text), NAME_LIMIT) for text in (news.patient_name, news.patient_label))
    if name or label:
        return ", ".join(part for part in (name, label) if part)
    number = news.patient_number
    return "" if number is None else words.patient.format(number=number)


def _where(news: News, words: Words) -> str:
    """Return where to go: where the gateway is by satellite, and the place that is written down."""
    place = cut(clean(news.location), PLACE_LIMIT)
    if news.position is None:
        return words.where.format(location=place) if place else ""
    usual = f" {words.usual_place.format(location=place)}" if place else ""
    return _fix(news.position, words) + usual


def _fix(position: Position, words: Words) -> str:
    accuracy_m = position.accuracy_m
    within = words.within.format(accuracy_m=f"{max(1.0, accuracy_m or 0.0):.0f}")
    return words.position.format(
        latitude=f"{position.latitude_deg:.5f}",
        longitude=f"{position.longitude_deg:.5f}",
        accuracy=words.how_exact_unknown if accuracy_m is None else within,
        age=_span(position.age_s),
    )


def _span(age_s: float) -> str:
    """Return an age in the units that people of every language here write."""
    minutes = int(age_s) // 60
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{int(age_s)} s"


def _late(news: News, words: Words, sent_unix_s: float | None) -> str:
    """Return how long ago it was; nothing where the clock cannot tell."""
    if sent_unix_s is None or news.occurred_unix_s is None or not news.clock_synchronised:
        return ""
    late_s = sent_unix_s - news.occurred_unix_s
    if not LATE_S <= late_s < math.inf:
        return ""
    return words.late.format(ago=_span(late_s))


def _action(news: News, words: Words, number: str) -> str:
    if news.answered_by:
        return words.answered.format(who=cut(clean(news.answered_by), NAME_LIMIT))
    action = clean(words.to_do(news, number))
    return words.if_real.format(action=action) if news.simulated else action


def _rate(news: News, words: Words) -> str:
    if news.heart_rate_bpm is None:
        return ""
    return words.heart_rate.format(rate=f"{news.heart_rate_bpm:.0f}")


def _caveat(news: News, words: Words) -> str:
    """Say how good the signal was and where it is blind; nothing of a fault of the equipment."""
    if not news.not_visible:
        return ""
    figures = sorted({f"{100.0 * sqi:.0f}" for _, sqi in news.quality}, key=int)
    span = "–".join(dict.fromkeys((*figures[:1], *figures[-1:])))
    quality = words.quality.format(span=span) if figures else words.quality_unknown
    places = ", ".join(words.places.get(place, place) for place in news.not_visible)
    return f"{quality} {words.not_visible.format(places=places)}"


def _when(news: News, words: Words, zone: tzinfo | None) -> str:
    try:
        at = datetime.fromtimestamp(news.occurred_unix_s or float("nan"), UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return words.when_unknown
    unsure = "" if news.clock_synchronised else f" ({words.clock_unsure})"
    return words.when(at) + unsure


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
