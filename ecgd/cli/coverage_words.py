"""Coverage in plain words: what was covered, what was not, and why."""

from __future__ import annotations

import math
from typing import Any, Final

from ecgd.cli.words import clean, duration
from ecgd.model.coverage import TITLES

Json = dict[str, Any]

TOP_REASONS: Final = 3
WHOLE: Final = 0.9995

LOW: Final = 0.9
"""Share of an hour below which its coverage is called low."""


def share_text(share: float) -> str:
    """Return a share in %, never rounded up to all.

    >>> share_text(0.9996), share_text(0.4)
    ('99.9 %', '40.0 %')
    """
    return "100 %" if share >= 1.0 else f"{math.floor(1000 * share) / 10:.1f} %"


def covered_words(account: Json) -> str:
    """Return one line: how much of the time could have been seen."""
    shares = {title: account["seen"][danger.value] for danger, title in TITLES.items()}
    if all(share >= WHOLE for share in shares.values()):
        return "Everything could have been seen all the time."
    told = ", ".join(f"{title} {share_text(share)}" for title, share in shares.items())
    return f"Could have been seen: {told} of {duration(account['watched_s'])}."


def recent_words(account: Json) -> tuple[str, bool]:
    """Return the last hour in a few words, and whether too little of it could have been seen."""
    seen = account["seen"]
    worst = min(TITLES, key=lambda danger: seen[danger.value])
    told = ", ".join(f"{each} {share_text(seen[danger.value])}" for danger, each in TITLES.items())
    least = seen[worst.value]
    words = f"last {duration(account['watched_s'])}: {told if least < 1.0 else 'everything seen'}"
    reasons = account["unseen"][worst.value]
    if least >= LOW or not reasons:
        return words, False
    return f"{words}; mostly {clean(reasons[0]['reason'])}", True


def uncovered_lines(account: Json) -> list[str]:
    """Return a line for what went unseen for a time, with the main reasons.

    Dangers that went unseen together share one.
    """
    lines: dict[str, list[str]] = {}
    for danger, title in TITLES.items():
        if reasons := account["unseen"][danger.value]:
            lines.setdefault(_unseen(reasons), []).append(title)
    return [f"{_listed(titles)} could not be seen for {words}" for words, titles in lines.items()]


def _unseen(reasons: list[Json]) -> str:
    total_s = sum(each["unseen_s"] for each in reasons)
    return f"{duration(total_s)}: {_reasons(reasons)}."


def _listed(titles: list[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def _reasons(longest_first: list[Json]) -> str:
    told = [f"{clean(each['reason'])} ({duration(each['unseen_s'])})" for each in longest_first]
    rest_s = sum(each["unseen_s"] for each in longest_first[TOP_REASONS:])
    more = [f"other reasons ({duration(rest_s)})"] if rest_s else []
    return "; ".join((*told[:TOP_REASONS], *more))
