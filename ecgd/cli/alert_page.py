"""The page of ``ecgctl alerts show``: one alert whole, the rules' view and the networks'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ecgd.cli.moments import local_time
from ecgd.cli.tables import SEVERITY_STYLE
from ecgd.cli.words import age, clean, rate, signed_mv

Json = dict[str, Any]

_TOGETHER: Final = ("fused", "boosted", "consensus", "disagreement", "confidence", "age_s")
"""What the alert's ``scores`` hold beside the networks by name."""

_OF_NETWORKS: Final = "Networks: "
"""The note that says in one sentence what ``scores`` say in figures."""


def alert_page(alert: Json, told: Sequence[tuple[str, str]] = ()) -> RenderableType:
    """Return the page for one alert, as ``/v1/alerts`` or the database has it.

    ``told`` are headings and words of what became of its messages.
    """
    where = f", {clean(alert['territory'])}" if alert["territory"] else ""
    title = f"{clean(alert['severity'])} {clean(alert['event_type'])}{where}"
    head = Text(title, SEVERITY_STYLE.get(alert["severity"], ""))
    if alert["simulated"]:
        head.append("  SIMULATED", "bold magenta")
    head.append(f"\n{clean(alert['description'])}", "not bold default")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    before = ""
    more = [(heading, Text(clean(words))) for heading, words in told]
    for heading, words in [*_rows(alert), *more]:
        grid.add_row("" if heading == before else heading, words)
        before = heading
    return Group(head, Text(""), grid)


def _rows(alert: Json) -> list[tuple[str, Text]]:
    notes = [clean(note) for note in alert["clinical_notes"]]
    if alert["scores"]:
        notes = [note for note in notes if not note.startswith(_OF_NETWORKS)]
    return [
        ("id", Text(clean(alert["alert_id"]))),
        ("patient", Text(f"{clean(alert['patient_name'])} ({clean(alert['patient_id'])})")),
        ("when", Text(_when(alert))),
        ("state", Text(_state(alert))),
        ("do", Text(clean(alert["recommended_action"]), "bold")),
        *(("rules", Text(line)) for line in _rules(alert)),
        *(("networks", Text(line)) for line in networks_lines(alert["scores"])),
        *(("notes", Text(note)) for note in notes),
        ("not seen", Text(", ".join(clean(each) for each in alert["not_visible"]) or "-", "dim")),
        *(("marked", Text(line)) for line in _marks(alert.get("marks", ()))),
        ("models", Text(clean(alert["models_hash"]) or "none", "dim")),
        ("settings", Text(clean(alert["config_hash"]) or "-", "dim")),
    ]


def _when(alert: Json) -> str:
    unsure = "" if alert["clock_synchronised"] else ", by a clock that was not synchronised"
    return f"{local_time(alert['occurred_unix_s'])}, {age(alert['age_s'])}{unsure}"


def _state(alert: Json) -> str:
    by = alert["acknowledged_by"]
    seen = f"seen by {clean(by)} {age(alert['acknowledged_age_s'])}" if by else "not yet seen"
    return f"{clean(alert['state'])}, {seen}"


def _marks(marks: Sequence[Json]) -> list[str]:
    """Return what people said of the alert afterwards, oldest first."""
    lines = []
    for mark in marks:
        why = f": {clean(mark['note'])}" if mark["note"] else ""
        when = local_time(mark["at_unix_s"])
        lines.append(f"{clean(mark['verdict'])} by {clean(mark['by'])}, {when}{why}")
    return lines


def _rules(alert: Json) -> list[str]:
    """Return what the rules went by: evidence, risk, rate and ST by lead."""
    lines = [clean(each) for each in alert["evidence"]]
    if alert["st_risk"]:
        lines.append(f"ST risk {clean(alert['st_risk'])}, {rate(alert['heart_rate_bpm'])}")
    if levels := {lead: mv for lead, mv in alert["st_mv"].items() if mv is not None}:
        lines.append("  ".join(f"{clean(lead)} {signed_mv(mv)}" for lead, mv in levels.items()))
    if alert["confidence"] is not None:
        lines.append(f"confidence {alert['confidence']:.2f}")
    return lines


def networks_lines(scores: Json) -> list[str]:
    """Return the second opinion that an alert carries; without one that the rules were alone."""
    members = {name: share for name, share in scores.items() if name not in _TOGETHER}
    if not members:
        return ["no opinion: judged by rules alone"]
    shown = "  ".join(f"{clean(name)} {share:.2f}" for name, share in members.items())
    if "fused" not in scores:
        return [shown]
    boosted = scores["boosted"] > scores["fused"]
    with_st = f", {scores['boosted']:.2f} with ST" if boosted else ""
    return [
        f"{scores['fused']:.2f} together{with_st}:  {shown}",
        f"{scores['consensus']:.0f} of {len(members)} at an anomaly, "
        f"{scores['disagreement']:.2f} apart, confidence {scores['confidence']:.2f}",
    ]
