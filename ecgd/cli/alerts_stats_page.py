"""Counted alerts as a page."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ecgd.cli.moments import local_time
from ecgd.cli.tables import plain_table
from ecgd.cli.words import clean, count

Json = dict[str, Any]


def stats_page(answer: Json) -> RenderableType:
    """Return the counts, the most frequent kind first."""
    left_out = answer["simulated"]
    since = f"since {local_time(answer['since_unix_s'], seconds=False)}"
    lines = [Text(f"{since}; {count(left_out, 'simulated alert')} left out", style="dim")]
    if not answer["kinds"]:
        return Group(Text("no alerts", style="green"), *lines)
    names = ("event", "raised", "true", "false", "unsure", "unmarked", "true of those judged")
    table = plain_table(*names)
    for kind in (*answer["kinds"], {"event_type": "all"} | answer["all"]):
        counts = (str(kind[name]) for name in ("raised", "true", "false", "unsure", "unmarked"))
        table.add_row(clean(kind["event_type"]), *counts, share_words(kind))
    return Group(table, *lines)


def share_words(kind: Json) -> str:
    """Return the positive predictive value with its limits."""
    share = kind["positive_predictive_value"]
    if share is None:
        return "–"
    low, high = kind["limits"]
    return f"{100 * share:.0f} % ({100 * low:.0f}–{100 * high:.0f} %)"
