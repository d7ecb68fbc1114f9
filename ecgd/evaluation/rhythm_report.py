"""The table of ventricular rhythms, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from ecgd.evaluation.cells import percent_of
from ecgd.evaluation.rhythm_study import (
    UNCLEAR,
    VENTRICULAR,
    RhythmRow,
    others_of,
    sensitivity,
)

DAY_S = 86400.0
SOON_S = 10.0
WORST = 5


def rhythm_section(title: str, rows: Sequence[RhythmRow]) -> str:
    """Return what was told per rhythm, how soon, and the false alarms."""
    rhythms = sorted({rhythm for row in rows for rhythm in row.windows})
    lines = [
        f"## Ventricular fibrillation and tachycardia, {title}\n",
        "Windows of 5 s that lie in one rhythm wholly. The model's eight weights were fitted on\n"
        "these records too.\n",
        "| rhythm | windows | told as ventricular |",
        "|---|---|---|",
        *(_line(rhythm, rows, (rhythm,)) for rhythm in rhythms),
        _line("**VF, VFL and VT**", rows, VENTRICULAR),
        _line("**all others**", rows, others_of(rows)),
        _line("**noise and ectopy**", rows, UNCLEAR),
    ]
    return "\n".join((*lines, "", _worst(rows), _alarms(rows), ""))


def _line(name: str, rows: Sequence[RhythmRow], rhythms: Sequence[str] | frozenset[str]) -> str:
    told, windows = sensitivity(rows, rhythms)
    return f"| {name} | {windows} | {percent_of(told, windows, 2)} |"


def _worst(rows: Sequence[RhythmRow]) -> str:
    """Name the records that make most of what is told wrongly."""
    others = others_of(rows)
    false = {row.record: sensitivity([row], others)[0] for row in rows}
    worst = [name for name in sorted(false, key=lambda name: -false[name])[:WORST] if false[name]]
    named = ", ".join(f"{name} {false[name]}" for name in worst)
    return f"Records with most windows told wrongly: {named or 'none'}.\n"


def _alarms(rows: Sequence[RhythmRow]) -> str:
    delays = [delay for row in rows for delay in row.delays_s]
    known = [delay for delay in delays if delay is not None]
    soon = sum(delay <= SOON_S for delay in known)
    days = sum(row.other_s for row in rows) / DAY_S
    false = sum(row.false_alarms for row in rows)
    text = f"Episodes of 10 s and longer: {len(delays)}, alarmed {len(known)}, within 10 s {soon}"
    if known:
        text += f"; onset to alarm: median {median(known):.1f} s, longest {max(known):.1f} s"
    rate = f", {false / days:.1f} in 24 h" if days else ""
    return f"{text}. False alarms: {false} in {24 * days:.1f} h{rate}.\n"
