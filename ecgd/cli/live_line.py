"""One patient in one line: what the demo shows each second."""

from __future__ import annotations

from typing import Any, Final

from rich.text import Text

from ecgd.cli.standing import standing_alarms
from ecgd.cli.tables import SEVERITY_STYLE
from ecgd.cli.words import STALE_S, clean, duration, signed_mv

Json = dict[str, Any]

_NAME_CELLS: Final = 16
"""A longer name is cut, so that the alarm at the line's end stays in 80 columns."""

GOOD_SQI: Final = 0.5


def live_line(patient: Json) -> Text:
    """Return patient, heart rate, ST of the worst lead, quality, link and alarm in one line."""
    line = Text(no_wrap=True, overflow="ellipsis")
    name = Text(clean(patient["name"]), "bold")
    name.truncate(_NAME_CELLS, overflow="ellipsis")
    line.append_text(name)
    assessment = patient["assessment"]
    old = assessment is None or (assessment["age_s"] or 0.0) > STALE_S
    for part in ["no figures yet"] if assessment is None else _figures(assessment):
        line.append("  ")
        line.append(part, "dim" if old else "")
    state = patient["link"]["state"]
    if state != "up":
        line.append(f"  link {state}", "yellow")
    line.append("  ")
    line.append_text(_alarm(patient))
    return line


def _figures(assessment: Json) -> list[str]:
    heart_bpm = assessment["rhythm"]["heart_rate_bpm"]
    worst = assessment["st"]["worst"] if assessment["st"] else None
    return [
        "-- bpm" if heart_bpm is None else f"{heart_bpm:3.0f} bpm",
        f"{clean(worst['lead'])} {signed_mv(worst['level_mv'])} mV" if worst else "ST --",
        "cannot judge" if assessment["outcome"] == "cannot_judge" else _signal(assessment),
    ]


def _signal(assessment: Json) -> str:
    """Return the networks' score while the signal is good, else its quality: one has room."""
    sqi, scores = assessment["sqi"] or 0.0, assessment["scores"]
    if scores is not None and sqi >= GOOD_SQI:
        return f"networks {scores['fused']:.2f}"
    return f"signal {100 * sqi:.0f} %"


def _alarm(patient: Json) -> Text:
    standing = standing_alarms(patient)
    if standing:
        gravest = standing[0]
        return Text(
            f"\N{BLACK CIRCLE} {gravest['event_type']}", SEVERITY_STYLE[gravest["severity"]]
        )
    pending = [alarm for alarm in patient["alarms"] if alarm["state"] == "pending"]
    if pending:
        since_s = max(alarm["since_age_s"] or 0.0 for alarm in pending)
        return Text(f"\N{WHITE CIRCLE} {pending[0]['event_type']} {duration(since_s)}", "yellow")
    return Text("no alarm", "green")
