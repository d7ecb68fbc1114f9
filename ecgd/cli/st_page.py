"""A patient's ST, as a page."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from ecgd.cli.moments import local_time
from ecgd.cli.tables import plain_table
from ecgd.cli.words import clean, duration, live_age, signed_mv

Json = dict[str, Any]

NOTABLE_MV: Final = 0.1
LEADS: Final = ("I", "II", "III", "aVL", "aVF", "aVR")


def st_page(answer: Json) -> RenderableType:
    """Return ST now, minute by minute, and the episodes."""
    title = Text(clean(answer["patient_id"]), "bold")
    return Group(title, _now(answer), _minutes(answer["minutes"]), _episodes(answer["episodes"]))


def _now(answer: Json) -> RenderableType:
    if not answer["leads"]:
        return Text("ST is not measured now", style="yellow")
    table = plain_table("lead", "ST, mV", "±", "change", "slope", "curve", "beats")
    for lead in answer["leads"]:
        if not lead["measurable"]:
            table.add_row(clean(lead["lead"]), Text(clean(lead["reason"]), style="yellow"))
            continue
        table.add_row(
            clean(lead["lead"]),
            _level(lead["level_mv"]),
            f"{lead['uncertainty_mv']:.2f}",
            "" if lead["change_mv"] is None else signed_mv(lead["change_mv"]),
            lead["slope"] or "",
            lead["curve"] or "",
            str(lead["beat_count"]),
        )
    return Group(Text(f"now, {live_age(answer['age_s'])}", style="dim"), table)


def _minutes(minutes: list[Json]) -> RenderableType:
    if not minutes:
        return Text("no minute of ST is stored in this time\n", style="dim")
    measured = {lead for minute in minutes for lead in minute["st_mv"]}
    leads = [lead for lead in LEADS if lead in measured]
    leads += sorted(measured.difference(LEADS))
    table = plain_table("minute, median mV", *(clean(lead) for lead in leads))
    for column in table.columns[1:]:
        column.justify = "right"
    for minute in minutes:
        shown = (minute["st_mv"].get(lead) for lead in leads)
        cells = (Text("–", style="dim") if mv is None else _level(mv[1]) for mv in shown)
        table.add_row(local_time(minute["at_unix_s"], seconds=False), *cells)
    return table


def _episodes(episodes: list[Json]) -> RenderableType:
    if not episodes:
        return Text("no ST episode", style="green")
    table = plain_table("episode from", "lasted", "leads", "change", "against", "end")
    for each in episodes:
        lasted_s = each["duration_s"]
        table.add_row(
            local_time(each["started_unix_s"]),
            "" if lasted_s is None else duration(lasted_s),
            clean(each["group"]),
            Text(f"{signed_mv(each['change_mv'])} mV"),
            clean(each["reference"]),
            Text("goes on", style="bold red")
            if each["end_reason"] is None
            else Text(clean(each["end_reason"])),
        )
    return table


def _level(level_mv: float) -> Text:
    shown_mv = round(level_mv, 2) + 0.0  # without it, a little below zero shows as minus zero
    return Text(signed_mv(shown_mv), style="bold" if abs(level_mv) >= NOTABLE_MV else "")
