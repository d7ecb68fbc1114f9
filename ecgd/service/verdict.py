"""One verdict a recording (clinical reference, "How accuracy is counted")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ecgd.model.assessment import Assessment
from ecgd.model.finding import Outcome, RiskLevel, Territory
from ecgd.pipeline.lasting import LAST_S

GRAVEST_FIRST = tuple(RiskLevel)
ROUNDING_S = 1e-6


def trusted(assessments: Sequence[Assessment]) -> list[Assessment]:
    """Return the windows without those that first showed an exchange of electrodes.

    It is told only once it has lasted; what was judged meanwhile was judged with the same
    electrodes, and a recording can be looked at twice.
    """
    kept: list[Assessment] = []
    before: Assessment | None = None
    for assessment in assessments:
        if assessment.placement is not None and (before is None or before.placement is None):
            since_s = assessment.time_s - LAST_S
            kept = [
                a for a in kept if a.origin != assessment.origin or a.time_s < since_s - ROUNDING_S
            ]
        kept.append(assessment)
        before = assessment
    return kept


def judge_record(assessments: Iterable[Assessment]) -> RiskLevel | None:
    """Return the worst risk level held in at least half of the judged windows; None: none judged.

    A level is held in a window whose own level is as grave or graver.
    """
    levels = [a.risk_level for a in assessments if a.outcome is not Outcome.CANNOT_JUDGE]
    held = 0
    for level in GRAVEST_FIRST:
        held += levels.count(level)
        if levels and 2 * held >= len(levels):
            return level
    return None


def name_territory(
    assessments: Iterable[Assessment], verdict: RiskLevel | None
) -> Territory | None:
    """Return the territory that most windows at the verdict's level, or above it, name."""
    if verdict is None:
        return None
    grave = GRAVEST_FIRST[: GRAVEST_FIRST.index(verdict) + 1]
    named = Counter(
        a.st.territory for a in assessments if a.st and a.st.territory and a.risk_level in grave
    )
    return named.most_common(1)[0][0] if named else None
