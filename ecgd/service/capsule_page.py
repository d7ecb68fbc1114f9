"""A capsule for a reader: plain text, and a page with the strip and the ST table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from ecgd.model.assessment import Assessment
from ecgd.paper.report_page import draw_strip_alone
from ecgd.paper.svg import sheet_svg
from ecgd.service.capsule import Capsule
from ecgd.service.capsule_sight import Row, Sight
from ecgd.service.report_signal import strip_of_window

ROWS_BEFORE_S: Final = 60.0

CAUTION: Final = (
    "Made by a gateway that supplements professional care. Six limb leads: what lies behind "
    "V1 to V6 is not seen. The strip is the digitised signal, not filtered for the eye."
)

Alert = Mapping[str, Any]


def summary_text(capsule: Capsule, sight: Sight, alerts: tuple[Alert, ...]) -> str:
    """Return everything that needs no picture."""
    lines = [f"ecgd capsule {capsule.capsule_id}", "", *_about(capsule), ""]
    for alert in alerts:
        lines += [*_alert_lines(alert), ""]
    table = _st_table(sight.assessment)
    if table:
        lines += ["ST at J+40 ms", *(_columns(row) for row in table), ""]
    lines += ["What the gateway saw (seconds before and after the alert)"]
    lines += [_columns(_cells(row)) for row in _shown(sight)]
    return "\n".join([*lines, "", CAUTION, ""])


def summary_html(capsule: Capsule, sight: Sight, alerts: tuple[Alert, ...]) -> str:
    """Return one page without a script or a link: it needs nothing from anywhere."""
    parts = [f"<h1>ecgd capsule {escape(capsule.capsule_id)}</h1>", _paragraph(_about(capsule))]
    for alert in alerts:
        first, *others = _alert_lines(alert)
        parts += [f"<h2>{escape(first)}</h2>", _paragraph(others)]
    if sight.window is not None:
        seconds = sight.window.signal_mv.shape[1] / sight.window.fs_hz
        title = f"The {seconds:g} s that decided, 25 mm/s and 10 mm/mV"
        strip = draw_strip_alone(strip_of_window(sight.window), ())
        parts += [f"<h2>{title}</h2>", sheet_svg(strip)]
    table = _st_table(sight.assessment)
    if table:
        parts += ["<h2>ST at J+40 ms</h2>", _table(table)]
    rows = [_HEADINGS, *(_cells(row) for row in _shown(sight))]
    parts += ["<h2>What the gateway saw</h2>", _table(rows), f"<p>{escape(CAUTION)}</p>"]
    head = (
        f"<!doctype html><meta charset='utf-8'><title>ecgd capsule</title><style>{_STYLE}</style>"
    )
    return head + "\n".join(parts)


_STYLE: Final = (
    "body{font:15px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}"
    "td{border:1px solid #ccc;padding:.2em .6em;vertical-align:top}tr:first-child{font-weight:bold}"
    "svg{max-width:100%;height:auto}"
)
_HEADINGS: Final = ("s", "outcome", "rate", "quality", "networks", "findings", "alarm machine")


def _about(capsule: Capsule) -> list[str]:
    header = capsule.header
    raised = datetime.fromtimestamp(float(header["raised_unix_s"]), UTC)
    build = ", ".join(f"{name} {what[:16]}" for name, what in capsule.build.items())
    networks = ", ".join(capsule.network_names) or "none"
    lines = [
        f"raised {raised:%Y-%m-%d %H:%M:%S} UTC",
        f"made by: {build}",
        f"networks: {networks} {capsule.networks_hash[:16]}",
        f"configuration {header.get('config_hash', '')}",
        f"it ends because {capsule.ending}" if capsule.ending else "",
        f"INCOMPLETE: {capsule.problem}" if capsule.problem else "",
    ]
    return [line for line in lines if line]


def _alert_lines(alert: Alert) -> list[str]:
    simulated = " (simulated)" if alert["simulated"] else ""
    return [
        f"{alert['severity']} {alert['event_type']}{simulated}",
        str(alert["description"]),
        *(str(note) for note in alert["clinical_notes"]),
        f"advice: {alert['recommended_action']}",
    ]


def _st_table(assessment: Assessment | None) -> list[tuple[str, ...]]:
    if assessment is None or assessment.st is None:
        return []
    rows: list[tuple[str, ...]] = [("lead", "level mV", "+/- mV", "change mV", "beats", "note")]
    for st in assessment.st.leads:
        figures = (_mv(st.level_mv), _mv(st.uncertainty_mv), _mv(st.change_mv))
        rows.append((st.lead, *figures, str(st.beat_count), st.reason))
    return rows


def _shown(sight: Sight) -> list[Row]:
    """Return the last minute before the alert and all after it."""
    return [row for row in sight.rows if row.at_s >= -ROWS_BEFORE_S]


def _cells(row: Row) -> tuple[str, ...]:
    seen = row.assessment
    rate_bpm = seen.rhythm.heart_rate_bpm
    waits = (f"{kind} {lasted_s:.0f} of {hold_s:.0f} s" for kind, lasted_s, hold_s in row.waits)
    findings = [f"{each.event_type.value} {each.severity.name}" for each in seen.findings]
    return (
        f"{row.at_s:+.1f}",
        seen.outcome.value,
        "" if rate_bpm is None else f"{rate_bpm:.0f}/min",
        f"{seen.sqi:.2f}",
        "" if seen.scores is None else f"{seen.scores.fused:.2f}",
        ", ".join(findings or seen.cannot_judge),
        ", ".join((*row.changes, *waits)),
    )


def _mv(value_mv: float | None) -> str:
    return "" if value_mv is None else f"{value_mv:+.3f}"


def _columns(cells: tuple[str, ...]) -> str:
    return "  ".join(cell.ljust(9) for cell in cells).rstrip()


def _paragraph(lines: list[str]) -> str:
    return "<p>" + "<br>".join(escape(line) for line in lines) + "</p>"


def _table(rows: Any) -> str:
    body = ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table>" + "".join(body) + "</table>"
