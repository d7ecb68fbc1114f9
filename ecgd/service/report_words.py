"""The words of a report: what was raised, on which figures, and what they cannot tell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.advice import NAMES, SUPPLEMENTS
from ecgd.model.alarm import Alert
from ecgd.model.rhythm import UNKNOWN
from ecgd.paper.report_page import ReportText, Section, Table
from ecgd.paper.strip import ROW_S, Strip, row_count
from ecgd.service.report_signal import PAPER_ORDER

TEST: Final = "TEST: simulated, nobody is ill"

CAUTION: Final = (
    "Made by a gateway that supplements professional care and never replaces it. The strip is the "
    "digitised signal, not filtered for the eye; each lead's middle was chosen for the drawing."
)

_ROUNDING_MV: Final = 5e-4


@dataclass(frozen=True, slots=True)
class Limits:
    """What ST was judged by; ``same_settings`` False: perhaps not by these."""

    analysis: AnalysisSettings
    same_settings: bool = True


def report_text(
    alert: Alert,
    strip: Strip | None,
    strip_notes: tuple[str, ...],
    figures: Mapping[str, Any],
    limits: Limits,
    *,
    whose: str = "",
    zone: tzinfo | None = None,
) -> ReportText:
    """Return the words of a report; ``zone`` None is the machine's own time zone.

    ``whose`` is what the patient is called in it, empty for nobody.
    """
    return ReportText(
        severity=alert.severity,
        grade=alert.severity.name,
        title=NAMES[alert.event_type],
        facts=tuple(_facts(alert, figures, whose, zone)),
        strip_notes=strip_notes,
        captions=tuple(_captions(alert, strip, zone)) if strip is not None else (),
        table=_st_table(alert, limits),
        sections=(
            Section("Evidence", alert.evidence),
            Section("Rhythm and intervals", tuple(_rhythm(figures))),
            Section("Notes for the clinician", alert.clinical_notes),
            Section("Not visible in these leads", _not_visible(alert)),
            Section("What the people called are told", (_action(alert),)),
        ),
        footer=tuple(_footer(alert)),
        test=TEST if alert.simulated else "",
    )


def _facts(
    alert: Alert, figures: Mapping[str, Any], whose: str, zone: tzinfo | None
) -> Iterator[str]:
    patient = f" · patient: {whose}" if whose else ""
    yield f"{_moment(alert, zone):%Y-%m-%d %H:%M:%S %Z}{_unsure(alert)}{patient}"
    parts = []
    if alert.heart_rate_bpm is not None and math.isfinite(alert.heart_rate_bpm):
        parts.append(f"heart rate {alert.heart_rate_bpm:.0f}/min")
    rhythm = str(figures.get("rhythm") or "")
    if rhythm and rhythm != UNKNOWN:
        parts.append(f"rhythm {rhythm}")
    if alert.territory is not None:
        parts.append(f"territory {alert.territory.value}")
    if alert.st_risk is not None:
        parts.append(f"ST rules: {alert.st_risk.value}")
    if parts:
        yield " · ".join(parts)
    yield f"alert {alert.alert_id}"


def _unsure(alert: Alert) -> str:
    return "" if alert.clock_synchronised else " (the gateway's clock was not set)"


def _moment(alert: Alert, zone: tzinfo | None) -> datetime:
    try:
        return datetime.fromtimestamp(alert.occurred_unix_s, UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0.0, UTC)


def _captions(alert: Alert, strip: Strip, zone: tzinfo | None) -> Iterator[str]:
    """Yield when each row was: the decision is made as its last sample arrives."""
    decided = _moment(alert, zone)
    for number in range(row_count(strip)):
        from_s = number * ROW_S - strip.decided_index / strip.fs_hz
        begins = decided + timedelta(seconds=from_s)
        ends = begins + timedelta(seconds=ROW_S)
        yield f"{begins:%H:%M:%S} – {ends:%H:%M:%S}   25 mm/s   10 mm/mV"


def _st_table(alert: Alert, limits: Limits) -> Table:
    levels, changes = dict(alert.st_mv), dict(alert.st_change_mv)
    quality = dict(alert.quality)
    names: list[str] = [name for name in PAPER_ORDER if name in quality or name in levels]
    names += [name for name in quality if name not in names]
    rows, found = [], set()
    for number, name in enumerate(names):
        verdict = _against(levels.get(name), limits.analysis)
        if verdict in ("elevated", "depressed"):
            found.add(number)
        share = quality.get(name)
        clear = "" if share is None or not math.isfinite(share) else f"{100.0 * share:.0f} %"
        level, change = _mv(levels.get(name)), _mv(changes.get(name)) or "no baseline"
        rows.append((name, level or "not measured", change if level else "", verdict, clear))
    return Table(
        headings=("lead", "ST at J+40 ms", "change", "against the limit", "quality"),
        shares=(0.11, 0.25, 0.22, 0.28, 0.14),
        rows=tuple(rows),
        found=frozenset(found),
        notes=tuple(_limit_notes(alert, limits)),
    )


def _limit_notes(alert: Alert, limits: Limits) -> Iterator[str]:
    if not alert.quality:
        yield "No window was judged for this alert: it says nothing of ST."
        return
    settings = limits.analysis
    yield (
        f"Limits in mV: elevated from {settings.st_elevation_mv:+.2f}, depressed from "
        f"{-settings.st_depression_mv:+.2f} (and not upsloping), changed from "
        f"{settings.st_change_mv:.2f} against the patient's own baseline. Level at decision: "
        "median beat, against the PR segment."
    )
    if not limits.same_settings:
        yield "These limits are of another configuration than the alert's."


def _against(level_mv: float | None, settings: AnalysisSettings) -> str:
    if level_mv is None or not math.isfinite(level_mv):
        return ""
    if level_mv >= settings.st_elevation_mv - _ROUNDING_MV:
        return "elevated"
    if level_mv <= -settings.st_depression_mv + _ROUNDING_MV:
        return "depressed"
    return "within"


def _mv(value_mv: float | None) -> str:
    return "" if value_mv is None or not math.isfinite(value_mv) else f"{value_mv:+.2f} mV"


def _rhythm(figures: Mapping[str, Any]) -> Iterator[str]:
    observations = figures.get("rhythm_observations")
    if isinstance(observations, list):
        yield from (str(each) for each in observations)
    named = (
        ("pr_ms", "PR", "ms"),
        ("qrs_ms", "QRS", "ms"),
        ("qt_ms", "QT", "ms"),
        ("qtc_fridericia_ms", "QTc (Fridericia)", "ms"),
        ("axis_deg", "axis", "°"),
    )
    found = ((words, figures.get(key), unit) for key, words, unit in named)
    intervals = [f"{words} {value:.0f} {unit}" for words, value, unit in found if _is(value)]
    if intervals:
        yield ", ".join(intervals).replace(" °", "°")


def _is(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)  # type: ignore[arg-type]


def _not_visible(alert: Alert) -> tuple[str, ...]:
    if not alert.not_visible:
        return ()
    places = ", ".join(alert.not_visible)
    return (f"{places}. An infarction there may show nothing in this strip.",)


def _action(alert: Alert) -> str:
    return alert.recommended_action.partition(SUPPLEMENTS.partition(":")[0])[0].strip()


def _footer(alert: Alert) -> Iterator[str]:
    yield CAUTION
    yield f"configuration {alert.config_hash or 'not known'}"
    yield f"networks {alert.models_hash or 'none: rules only'}"
