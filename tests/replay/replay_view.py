"""The events of a case for people: one lane a subject over time, and below it what happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from replay_driver import Event
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

OUTCOME_STYLE: Final = {"normal": "green", "anomaly": "red", "cannot_judge": "yellow"}
CHANGE_STYLE: Final = {
    "raised": "bold red",
    "escalated": "bold red",
    "latched": "magenta",
    "cleared": "green",
    "pending": "yellow",
    "lapsed": "dim",
}
ALARM_MARK: Final = {
    "pending": ("░", "yellow"),
    "raised": ("█", "red"),
    "latched": ("▒", "magenta"),
}
SETTLED: Final = frozenset({"lapsed", "cleared"})
LEFT_OUT: Final = frozenset({"updated"})


def timeline(name: str, about: str, events: list[Event], width: int) -> RenderableType:
    """Return the page of one case, ``width`` columns wide."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="cyan", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for row in _rows(events):
        table.add_row(*row)
    heading = Rule(Text(name, style="bold"), align="left")
    return Group(heading, Text(about, style="italic"), Text(), _lanes(events, width), Text(), table)


def _lanes(events: list[Event], width: int) -> Table:
    """Return link, windows and each alarm over time, one mark every so many seconds."""
    kinds = tuple(dict.fromkeys(e["event_type"] for e in events if e["event"] == "alarm"))
    room = width - max(map(len, (*kinds, "seconds"))) - 1
    end_s = events[-1]["t"] if events else 0.0
    step_s = max(1.0, end_s / max(room - 1, 1))
    columns = int(end_s / step_s) + 1
    lanes = Table.grid(padding=(0, 1))
    lanes.add_column(no_wrap=True, style="bold")
    lanes.add_column(no_wrap=True)
    lanes.add_row("seconds", _scale(columns, step_s))
    lanes.add_row("link", _link_lane(events, columns, step_s))
    lanes.add_row("windows", _window_lane(events, columns, step_s))
    for kind in kinds:
        lanes.add_row(kind, _alarm_lane(events, kind, columns, step_s))
    return lanes


def _scale(columns: int, step_s: float) -> Text:
    marks = [" "] * columns
    for column in range(0, columns, 10):
        for offset, digit in enumerate(f"{column * step_s:.0f}"):
            if column + offset < columns:
                marks[column + offset] = digit
    return Text("".join(marks), style="dim")


def _link_lane(events: list[Event], columns: int, step_s: float) -> Text:
    marks = [("·", "dim")] * columns
    for event in events:
        first = min(int(event["t"] / step_s), columns - 1)
        if event["event"] == "link" and "state" in event:
            mark = ("─", "green") if event["state"] == "up" else ("×", "red")
            marks[first:] = [mark] * (columns - first)
    for event in events:
        if event["event"] in ("gap", "reset", "fault"):
            sign = {"gap": "g", "reset": "R", "fault": "f"}[event["event"]]
            marks[min(int(event["t"] / step_s), columns - 1)] = (sign, "bold yellow")
    return _joined(marks)


def _window_lane(events: list[Event], columns: int, step_s: float) -> Text:
    marks = [(" ", "")] * columns
    for event in events:
        if event["event"] == "window":
            style = OUTCOME_STYLE[event["outcome"]]
            sign = {"normal": "■", "anomaly": "!", "cannot_judge": "?"}[event["outcome"]]
            marks[min(int(event["t"] / step_s), columns - 1)] = (sign, style)
    return _joined(marks)


def _alarm_lane(events: list[Event], kind: str, columns: int, step_s: float) -> Text:
    marks = [("·", "dim")] * columns
    for event in events:
        if event["event"] != "alarm" or event["event_type"] != kind:
            continue
        first = min(int(event["t"] / step_s), columns - 1)
        change = event["change"]
        if change in SETTLED:
            marks[first:] = [("·", "dim")] * (columns - first)
        elif change in ALARM_MARK:
            marks[first:] = [ALARM_MARK[change]] * (columns - first)
    return _joined(marks)


def _joined(marks: list[tuple[str, str]]) -> Text:
    return Text.assemble(*marks)


def _rows(events: list[Event]) -> Iterator[tuple[str, Text, Text]]:
    """Return time, subject and words of each event; equal windows in a row are one line."""
    run: list[Event] = []
    for event in events:
        if event.get("change") in LEFT_OUT:
            continue
        if run and (event["event"] != "window" or _kind(event) != _kind(run[0])):
            yield _windows_row(run)
            run = []
        if event["event"] == "window":
            run.append(event)
        else:
            subject, words, style = _words(event)
            yield f"{event['t']:.2f}", Text(subject, style=style), Text(words)
    if run:
        yield _windows_row(run)


def _kind(window: Event) -> tuple[object, ...]:
    names = ("origin", "outcome", "risk", "territory", "rhythm", "findings", "cannot_judge")
    return tuple(str(window.get(name)) for name in names)


def _windows_row(run: list[Event]) -> tuple[str, Text, Text]:
    first, last = run[0], run[-1]
    rates = [window["bpm"] for window in run if "bpm" in window]
    words = [first["outcome"].replace("_", " "), first["rhythm"]]
    if rates:
        words.append(f"{min(rates):.0f} bpm" if len(rates) == 1 else f"{_span(rates)} bpm")
    words += [str(first[name]) for name in ("risk", "territory") if name in first]
    words += [", ".join(first[name]) for name in ("findings", "cannot_judge") if name in first]
    levels = {lead: mv for lead, mv in last.get("st_mv", {}).items() if mv is not None}
    if levels:
        worst = max(levels, key=lambda lead: abs(levels[lead]))
        words.append(f"ST {worst} {levels[worst]:+.2f} mV")
    time = f"{first['t']:.2f}" if len(run) == 1 else f"{first['t']:.2f}–{last['t']:.2f}"
    subject = f"window ×{len(run)}" if len(run) > 1 else "window"
    return time, Text(subject, style=OUTCOME_STYLE[first["outcome"]]), Text(" · ".join(words))


def _span(figures: list[float]) -> str:
    low, high = f"{min(figures):.0f}", f"{max(figures):.0f}"
    return low if low == high else f"{low}–{high}"


def _words(event: Event) -> tuple[str, str, str]:
    """Return subject, words and style of an event that is no window."""
    kind = event["event"]
    if kind == "alarm":
        told = [event["change"], event["event_type"], *_kept(event, ("severity", "territory"))]
        words = " ".join(told) + "".join(f"\n{line}" for line in event.get("evidence", ()))
        return kind, words, CHANGE_STYLE.get(event["change"], "")
    if kind == "gap":
        start, samples = event["start"], event["samples"]
        return kind, f"{samples} samples from index {start}, origin {event['origin']}", "yellow"
    fields = (f"{name} {_short(value)}" for name, value in event.items() if name not in "t event")
    style = {"reset": "bold yellow", "fault": "yellow", "end": "bold"}.get(kind, "dim")
    return kind, ", ".join(fields), style


def _kept(event: Event, names: tuple[str, ...]) -> list[str]:
    return [str(event[name]) for name in names if name in event]


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
