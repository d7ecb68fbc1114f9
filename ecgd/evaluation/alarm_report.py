"""The table of false alarms over constructed hours, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ecgd.evaluation.alarm_study import GROUPS, AlarmRow
from ecgd.evaluation.limits import poisson_limits

NETWORKS_A_DAY: Final = 0.5
"""Wanted: at most so many alarms of the networks alone in 24 h of a normal patient."""

_ABOUT = """\
**Constructed signal**: ten raw seconds of a real patient, cut between T and P into runs of beats
that follow each other in random order, each joined where both leads meet; NSTDB's noise at 24 dB
throughout and in episodes of 5 to 40 s at 18 to 0 dB; the axis turned by up to 25° every 10 to 30
minutes. Groups in turn, none with an acute infarction. It goes through the daemon's analysis and
alarm machine; every CRITICAL alarm counts, after hold-off. A patient whose ST is always raised
alarms once and then stands: the less time a patient gives, the higher the rate. Limits are exact
Poisson ones, 95 %.
"""


def alarm_section(rows: Sequence[AlarmRow]) -> str:
    """Return the CRITICAL alarms in 24 h by group and by kind."""
    kinds = sorted({kind for row in rows for kind in row.alarms})
    lines = [
        "## False CRITICAL alarms\n",
        _ABOUT,
        "| patients | hours | ST judged | CRITICAL alarms | in 24 h |",
        "|---|---|---|---|---|",
        *(_line(group, [row for row in rows if row.group == group]) for group in GROUPS),
        _line("**all**", rows),
    ]
    sections = _networks(rows)
    each_h = max((row.hours for row in rows), default=0.0)
    by_kind = (f"{kind} {sum(row.alarms.get(kind, 0) for row in rows)}" for kind in kinds)
    kinds_words = f"By kind: {', '.join(by_kind) or 'none'}. Hours of each patient: {each_h:.1f}."
    return "\n".join((*lines, "", kinds_words, "", *sections))


def _networks(rows: Sequence[AlarmRow]) -> list[str]:
    """Return what the networks alone raised in normal patients; nothing where nobody asked."""
    asked = [row for row in rows if row.networks is not None and row.hours > 0.0]
    if not asked:
        return []
    hours = sum(row.hours for row in asked)
    alarms = sum(row.networks or 0 for row in asked)
    low, high = (24 * limit / hours for limit in poisson_limits(alarms))
    alarmed = {row.patient for row in asked if row.networks}
    patients = {row.patient for row in asked}
    rate = 24 * alarms / hours
    verdict = "kept" if high <= NETWORKS_A_DAY else "missed" if low > NETWORKS_A_DAY else "not told"
    return [
        "### Alarms of the networks alone\n",
        "`CARDIAC_ANOMALY` of any severity, raised or made graver by the networks and not by the\n"
        "rules, after what is usual for a patient and after hold-off: in the normal patients\n"
        "above who have not taught them. It stands once raised, and becomes usual within an hour:\n"
        "so the less time a patient gives, the higher the rate.\n",
        "| patients | hours | alarms | patients with any | in 24 h | wanted: at most "
        f"{NETWORKS_A_DAY:g} |",
        "|---|---|---|---|---|---|",
        f"| {len(patients)} | {hours:.1f} | {alarms} | {len(alarmed)} "
        f"| {rate:.2f} ({low:.2f} to {high:.2f}) | {verdict} |",
        "",
    ]


def _line(name: str, rows: Sequence[AlarmRow]) -> str:
    hours = sum(row.hours for row in rows)
    if not hours:
        return f"| {name} | 0 | – | – | – |"
    alarms = sum(sum(row.alarms.values()) for row in rows)
    low, high = (24 * limit / hours for limit in poisson_limits(alarms))
    judged = sum(row.judged_share * row.hours for row in rows) / hours
    rate = f"{24 * alarms / hours:.2f} ({low:.2f} to {high:.2f})"
    return f"| {name} | {hours:.1f} | {100 * judged:.1f} % | {alarms} | {rate} |"
