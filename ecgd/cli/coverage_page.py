"""What could have been seen, and what not, as a page."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ecgd.cli.coverage_words import LOW, covered_words, share_text, uncovered_lines
from ecgd.cli.moments import local_time
from ecgd.cli.tables import plain_table
from ecgd.cli.words import clean, duration
from ecgd.model.coverage import TITLES

Json = dict[str, Any]

POOR: Final = 0.5
"""Share below which a figure is red."""


def coverage_page(patients: list[Json]) -> RenderableType:
    """Return each patient's hours and what was not covered."""
    if not patients:
        return Text("no patient is known", style="dim")
    return Group(*(_patient(each) for each in patients))


def _patient(patient: Json) -> RenderableType:
    title = Text(clean(patient["patient_id"]), "bold")
    total = patient["total"]
    if total is None:
        return Group(title, Text("  not watched in this time", style="dim"))
    table = plain_table("hour from", *TITLES.values(), "of")
    for column in table.columns[1:]:
        column.justify = "right"
    for hour in patient["hours"]:
        began = local_time(hour["hour_unix_s"], seconds=False)
        table.add_row(began, *_shares(hour), duration(hour["watched_s"]))
    if len(patient["hours"]) > 1:
        table.add_row("together", *_shares(total), duration(total["watched_s"]))
    lines = [Text(line) for line in (covered_words(total), *uncovered_lines(total))]
    return Group(title, table, Padding(Group(*lines), (0, 0, 1, 2)))


def _shares(account: Json) -> list[Text]:
    shares = (account["seen"][danger.value] for danger in TITLES)
    return [Text(share_text(share), _style(share)) for share in shares]


def _style(share: float) -> str:
    if share < POOR:
        return "bold red"
    return "yellow" if share < LOW else ""
