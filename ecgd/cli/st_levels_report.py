"""What ``ecgctl analyze --st-levels`` says: one JSON line, or a page for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ecgd.cli.analysis_lines import CANNOT_JUDGE, SCHEMA_VERSION
from ecgd.cli.words import clean, count, duration, signed_mv
from ecgd.decision.st_change import change_words
from ecgd.model.finding import NOT_VISIBLE
from ecgd.model.st_change import StChange
from ecgd.service.st_levels import StVerdict

Json = dict[str, Any]

LEAST_LEAD_SHARE: Final = 0.6
"""A lead counts as changed from this share of the change's size on: the others are across it."""


def levels_line(path: Path, found: StVerdict) -> Json:
    """Return the verdict as one JSON object; ``docs/analyze.md`` describes every field."""
    st = found.st
    return {
        "type": "st_levels",
        "version": SCHEMA_VERSION,
        "path": str(path),
        "verdict": found.verdict.value if found.verdict else CANNOT_JUDGE,
        "decided_s": _rounded(found.decided_s, 3),
        "changed": found.change is not None,
        "changed_s": _rounded(found.changed_s, 3),
        "change": _change(found.change),
        "largest_change": _change(found.largest),
        "usual_mv": {} if found.usual is None else _figures(found.usual.leads_mv),
        "elevated": list(st.elevated) if st else [],
        "depressed": list(st.depressed) if st else [],
        "territory": st.territory.value if st and st.territory else None,
        "artery_hint": st.artery_hint if st else "",
        "evidence": evidence(found),
        "not_visible": list(NOT_VISIBLE),
        "beats": found.beats,
        "duration_s": _rounded(found.duration_s, 3),
        "judged_s": _rounded(found.judged_s, 3),
        "notes": list(found.notes),
    }


def levels_text(path: Path, found: StVerdict) -> str:
    """Return the verdict in lines for a person."""
    verdict = found.verdict.value if found.verdict else "cannot judge"
    when = "" if found.decided_s is None else f", decided at {found.decided_s:.1f} s"
    lines = [
        f"{clean(path)}: {verdict}{when}",
        f"  {count(found.beats, 'beat')} in {duration(found.duration_s)}, "
        f"{duration(found.judged_s)} of them judged",
    ]
    if found.changed_s is not None and found.largest is not None:
        leads = ", ".join(
            f"{lead} {signed_mv(mv)}" for lead, mv in changed_leads(found.largest).items()
        )
        lines.append(
            f"  ST has changed, told at {found.changed_s:.1f} s; at most by "
            f"{found.largest.vector.size_mv:.2f} mV toward {found.largest.vector.axis_deg:.0f}°, "
            f"{direction_hint(found.largest)}: {leads} mV"
        )
    else:
        lines.append("  no lasting change of ST from the beginning")
    lines += [f"  {clean(each)}" for each in evidence(found)]
    lines += [f"  note: {clean(note)}" for note in found.notes]
    lines.append(f"  not visible in limb leads: {', '.join(NOT_VISIBLE)}")
    return "\n".join(lines)


def evidence(found: StVerdict) -> list[str]:
    """Return the evidence of the verdict, and of the first change where that says nothing of it."""
    said = [] if found.st is None else list(found.st.evidence)
    if found.change is not None and not any("ST has changed" in each for each in said):
        said.append(change_words(found.change))
    return said


def changed_leads(change: StChange) -> dict[str, float]:
    """Return the leads that show most of a change, and by how many mV."""
    least_mv = LEAST_LEAD_SHARE * change.vector.size_mv
    return {lead: mv for lead, mv in change.vector.leads_mv if abs(mv) >= least_mv}


def direction_hint(change: StChange) -> str:
    """Name what the vector of a change points to. Source: the clinical table of territories."""
    axis_deg = change.vector.axis_deg
    if 60.0 <= axis_deg <= 150.0:
        return "as in inferior injury"
    if -75.0 <= axis_deg < 0.0:
        return "as in high lateral injury"
    if axis_deg < -90.0 or axis_deg > 150.0:
        return "away from the inferior and lateral leads, as in depression there"
    return "between the territories that limb leads show"


def _change(change: StChange | None) -> Json | None:
    if change is None:
        return None
    return {
        "size_mv": _rounded(change.vector.size_mv, 4),
        "axis_deg": _rounded(change.vector.axis_deg, 1),
        "leads_mv": _figures(change.vector.leads_mv),
        "leads": list(changed_leads(change)),
        "hint": direction_hint(change),
        "usual_variation_mv": _rounded(change.usual_mv, 4),
        "threshold_mv": _rounded(change.threshold_mv, 4),
    }


def _figures(leads_mv: tuple[tuple[str, float], ...]) -> dict[str, float]:
    return {lead: round(mv, 4) for lead, mv in leads_mv}


def _rounded(figure: float | None, digits: int) -> float | None:
    return None if figure is None else round(figure, digits)
